"""Changes as channels tell them: lines by their own ids, and what they have to be told of the outcome."""

from dataclasses import replace

from services.intake.domain.changes import ChangeState, OrderChange
from services.intake.domain.draft import Problem
from services.intake.domain.edits import ChangeDraft, Edit, SetNode, SetQuantity, Split
from services.intake.domain.order import Order
from services.intake.domain.rooms import unknown_line


def named(order: Order, change: ChangeDraft) -> tuple[Edit, ...]:
    """Return the edits with the lines named by our ids.

    Raises:
        InvalidArgument: UNKNOWN_LINE.
    """
    line_ids = {line.external_line_id: line.line_id for line in order.lines}

    def line_id(external: str) -> str:
        if external not in line_ids:
            raise unknown_line(external)
        return line_ids[external]

    def one(edit: Edit) -> Edit:
        match edit:
            case SetQuantity():
                return replace(edit, line_id=line_id(edit.line_id))
            case SetNode():
                return replace(edit, line_ids=tuple(map(line_id, edit.line_ids)))
            case Split():
                return replace(edit, quantities=tuple((line_id(known), units) for known, units in edit.quantities))
            case _:
                return edit

    return tuple(map(one, change.edits))


def problem_of(change: OrderChange, draft: ChangeDraft) -> Problem | None:
    """Return what the channel's people have to look at; None where all of it was done."""
    said = [f"edit {at + 1}: {one.reason}" for at, one in enumerate(change.results) if one.reason]
    position = f"change {draft.change_id}"
    if change.state == ChangeState.DECLINED:
        message = f"nothing of it can be done any more ({'; '.join(said)}): tell the buyer, or take it back as a return"
        return Problem(reason="CHANGE_DECLINED", position=position, message=message, external_id=draft.external_id)
    late = sum(line.too_late for line in change.lines)
    if late or any(not one.applied for one in change.results):
        message = f"not all of it can be done any more ({'; '.join(said)}; {late} units too late): tell the buyer"
        return Problem(reason="CHANGE_PARTLY_DONE", position=position, message=message, external_id=draft.external_id)
    return None
