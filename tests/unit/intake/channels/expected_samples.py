"""Which files of the shared samples are expected to become something: every channel's own table, by its folder.

What they become stands in the tables, one per format (`expected_<format>.py`), written by hand.
"""

from collections.abc import Collection, Mapping

from tests.unit.intake.channels import (
    expected_amazon,
    expected_ebay,
    expected_edifact,
    expected_magento,
    expected_mirakl,
    expected_prestashop,
    expected_shopify,
    expected_walmart,
    expected_woocommerce,
    expected_x12,
)


def _names(*tables: Mapping[str, object]) -> Collection[str]:
    return {name for table in tables for name in table}


EXPECTED: Mapping[str, Collection[str]] = {
    "amazon": expected_amazon.EXPECTED.keys(),
    "ebay": expected_ebay.EXPECTED.keys(),
    "edifact": _names(expected_edifact.ORDERS, expected_edifact.PROBLEMS, expected_edifact.CHANGES),
    "magento2": expected_magento.ORDERS.keys() | expected_magento.PROBLEMS.keys(),
    "mirakl": expected_mirakl.PROBLEMS.keys(),
    "prestashop": expected_prestashop.PROBLEMS.keys(),
    "shopify": expected_shopify.EXPECTED.keys(),
    "walmart": expected_walmart.EXPECTED.keys(),
    "woocommerce": expected_woocommerce.EXPECTED.keys(),
    "x12": _names(expected_x12.ORDERS, expected_x12.PROBLEMS, expected_x12.CHANGES, {expected_x12.STORES: None}),
}
