"""A purchase as Shopify and as WooCommerce write it: the fields that their webhooks have, none invented."""

from decimal import Decimal
from typing import Any

from deploy.local.demo import catalogue
from deploy.local.demo.purchase import Line, Purchase

# WooCommerce has no authorised state; its card plugins capture at once unless told otherwise.
_WOO_STATUS = {"paid": "processing", "authorized": "processing", "pending": "pending"}


def shopify(purchase: Purchase) -> dict[str, Any]:
    """Return the payload of an `orders/create` webhook."""
    who, town = purchase.buyer, purchase.buyer.town
    address = {
        "first_name": who.first_name,
        "last_name": who.last_name,
        "name": f"{who.first_name} {who.last_name}",
        "company": None,
        "address1": who.street,
        "address2": None,
        "city": town.city,
        "province_code": town.state or None,
        "zip": town.postal_code,
        "country_code": town.country,
        "phone": who.phone,
    }
    goods = sum((line.price * line.quantity for line in purchase.lines), Decimal(0))
    discounts = sum((line.discount for line in purchase.lines), Decimal(0))
    return {
        # Shopify's ids are above 2^32, and grow.
        "id": 5_000_000_000_000 + purchase.number,
        "name": f"#{purchase.number}",
        "order_number": purchase.number,
        "created_at": purchase.time.isoformat(),
        "processed_at": purchase.time.isoformat(),
        "cancelled_at": None,
        "currency": town.currency,
        "presentment_currency": town.currency,
        "taxes_included": town.tax_inside,
        "financial_status": purchase.payment,
        "fulfillment_status": None,
        "email": who.email,
        "phone": None,
        "note": None,
        "total_line_items_price": str(goods),
        "total_discounts": str(discounts),
        "subtotal_price": str(goods - discounts),
        "total_tax": str(sum((line.tax for line in purchase.lines), purchase.shipping_tax)),
        "total_price": str(purchase.total),
        "customer": {"id": 7_000_000_000_000 + who.number, "email": who.email},
        "billing_address": address,
        "shipping_address": address,
        "line_items": [_shopify_line(purchase, index, line) for index, line in enumerate(purchase.lines, start=1)],
        "shipping_lines": [
            {
                "title": purchase.method,
                "code": purchase.method,
                "price": str(purchase.shipping),
                "discounted_price": str(purchase.shipping),
                "tax_lines": [{"title": "Tax", "price": str(purchase.shipping_tax)}],
                "discount_allocations": [],
            }
        ],
        "refunds": [],
        "tags": "",
    }


def _shopify_line(purchase: Purchase, index: int, line: Line) -> dict[str, Any]:
    return {
        "id": 9_000_000_000_000 + purchase.number * 100 + index,
        "variant_id": 4_000_000_000_000 + catalogue.SKUS.index(line.sku),
        "product_id": 3_000_000_000_000 + catalogue.SKUS.index(line.sku) // 25,
        "sku": line.sku,
        "title": catalogue.title(line.sku),
        "name": catalogue.title(line.sku),
        "quantity": line.quantity,
        "fulfillable_quantity": line.quantity,
        "fulfillment_status": None,
        "grams": catalogue.weight_grams(line.sku),
        "price": str(line.price),
        "total_discount": "0.00",
        "discount_allocations": [{"amount": str(line.discount)}] if line.discount else [],
        "tax_lines": [{"title": "Tax", "price": str(line.tax)}],
        "requires_shipping": True,
        "gift_card": False,
        "properties": [],
    }


def woocommerce(purchase: Purchase) -> dict[str, Any]:
    """Return the payload of an `order.created` webhook. Its line amounts never contain tax."""
    who, town = purchase.buyer, purchase.buyer.town
    inside = town.tax_inside
    address = {
        "first_name": who.first_name,
        "last_name": who.last_name,
        "company": "",
        "address_1": who.street,
        "address_2": "",
        "city": town.city,
        "state": town.state,
        "postcode": town.postal_code,
        "country": town.country,
        "phone": who.phone,
    }
    shipping = purchase.shipping - (purchase.shipping_tax if inside else 0)
    moment = purchase.time.replace(tzinfo=None).isoformat()
    return {
        "id": purchase.number,
        "number": str(purchase.number),
        "status": _WOO_STATUS[purchase.payment],
        "currency": town.currency,
        "prices_include_tax": inside,
        "date_created": moment,
        "date_created_gmt": moment,
        "date_paid_gmt": None if purchase.payment == "pending" else moment,
        "shipping_total": str(shipping),
        "shipping_tax": str(purchase.shipping_tax),
        "total": str(purchase.total),
        "total_tax": str(sum((line.tax for line in purchase.lines), purchase.shipping_tax)),
        "customer_id": who.number,
        "customer_note": "",
        "payment_method": "card",
        "payment_method_title": "Card",
        "transaction_id": "" if purchase.payment == "pending" else f"txn-{purchase.number}",
        "billing": {**address, "email": who.email},
        "shipping": address,
        "line_items": [_woo_line(index, line, inside=inside) for index, line in enumerate(purchase.lines, start=1)],
        "shipping_lines": [
            {
                "id": 1000,
                "method_title": purchase.method,
                "method_id": "flat_rate",
                "total": str(shipping),
                "total_tax": str(purchase.shipping_tax),
            }
        ],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
    }


def _woo_line(index: int, line: Line, *, inside: bool) -> dict[str, Any]:
    paid = line.price * line.quantity - line.discount - (line.tax if inside else 0)
    # Before its discount, the line cost more in proportion, tax included.
    before = line.price * line.quantity
    listed = (paid * before / (before - line.discount)).quantize(Decimal("0.01"))
    return {
        "id": index,
        "name": catalogue.title(line.sku),
        "product_id": 100 + catalogue.SKUS.index(line.sku) // 25,
        "variation_id": 1000 + catalogue.SKUS.index(line.sku),
        "sku": line.sku,
        "quantity": line.quantity,
        "subtotal": str(listed),
        "subtotal_tax": str(line.tax),
        "total": str(paid),
        "total_tax": str(line.tax),
        "price": float(round(paid / line.quantity, 6)),
        "meta_data": [],
    }
