"""What becomes of every file in the shared WooCommerce folder, written by hand from reading it.

Each file has its orders, whole, and its problems: reason, place and the order's id.
"""

from tests.unit.intake.channels.expected_shopify import Expected, no_order
from tests.unit.intake.channels.expected_woocommerce_apps import (
    ORDER_211,
    ORDER_357,
    ORDER_459,
    ORDER_526,
    ORDER_560,
    ORDER_960,
    ORDER_961,
    ORDER_963,
)
from tests.unit.intake.channels.expected_woocommerce_docs import (
    ORDER_259,
    ORDER_263,
    ORDER_644,
    ORDER_645,
    ORDER_727,
    ORDER_728,
    ORDER_729,
)

EXPECTED: dict[str, Expected] = {
    "docs_legacyv3_orders_1.json": ((ORDER_645,), ()),
    "docs_legacyv3_orders_2.json": ((ORDER_645, ORDER_644), ()),
    "docs_legacyv3_orders_3.json": no_order("NOT_OPEN", "$.order.status", "645"),
    "docs_legacyv3_orders_4.json": ((ORDER_645, ORDER_644), ()),
    "docs_notes_1.json": (
        (),
        (("NOT_AN_ORDER", "$[0]", "281"), ("NOT_AN_ORDER", "$[1]", "280"), ("NOT_AN_ORDER", "$[2]", "279")),
    ),
    "docs_orders_1.json": ((ORDER_727,), ()),
    "docs_orders_2.json": ((ORDER_727,), (("NOT_OPEN", "$[1].status", "723"),)),
    "docs_orders_3.json": no_order("NOT_OPEN", "$.status", "727"),
    "docs_orders_4.json": (
        (ORDER_728, ORDER_729),
        (("NOT_OPEN", "$.update[0].status", "727"), ("NOT_OPEN", "$.delete[0]", "723")),
    ),
    "docs_refunds_1.json": ((), (("NOT_AN_ORDER", "$[0]", "726"), ("NOT_AN_ORDER", "$[1]", "724"))),
    # A draft that nobody has finished.
    "ios_broken-order.json": no_order("NOT_OPEN", "$.data.status", "85"),
    # Two orders can be read; of four the product is deleted and has no SKU.
    "ios_broken-orders-mark-2.json": (
        (ORDER_263, ORDER_259),
        tuple(
            ("MISSING_FIELD", f"$.data[{position}].line_items[0].sku", number)
            for position, number in ((2, "161"), (3, "160"), (4, "159"), (5, "158"))
        ),
    ),
    "ios_order-560-all-refunds.json": (
        (),
        tuple(
            ("NOT_AN_ORDER", f"$.data[{position}]", number)
            for position, number in enumerate(("1172", "1025", "590", "562"))
        ),
    ),
    # One and a half of something.
    "ios_order-alternative-types.json": no_order("BAD_VALUE", "$.data.line_items[1].quantity", "963"),
    "ios_order-auto-draft-status.json": no_order("NOT_OPEN", "$.data.status", "963"),
    "ios_order-details-partially-refunded.json": no_order("NOT_OPEN", "$.data.status", "324"),
    "ios_order-fully-refunded.json": no_order("NOT_OPEN", "$.data.status", "609"),
    # Blank addresses.
    "ios_order-with-all-addon-types.json": no_order("MISSING_FIELD", "$.data.shipping", "159"),
    "ios_order-with-attribution-info.json": ((ORDER_459,), ()),
    "ios_order-with-bundled-line-items.json": ((ORDER_357,), ()),
    "ios_order-with-charge.json": ((ORDER_211,), ()),
    "ios_order-with-composite-product.json": no_order("MISSING_FIELD", "$.data.shipping", "421"),
    "ios_order-with-deleted-refunds.malformed.txt": no_order("NOT_JSON", "line 152 column 5"),
    "ios_order-with-faulty-attributes.json": no_order("MISSING_FIELD", "$.data.shipping", "656"),
    "ios_order-with-gift-cards.json": ((ORDER_459,), ()),
    "ios_order-with-line-item-attributes.malformed.txt": no_order("NOT_JSON", "line 148 column 5"),
    "ios_order-with-special-character-currency.json": no_order("BAD_VALUE", "$.data.line_items[1].quantity", "963"),
    "ios_order-with-subscription-renewal.json": ((ORDER_526,), ()),
    "ios_order-without-data.json": ((ORDER_963,), ()),
    "ios_order.json": no_order("BAD_VALUE", "$.data.line_items[1].quantity", "963"),
    "ios_orders-load-all.json": (
        (ORDER_961, ORDER_960, ORDER_560),
        (("BAD_VALUE", "$.data[0].line_items[1].quantity", "963"),),
    ),
    "ios_refund-single.json": no_order("NOT_AN_ORDER", "$.data", "562"),
    "ios_shipment_tracking_multiple.json": (
        (),
        tuple(("NOT_AN_ORDER", f"$.data[{position}]", "") for position in range(4)),
    ),
}
