"""Every push format, by the name that channels choose it by."""

from collections.abc import Mapping
from types import MappingProxyType

from services.intake.channels.push_amazon import AMAZON
from services.intake.channels.push_ebay import EBAY
from services.intake.channels.push_json import JSON
from services.intake.channels.push_magento import MAGENTO
from services.intake.channels.push_mirakl import MIRAKL
from services.intake.channels.push_request import PushFormat
from services.intake.channels.push_shopify import SHOPIFY
from services.intake.channels.push_walmart import WALMART
from services.intake.channels.push_woocommerce import WOOCOMMERCE
from services.intake.domain.channel import Channel

PUSH_FORMATS: Mapping[str, PushFormat] = MappingProxyType(
    {
        "amazon": AMAZON,
        "ebay": EBAY,
        "json": JSON,
        "magento": MAGENTO,
        "mirakl": MIRAKL,
        "shopify": SHOPIFY,
        "walmart": WALMART,
        "woocommerce": WOOCOMMERCE,
    }
)


def push_format_of(channel: Channel) -> PushFormat | None:
    """Return how the channel's platform is told; None where it is told nothing."""
    if not channel.push.url:
        return None
    return PUSH_FORMATS.get(channel.push.format or channel.format or channel.channel.partition("-")[0])
