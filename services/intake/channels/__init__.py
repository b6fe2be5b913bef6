"""Readers of what channels send: one adapter per format, each pure and total.

An adapter takes a document's bytes, the channel's name and the headers that it came with (names in lower case; empty
where it came in a file), and returns a `Reading`. For any bytes at all it returns one, with at least one draft, change
or problem in it, and every draft is within the limits of the API.
"""

from collections.abc import Mapping
from types import MappingProxyType

from services.intake.channels import (
    amazon,
    ebay,
    edifact,
    magento,
    mirakl,
    prestashop,
    shopify,
    table,
    walmart,
    woocommerce,
    x12,
)
from services.intake.channels.adapter import Adapter

__all__ = ["FORMATS", "Adapter"]

FORMATS: Mapping[str, Adapter] = MappingProxyType(
    {
        "amazon": amazon.read,
        "csv": table.read_csv,
        "ebay": ebay.read,
        "edifact": edifact.read,
        "magento": magento.read,
        "mirakl": mirakl.read,
        "prestashop": prestashop.read,
        "shopify": shopify.read,
        "walmart": walmart.read,
        "woocommerce": woocommerce.read,
        "x12": x12.read,
        "xlsx": table.read_xlsx,
    }
)
