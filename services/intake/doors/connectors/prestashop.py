"""PrestaShop's web service: orders changed since a time, each put together with the resources that it names.

The secret is the web service key, which is the user of HTTP Basic. Times are the shop's own; its clock and zone are not
known, so a round begins where the last order that was seen was changed, and not by our clock.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import httpx
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from services.intake.domain.channel import Channel
from services.intake.doors.connectors.asking import FIRST, ask, cursor_of, place_of
from services.intake.doors.pulling import Fetched, PullFailed

_WRITTEN = "%Y-%m-%d %H:%M:%S"
_FOREVER = "9999-12-31 23:59:59"
# What an order names by id → the resource it is a name of.
_NAMED = {
    "id_address_delivery": "addresses",
    "id_address_invoice": "addresses",
    "id_currency": "currencies",
    "id_customer": "customers",
    "id_carrier": "carriers",
    "id_lang": "languages",
    "current_state": "order_states",
}
_NAMED_BY_ADDRESS = {"id_country": "countries", "id_state": "states"}


async def fetch(http: httpx.AsyncClient, channel: Channel, secret: str, cursor: str, now: datetime) -> Fetched:
    """Return the page at the cursor; each order is a document."""
    place = place_of(cursor)
    since = place.get("since") or (now - FIRST).strftime(_WRITTEN)
    skip = int(place.get("skip", 0))
    size = channel.pull.page_size
    asked = {
        "display": "full",
        "date": "1",
        "filter[date_upd]": f"[{since},{_FOREVER}]",
        "sort": "[date_upd_ASC,id_ASC]",
        "limit": f"{skip},{size}",
    }
    shop = _Shop(http, f"{channel.pull.url.rstrip('/')}/api", secret)
    orders = (await shop.get("orders", asked)).findall("./orders/order")
    documents = [(_text(order, "id"), await shop.whole(order)) for order in orders]
    last = _text(orders[-1], "date_upd") if orders else place.get("last", "")
    if len(orders) == size:
        return Fetched(documents=documents, cursor=cursor_of(since=since, skip=skip + size, last=last), more=True)
    return Fetched(documents=documents, cursor=cursor_of(since=_later(since, last)), more=False)


class _Shop:
    """Asks one shop; a resource is asked for once a page."""

    def __init__(self, http: httpx.AsyncClient, base: str, key: str) -> None:
        self._http = http
        self._base = base
        self._key = key
        self._known: dict[str, ET.Element] = {}

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> ET.Element:
        response = await ask(self._http, f"{self._base}/{path}", params=params, auth=(self._key, ""))
        try:
            root: ET.Element = ElementTree.fromstring(response.content)
        except (ElementTree.ParseError, DefusedXmlException) as error:
            raise PullFailed(f"{path} answered with something that is not XML: {error}") from error
        return root

    async def whole(self, order: ET.Element) -> bytes:
        """Return the order and everything it names, in one document."""
        root = ET.Element("prestashop")
        root.append(order)
        there: set[str] = set()
        for name, resource in _NAMED.items():
            await self._add(root, there, resource, _text(order, name))
        for address in root.findall("address"):
            for name, resource in _NAMED_BY_ADDRESS.items():
                await self._add(root, there, resource, _text(address, name))
        written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return written

    async def _add(self, root: ET.Element, there: set[str], resource: str, identity: str) -> None:
        path = f"{resource}/{identity}"
        if not identity.isdecimal() or int(identity) == 0 or path in there:
            return
        there.add(path)
        if path not in self._known:
            self._known[path] = await self.get(path)
        root.extend(list(self._known[path]))


def _text(element: ET.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _later(since: str, last: str) -> str:
    """Return where the next round begins: at the last order's second, so that no other of that second is missed."""
    try:
        seen = datetime.strptime(last, _WRITTEN) - timedelta(seconds=1)  # noqa: DTZ007 - the shop's own time
    except ValueError:
        return since
    return max(since, seen.strftime(_WRITTEN))
