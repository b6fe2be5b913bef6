"""What every Magento document of the shared samples says, read and added up by hand."""

from typing import Any

# Per line: external id, SKU, units, unit price, discount, tax.
VERONICA = "Veronica Costello|6146 Honey Bluff Parkway|Calder|MI|49628-7978|US|(555) 229-3326|roni_cost@example.com"

ORDERS: dict[str, dict[str, Any]] = {
    "oca_import_sale_order_9_order9.json": {
        "external_id": "9",
        "order_number": "000000013",
        "order_time": "2020-04-24T15:50:17+00:00",
        "customer": "1",
        "currency": "USD",
        "total": 39687,
        "shipping": (500, 0),
        "lines": [("16", "MH09-XS-Blue", 2, 6900, 0, 1139), ("18", "RACER", 1, 22400, 0, 1848)],
        "ship_to": VERONICA,
        "payment": "PENDING",
        "tier": "1",
        "discounts": [],
        "tenders": [("BANK_TRANSFER", 39687)],
        "line_taxes": [[("US-MI-*-Rate 1", 1139, "0.0825")], [("US-MI-*-Rate 1", 1848, "0.0825")]],
    },
    "oca_import_sale_order_10_order10.json": {
        "external_id": "10",
        "order_number": "000000013-1",
        "order_time": "2020-04-24T16:09:35+00:00",
        "customer": "1",
        "currency": "USD",
        "total": 32217,
        "shipping": (500, 0),
        "lines": [("19", "MH09-XS-Blue", 1, 6900, 0, 569), ("21", "RACER", 1, 22400, 0, 1848)],
        "ship_to": VERONICA,
        "payment": "PENDING",
        "tier": "1",
        "discounts": [],
        "tenders": [("BANK_TRANSFER", 32217)],
        "line_taxes": [[("US-MI-*-Rate 1", 569, "0.0825")], [("US-MI-*-Rate 1", 1848, "0.0825")]],
    },
    "oca_import_sale_order_11_order11.json": {
        "external_id": "11",
        "order_number": "000000014",
        "order_time": "2020-04-24T17:05:45+00:00",
        "customer": "1",
        "currency": "USD",
        "total": 25374,
        "shipping": (0, 0),
        "lines": [("22", "MH09-XS-Blue", 1, 6900, 1380, 455), ("23", "RACER", 1, 22400, 4480, 1479)],
        "ship_to": VERONICA,
        "payment": "PENDING",
        "tier": "1",
        "discounts": [("", 5860)],
        "tenders": [("BANK_TRANSFER", 25374)],
        "line_taxes": [[("US-MI-*-Rate 1", 455, "0.0825")], [("US-MI-*-Rate 1", 1479, "0.0825")]],
    },
    "oca_import_sale_order_16_order16.json": {
        "external_id": "16",
        "order_number": "000000019",
        "order_time": "2020-05-08T06:57:20+00:00",
        "customer": "guest@guest.com",
        "currency": "USD",
        "total": 5400,
        "shipping": (500, 0),
        "lines": [("32", "WP13-28-Blue", 1, 4900, 0, 0)],
        "ship_to": "Guest Guester|Street|City||1111|AF|1111|guest@guest.com",
        "payment": "PENDING",
        "tier": "0",
        "discounts": [],
        "tenders": [("BANK_TRANSFER", 5400)],
        "line_taxes": [[]],
    },
    # Free: the coupon takes the goods (44.00) and the shipping (5.00) off, and nothing is left to pay.
    "oca_import_sale_order_17_order17.json": {
        "external_id": "17",
        "order_number": "000000020",
        "order_time": "2020-05-08T10:21:22+00:00",
        "customer": "test@free.org",
        "currency": "USD",
        "total": 0,
        "shipping": (0, 0),
        "lines": [("34", "WSH08-29-Purple", 1, 4400, 4400, 0)],
        "ship_to": "Test Free|Free street|Free city||1234|UY|1|test@free.org",
        "payment": "CAPTURED",
        "tier": "0",
        "discounts": [("1", 4900)],
        "tenders": [],
        "line_taxes": [[]],
    },
}

PROBLEMS: dict[str, list[tuple[str, str, str]]] = {
    # Both rows have qty_shipped 1 of 1, whatever the state says.
    "oca_import_sale_order_12_order12.json": [("NOT_OPEN", "$.items", "12")],
}
