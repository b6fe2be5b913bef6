"""Events that tell of a change of an order that was sent before, and the changes that adapters make of them.

A door or a pull connector says so in a header: the platform's own (`x-adobe-event-code`, `ce-type`, …) or `oms-event`
with "updated" or "cancelled". Without one a document is taken for an order that nobody has seen yet.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

from services.intake.domain.edits import CancelOrder, ChangeDraft, SetQuantity

_NAMES = (
    "oms-event",
    "ce-type",
    "x-adobe-event-code",
    "x-magento-topic",
    "x-magento-event",
    "x-prestashop-topic",
    "x-prestashop-event",
    "x-mirakl-topic",
    "x-mirakl-event",
)
_UPDATE = re.compile(r"updat|cancel|chang|edit|refund|creditmemo|status|save", re.IGNORECASE)


def is_update(headers: Mapping[str, str], *types: str) -> bool:
    """Tell whether the headers, or the event types that stand in the document, are about an order that is known."""
    return any(_UPDATE.search(text) for text in (*(headers.get(name, "") for name in _NAMES), *types))


def cancelled(channel: str, external_id: str, reason: str) -> ChangeDraft:
    """Return the change that cancels the whole order; the same every time it is told."""
    return ChangeDraft(
        channel=channel, external_id=external_id, change_id="cancelled", edits=(CancelOrder(),), reason=reason[:1000]
    )


def reduced(channel: str, external_id: str, wanted: Iterable[tuple[str, int]], reason: str) -> ChangeDraft:
    """Return the change to these units of these lines (external_line_id, units in all); its id follows from them."""
    edits = tuple(SetQuantity(line_id=line_id, quantity=units) for line_id, units in wanted)
    said = "\n".join(f"{edit.line_id}={edit.quantity}" for edit in edits)
    change_id = f"quantities-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    return ChangeDraft(channel=channel, external_id=external_id, change_id=change_id, edits=edits, reason=reason[:1000])
