"""The columns of a table of orders, and what the exports of common shops call them."""

import re
from collections.abc import Sequence

ROW, PROBLEM = "#row", "#problem"

# Said once for an order: repeated on each row, or only on its first.
ORDER_COLUMNS = (
    *("order_id", "order_number", "order_time", "currency", "customer", "email", "phone"),
    *("ship_name", "ship_company", "ship_line1", "ship_line2", "ship_line3", "ship_city", "ship_area"),
    *("ship_postal_code", "ship_country", "ship_phone"),
    *("bill_name", "bill_company", "bill_line1", "bill_line2", "bill_line3", "bill_city", "bill_area"),
    *("bill_postal_code", "bill_country", "bill_phone"),
    *("prices_include_tax", "order_discount", "order_tax", "shipping", "shipping_tax", "total"),
    *("payment_state", "payment_reference", "payment_terms", "service_level", "priority", "ship_complete", "note"),
    *("pickup_location", "ship_by_time", "due_time", "earliest_time", "location_code", "group_id"),
    *("brand", "program", "locale", "discount_code", "tags"),
)
# Of each row.
LINE_COLUMNS = ("line_id", "sku", "title", "quantity", "unit_price", "line_total", "discount", "tax", "barcode")
# Only read, from exports: what is over is not taken for an order to be shipped.
EXPORT_COLUMNS = (
    *("ship_first_name", "ship_last_name", "bill_first_name", "bill_last_name", "subtotal", "shipping_method"),
    *("order_state", "fulfillment", "cancel_time", "line_fulfillment", "shippable"),
)
COLUMNS = frozenset((*ORDER_COLUMNS, *LINE_COLUMNS, *EXPORT_COLUMNS))
PER_LINE = frozenset((*LINE_COLUMNS, "line_fulfillment", "shippable"))

_ALIASES = {
    "order_id": "Id, External Id, Order",
    "order_number": "Name, Order Name, Order No, PO Number, Purchase Order",
    "order_time": "Created at, Order Date, Date, Order Created, Date Created",
    "currency": "Currency Code, Order Currency",
    "customer": "Customer Id, Customer Reference, Customer Number, Customer User",
    "email": "E-mail, Customer Email, Email (Billing), Billing Email",
    "phone": "Phone (Billing), Telephone, Customer Phone",
    "ship_name": "Shipping Name, Ship To Name, Recipient",
    "ship_company": "Shipping Company, Company (Shipping)",
    "ship_line1": "Shipping Address1, Shipping Address 1, Address 1&2 (Shipping), Address 1 (Shipping), Ship Address",
    "ship_line2": "Shipping Address2, Shipping Address 2, Address 2 (Shipping)",
    "ship_city": "Shipping City, City (Shipping)",
    "ship_area": "Shipping Province, Shipping State, State Code (Shipping), Ship State, Ship Province",
    "ship_postal_code": "Shipping Zip, Shipping Postcode, Postcode (Shipping), Ship Zip, Ship Postcode",
    "ship_country": "Shipping Country, Country Code (Shipping), Ship Country Code",
    "ship_phone": "Shipping Phone, Phone (Shipping)",
    "ship_first_name": "Shipping First Name, First Name (Shipping)",
    "ship_last_name": "Shipping Last Name, Last Name (Shipping)",
    "bill_name": "Billing Name",
    "bill_company": "Billing Company, Company (Billing)",
    "bill_line1": "Billing Address1, Billing Address 1, Address 1&2 (Billing), Address 1 (Billing)",
    "bill_line2": "Billing Address2, Billing Address 2, Address 2 (Billing)",
    "bill_city": "Billing City, City (Billing)",
    "bill_area": "Billing Province, Billing State, State Code (Billing)",
    "bill_postal_code": "Billing Zip, Billing Postcode, Postcode (Billing)",
    "bill_country": "Billing Country, Country Code (Billing)",
    "bill_phone": "Billing Phone",
    "bill_first_name": "Billing First Name, First Name (Billing)",
    "bill_last_name": "Billing Last Name, Last Name (Billing)",
    "prices_include_tax": "Taxes Included, Tax Included",
    "subtotal": "Order Subtotal, Order Subtotal Amount",
    "order_discount": "Discount Amount, Cart Discount Amount, Discount Total, Order Discount Amount",
    "order_tax": "Taxes, Tax Total, Order Total Tax Amount, Total Tax",
    "shipping": "Shipping Total, Order Shipping Amount, Shipping Amount, Freight",
    "shipping_tax": "Shipping Tax Total, Order Shipping Tax Amount, Shipping Tax Amount",
    "total": "Order Total, Order Total Amount, Total Amount",
    "payment_state": "Financial Status, Payment Status",
    "payment_reference": "Payment Reference, Payment References, Transaction Id, Payment Id",
    "payment_terms": "Payment Terms Name",
    "service_level": "Service",
    "shipping_method": "Shipping Method Title",
    "order_state": "Order Status, Status",
    "fulfillment": "Fulfillment Status",
    "cancel_time": "Cancelled at, Canceled at",
    "note": "Notes, Customer Note, Order Note",
    "due_time": "Deliver By, Delivery Date",
    "ship_by_time": "Ship By",
    "discount_code": "Coupon Code, Coupon Codes",
    "line_id": "Item Id, Line, Line Number",
    "sku": "Lineitem sku, Item SKU, Product SKU",
    "title": "Lineitem name, Item Name, Product Name, Description",
    "quantity": "Lineitem quantity, Item Quantity, Qty",
    "unit_price": "Lineitem price, Item Cost, Item Price, Price",
    "line_total": "Item Total, Order Line Total",
    "discount": "Lineitem discount, Item Discount, Line Discount",
    "tax": "Item Tax, Item Total Tax, Order Line Tax, Line Tax",
    "barcode": "EAN, GTIN, UPC",
    "line_fulfillment": "Lineitem fulfillment status",
    "shippable": "Lineitem requires shipping",
}


