"""PrestaShop orders, as its web service writes them, in XML or (`output_format=JSON`) in JSON.

The web service answers an order, its addresses, its currency and so on each by itself, and an order says only their
ids. A connector sends them together, in one document:

    <prestashop><order>…</order><address>…</address><country>…</country><currency>…</currency>…</prestashop>

Needed beside an order are its delivery address, that address's country, the currency, and the `order_state` where it is
one of the shop's own. Without one of these an order is MISSING_RESOURCE, and the message names them all. Welcome are
also `state`, `customer`, `carrier`, `language`, `group`, `shop`, `product`, `tax`, `order_detail`, `order_payment`,
`order_cart_rule`, `order_slip` and `message`; lists (`<addresses>`) and several orders are read, too. Choices:
- Prices are without tax, the tax is the difference to what the customer paid with it; times are taken for UTC.
- The id is `id`; `reference` is the number. Orders of one cart share it: in one document they are one group.
- Vouchers are charges that are less to pay; gift wrapping is a service; a product that is downloaded is a charge.
- `0000-00-00` is no date, id 0 is none.
"""

from collections.abc import Mapping

from services.intake.channels import json_document, xml_document
from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.json_document import Node
from services.intake.channels.prestashop_order import change, draft
from services.intake.channels.prestashop_resources import Resources, children, collect, resource_id, words
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.channels.update_event import is_update
from services.intake.domain.draft import Draft, Problem
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Return the orders of a PrestaShop document, or what an event changes of them, and what is wrong with the rest."""
    try:
        root = _root(content)
        resources = collect(root)
        orders = resources.of("order")
        if not orders:
            raise _not_an_order(root, resources)
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    ordered: list[Draft] = []
    changed: list[ChangeDraft] = []
    problems: list[Problem] = []
    for order in orders:
        try:
            edit = change(order, resources, channel) if is_update(headers) else None
            if edit:
                changed.append(edit)
            else:
                ordered.append(draft(order, resources, channel))
        except Refusal as refusal:
            problems.append(refusal.problem(_named(order)))
    return Reading(drafts=tuple(ordered), changes=tuple(changed), problems=tuple(problems))


def _root(content: bytes) -> Node:
    start = content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")[:1]
    return json_document.parse(content) if start in {b"{", b"["} else xml_document.parse(content)


def _not_an_order(root: Node, resources: Resources) -> Refusal:
    for error in resources.of("error"):
        said = words(error["message"], 300) or error.text(300)
        return Refusal(NOT_AN_ORDER, error.path, f"The document is an error answer of PrestaShop's: {said}")
    kinds = [kind for kind in resources.by_kind if kind.isidentifier()]
    if kinds:
        first = resources.of(kinds[0])[0]
        message = f"The document has no order, only {kinds[0]}: send it in one document with the order that it is for."
        return Refusal(NOT_AN_ORDER, first.path, message)
    place = next((node for _, node in children(root)), root)
    return Refusal(NOT_AN_ORDER, place.path, "The document has no order: there is nothing to accept.")


def _named(order: Node) -> str:
    try:
        return resource_id(order)
    except Refusal:
        return ""
