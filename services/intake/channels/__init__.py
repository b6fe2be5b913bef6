"""Readers of what channels send: one adapter per format, each pure and total.

An adapter takes a document's bytes and the channel's name and returns a `Reading`. For any bytes at all it returns one,
with at least one draft or one problem in it, and every draft is within the limits of the API.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from services.intake.channels import shopify, woocommerce, x12
from services.intake.domain.draft import Reading

__all__ = ["FORMATS", "Adapter"]

Adapter = Callable[[bytes, str], Reading]

FORMATS: Mapping[str, Adapter] = MappingProxyType(
    {"shopify": shopify.read, "woocommerce": woocommerce.read, "x12": x12.read}
)