def plain(header: str) -> str:
    """Return a header as it is compared: capitals, spaces and signs make no difference."""
    return re.sub(r"[^0-9a-z]+", "", header.casefold())


_KNOWN = {plain(alias): name for name, aliases in _ALIASES.items() for alias in aliases.split(", ")}
_KNOWN |= {plain(name): name for name in sorted(COLUMNS)}


def named(header: Sequence[str]) -> list[str]:
    """Return our name of each column, empty for one that we do not know or that a column before it is already."""
    names: list[str] = []
    for cell in header:
        marked = cell.strip()
        name = marked if marked in (ROW, PROBLEM) else _KNOWN.get(plain(cell), "")
        names.append("" if name in names else name)
    return names


def is_header(names: Sequence[str]) -> bool:
    """Tell whether these are the columns of a table of orders."""
    return bool({"order_id", "order_number"} & set(names)) and bool({"sku", "quantity"} & set(names))


def template() -> str:
    """Return the header and an example as CSV: an order of two lines."""
    chosen = [name for name in (*ORDER_COLUMNS, *LINE_COLUMNS) if name != "line_total"]
    first = {
        "order_id": "PO-1001",
        "order_time": "2026-01-05T09:30:00Z",
        "currency": "USD",
        "email": "ann@example.com",
        "ship_name": "Ann Example",
        "ship_line1": "1 Main St",
        "ship_city": "Troy",
        "ship_area": "NY",
        "ship_postal_code": "12180",
        "ship_country": "US",
        "prices_include_tax": "no",
        "shipping": "5.00",
        "total": "46.00",
        "payment_state": "paid",
        "sku": "TEE-BLK-M",
        "title": "Tee",
        "quantity": "2",
        "unit_price": "10.00",
        "tax": "1.00",
    }
    second = {"order_id": "PO-1001", "sku": "MUG-01", "title": "Mug", "quantity": "1", "unit_price": "20.00"}
    rows = [chosen, *([row.get(name, "") for name in chosen] for row in (first, second))]
    return "".join(",".join(row) + "\n" for row in rows)
