"""What a change would come to, as far as the rooms can say; the order's process knows better and decides.

What no node has can be changed at once; what a node has would be asked back; what left is too late.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.intake.domain.changes import EditResult, LineChange, Reason, added_line_id, family
from services.intake.domain.changes_money import split_refusal
from services.intake.domain.edits import (
    AddLine,
    CancelOrder,
    Edit,
    Merge,
    SetAddress,
    SetNode,
    SetQuantity,
    Split,
)
from services.intake.domain.order import Order, OrderLine


def outlook(
    order: Order, edits: Sequence[Edit], change_id: str = "", merge_refusal: str = ""
) -> tuple[tuple[EditResult, ...], tuple[LineChange, ...]]:
    """Return what would become of each edit, and of the lines' units."""
    foresight = _Outlook(order=order, change_id=change_id, merge_refusal=merge_refusal)
    for number, edit in enumerate(edits):
        foresight.see(number, edit)
    return tuple(foresight.results), tuple(foresight.lines)


def result_of(lines: Sequence[LineChange]) -> EditResult:
    """Return what an edit comes to, from what became of the units that it is about."""
    done, asked, late = (sum(getattr(one, name) for one in lines) for name in ("done", "intercepting", "too_late"))
    wanted = sum(one.wanted for one in lines)
    applied = bool(done or asked) or wanted == 0
    if late:
        return EditResult(applied=applied, reason=Reason.PARTLY_TOO_LATE if applied else Reason.TOO_LATE)
    return EditResult(applied=applied, reason=Reason.INTERCEPTING if asked else "")


@dataclass(slots=True)
class _Outlook:
    order: Order
    change_id: str
    merge_refusal: str = ""
    results: list[EditResult] = field(default_factory=list)
    lines: list[LineChange] = field(default_factory=list)
    free: dict[str, int] = field(init=False)
    at_node: dict[str, int] = field(init=False)
    cancelled: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.free = {line.line_id: line.units.before_node for line in self.order.lines}
        self.at_node = {line.line_id: line.units.released for line in self.order.lines}
        self.cancelled = {line.line_id: line.units.cancelled for line in self.order.lines}

    def see(self, number: int, edit: Edit) -> None:
        changeable = self.order.units.before_node > 0
        match edit:
            case CancelOrder():
                told = [self._cancel(number, line, self._alive(line)) for line in self.order.lines if self._alive(line)]
                self._told(told) if told else self._refused(Reason.NOTHING_LEFT)
            case SetQuantity(line_id=line_id, quantity=quantity):
                self._quantity(number, self.order.line(line_id), quantity, changeable=changeable)
            case SetAddress():
                told = [self._replan(number, line, ask=True) for line in self.order.lines if self._alive(line)]
                self._told(told) if changeable or self.order.units.released else self._refused(Reason.NOTHING_LEFT)
            case _ if not changeable:
                self._refused(Reason.NOTHING_LEFT)
            case AddLine(line=line):
                added = added_line_id(self.change_id, number)
                self._told(
                    [LineChange(line_id="", edit=number, wanted=line.quantity, done=line.quantity, added_line_id=added)]
                )
            case Split(quantities=quantities):
                self._split(number, quantities)
            case Merge(order_id=order_id):
                refusal = self.merge_refusal
                self.results.append(
                    EditResult(applied=not refusal, reason=refusal, order_id="" if refusal else order_id)
                )
            case SetNode(line_ids=line_ids):
                chosen = [line for line in self.order.lines if not line_ids or line.line_id in line_ids]
                self._told([self._replan(number, line, ask=False) for line in chosen if self._alive(line)])
            case _:
                self._told([self._replan(number, line, ask=False) for line in self.order.lines if self._alive(line)])

    def _alive(self, line: OrderLine) -> int:
        return line.quantity - self.cancelled[line.line_id]

    def _quantity(self, number: int, line: OrderLine, quantity: int, *, changeable: bool) -> None:
        lines = family(self.order, line)
        less = sum(self._alive(one) for one in lines) - quantity
        if less < 0:
            if not changeable:
                self._refused(Reason.NOTHING_LEFT)
                return
            added = added_line_id(self.change_id, number)
            told = [LineChange(line_id=line.line_id, edit=number, wanted=-less, done=-less, added_line_id=added)]
        else:
            told = []
            # What was added last goes first.
            for one in reversed(lines):
                taken = min(less, self._alive(one))
                less -= taken
                told += [self._cancel(number, one, taken)] if taken else []
        self._told(told)

    def _cancel(self, number: int, line: OrderLine, wanted: int) -> LineChange:
        done = min(wanted, self.free[line.line_id])
        asked = min(wanted - done, self.at_node[line.line_id])
        self.free[line.line_id] -= done
        self.at_node[line.line_id] -= asked
        self.cancelled[line.line_id] += done
        return LineChange(
            line_id=line.line_id,
            edit=number,
            wanted=wanted,
            done=done,
            intercepting=asked,
            too_late=wanted - done - asked,
            cancelled=self.cancelled[line.line_id],
        )

    def _replan(self, number: int, line: OrderLine, *, ask: bool) -> LineChange:
        wanted = self._alive(line)
        done, node = self.free[line.line_id], self.at_node[line.line_id]
        change = LineChange(
            line_id=line.line_id,
            edit=number,
            wanted=wanted,
            done=done,
            too_late=wanted - done,
            cancelled=self.cancelled[line.line_id],
        )
        return replace(change, intercepting=node, too_late=wanted - done - node) if ask else change

    def _split(self, number: int, quantities: Sequence[tuple[str, int]]) -> None:
        wanted = {line_id: units or self._alive(self.order.line(line_id)) for line_id, units in quantities}
        left = sum(self._alive(line) for line in self.order.lines) - sum(wanted.values())
        if refusal := split_refusal(self.order, wanted):
            self._refused(refusal)
        elif left <= 0 or any(not 0 < units <= self.free[line_id] for line_id, units in wanted.items()):
            self._refused(Reason.UNITS_NOT_FREE)
        else:
            self._told(
                [
                    LineChange(line_id=line_id, edit=number, wanted=units, done=units)
                    for line_id, units in wanted.items()
                ]
            )

    def _told(self, lines: Sequence[LineChange]) -> None:
        self.lines += lines
        self.results.append(result_of(lines))

    def _refused(self, reason: Reason) -> None:
        self.results.append(EditResult(applied=False, reason=reason))
