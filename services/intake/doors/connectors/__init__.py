"""What fetches orders from platforms: a function a platform, from a cursor to a page of documents."""

from collections.abc import Mapping
from types import MappingProxyType

from services.intake.doors.connectors import amazon, json_pages, mirakl, prestashop
from services.intake.doors.pulling import Connector

__all__ = ["CONNECTORS"]

CONNECTORS: Mapping[str, Connector] = MappingProxyType(
    {"amazon": amazon.fetch, "json": json_pages.fetch, "mirakl": mirakl.fetch, "prestashop": prestashop.fetch}
)
