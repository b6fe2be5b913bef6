"""The steps of the outage process."""

import contextlib
from collections.abc import Iterable, Mapping

from temporalio.exceptions import ApplicationError

from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.fulfillment.v1.fulfillment_service_pb2 import (
    CancelFulfillmentOrderRequest,
    GetFulfillmentOrderRequest,
    ListFulfillmentOrdersRequest,
)
from oms.intake.v1.hold_pb2 import Hold, HoldType
from oms.intake.v1.intake_service_pb2 import GetOrderRequest
from oms.intake.v1.order_pb2 import Order
from oms.routing.v1.decision_pb2 import Decision
from oms.routing.v1.routing_service_pb2 import (
    GetOutageRequest,
    ListDecisionsRequest,
    RecordOutageWorkRequest,
    ReplayDecisionRequest,
)
from oms.workflow.v1 import outage_workflow_pb2 as pb
from oms.workflow.v1.order_workflow_pb2 import OrderInputLine, Recorded
from services.kernel.errors import OmsError
from workflows.activities.calls import Stubs, step
from workflows.activities.outage_costs import cost_of, difference, part

_PAGE = 200
# An order has few decisions; one that was planned more often than this is not weighed.
_DECISIONS = 50


class OutageActivities:
    """What the outage process asks of the services."""

    def __init__(self, stubs: Stubs) -> None:
        self._stubs = stubs

    @step("outage.ListWork")
    async def list_work(self, command: pb.ListOpenWorkCommand) -> pb.ListOpenWorkResult:
        """List work that waits and has not been seen to, the earliest promise first."""
        outage = (await self._stubs.routing.GetOutage(GetOutageRequest(outage_id=command.outage_id))).outage
        result = pb.ListOpenWorkResult(ended=outage.HasField("end_time"))
        seen = {work.fulfillment_order_id for work in outage.works} - set(command.again)
        request = ListFulfillmentOrdersRequest(
            node_id=command.node_id,
            carrier_code=command.carrier_code,
            service_code=command.service_code,
            waiting_only=True,
            earliest_promise_first=True,
            page_size=_PAGE,
        )
        while not result.ended:
            page = await self._stubs.fulfillment.ListFulfillmentOrders(request)
            result.works.extend(_work(one) for one in page.fulfillment_orders if one.fulfillment_order_id not in seen)
            if len(result.works) >= command.limit or not page.next_page_token:
                break
            request.page_token = page.next_page_token
        listed = {work.fulfillment_order_id for work in result.works}
        # A node may have answered after all, so that nothing of it waits any more.
        for identity in set(command.again) - listed if not result.ended else ():
            of = GetFulfillmentOrderRequest(fulfillment_order_id=identity)
            result.works.append(_work((await self._stubs.fulfillment.GetFulfillmentOrder(of)).fulfillment_order))
        del result.works[command.limit :]
        return result

    @step("outage.Weigh")
    async def weigh(self, command: pb.WeighCommand) -> pb.WeighResult:
        """Say what waits, what it costs where it is, and, where routing can tell, what it would cost elsewhere."""
        request = GetFulfillmentOrderRequest(fulfillment_order_id=command.work.fulfillment_order_id)
        work = (await self._stubs.fulfillment.GetFulfillmentOrder(request)).fulfillment_order
        waiting = {line.line_id: line.waiting_quantity for line in work.lines if line.waiting_quantity}
        given_back = {line.line_id: line.rejected_quantity for line in work.lines if line.rejected_quantity}
        units = waiting or given_back
        decisions, works = await self._decisions(work.order_id), await self._works(work.order_id)
        made_by = next((one for one in decisions if _gives(one, work.node_id, units)), None)
        newest = decisions[0] if waiting and decisions else made_by
        before = [one for one in works if waiting or _age(one) <= _age(work)]
        result = pb.WeighResult(
            lines=_lines(work, waiting),
            given_back=[] if waiting else _lines(work, given_back),
            newest_decision_id=newest.decision_id if newest else "",
            known_fulfillment_order_ids=[one.fulfillment_order_id for one in before],
        )
        if made_by and units:
            result.decision_id = made_by.decision_id
            if cost := cost_of([made_by], units, node_id=work.node_id):
                result.cost.CopyFrom(cost)
            if command.node_off and waiting:
                await self._estimate(made_by, work, waiting, result)
        return result

    async def _estimate(
        self, made_by: Decision, work: FulfillmentOrder, waiting: Mapping[str, int], result: pb.WeighResult
    ) -> None:
        """Say what the decision would have been without the node. Where routing cannot tell, nothing is said."""
        request = ReplayDecisionRequest(
            decision_id=made_by.decision_id,
            stock=ReplayDecisionRequest.STOCK_NOW,
            excluded_node_ids=[work.node_id],
        )
        with contextlib.suppress(OmsError):  # an estimate is not worth stopping for
            replayed = (await self._stubs.routing.ReplayDecision(request)).replayed
            result.nobody_else = not any(line.line_id in waiting for one in replayed.assignments for line in one.lines)
            cost = cost_of([replayed], waiting)
            if cost and result.HasField("cost") and (more := difference(cost, result.cost)):
                result.cost_difference.CopyFrom(more)

    @step("outage.TakeBack")
    async def take_back(self, command: pb.TakeBackCommand) -> pb.TakeBackResult:
        """Ask the node for what it has not packed; what it gives back is planned again by the order's process."""
        answer = await self._stubs.fulfillment.CancelFulfillmentOrder(
            CancelFulfillmentOrderRequest(
                request_id=command.key,
                fulfillment_order_id=command.fulfillment_order_id,
                reason=command.reason,
                reroute=True,
            )
        )
        return pb.TakeBackResult(
            taken=[
                OrderInputLine(line_id=line.line_id, quantity=line.cancelled_quantity)
                for line in answer.lines
                if line.cancelled_quantity
            ],
            intercepting_quantity=sum(line.intercepting_quantity for line in answer.lines),
            too_late_quantity=sum(line.too_late_quantity for line in answer.lines),
        )

    @step("outage.FindPlan")
    async def find_plan(self, command: pb.FindPlanCommand) -> pb.FindPlanResult:
        """Say who ships now what was taken back. Fails, to be asked again, until that is decided and given to nodes."""
        taken = {line.line_id: line.quantity for line in command.taken}
        order_id = command.work.order_id
        order = (await self._stubs.intake.GetOrder(GetOrderRequest(order_id=order_id))).order
        decisions = await self._decisions(order_id, after=command.before.newest_decision_id)
        works = await self._works(order_id, known=command.before.known_fulfillment_order_ids)
        moved = {i: min(n, sum(_units(work, i) for work in works)) for i, n in taken.items()}
        planned, undecided = _planned(decisions, taken)
        why = _why_it_waits(order, taken)
        if (undecided or sum(moved.values()) < planned) and not why:
            raise ApplicationError("it has not been planned again yet", type="NOT_PLANNED_YET")
        result = pb.FindPlanResult(
            moved_quantity=sum(moved.values()), waiting_quantity=sum(taken.values()) - sum(moved.values()), note=why
        )
        if result.waiting_quantity and not why:
            result.note = "for stock"
        theirs = [work for work in works if any(_units(work, line_id) for line_id in taken)]
        result.node_ids.extend(sorted({work.node_id for work in theirs}))
        promises = [work.promise_time for work in theirs if work.HasField("promise_time")]
        if promises:
            result.promise_time.CopyFrom(max(promises, key=lambda time: time.ToNanoseconds()))
        self._compare(command.before, decisions, moved, result)
        return result

    def _compare(
        self, before: pb.WeighResult, decisions: list[Decision], moved: Mapping[str, int], result: pb.FindPlanResult
    ) -> None:
        units = sum(line.quantity for line in before.lines or before.given_back)
        after = cost_of(decisions, {i: quantity for i, quantity in moved.items() if quantity})
        if after and result.moved_quantity and before.HasField("cost"):
            more = difference(after, part(before.cost, result.moved_quantity, units))
            if more:
                result.cost_difference.CopyFrom(more)

    @step("outage.Record")
    async def record(self, command: pb.RecordWorkCommand) -> Recorded:
        """Write down what became of a piece of work."""
        request = RecordOutageWorkRequest(request_id=command.key, outage_id=command.outage_id, works=[command.work])
        await self._stubs.routing.RecordOutageWork(request)
        return Recorded()

    async def _decisions(self, order_id: str, *, after: str = "") -> list[Decision]:
        """Return the order's decisions, the newest first, down to the one that is known."""
        request = ListDecisionsRequest(order_id=order_id, page_size=_DECISIONS)
        found = list((await self._stubs.routing.ListDecisions(request)).decisions)
        known = next((place for place, one in enumerate(found) if one.decision_id == after), len(found))
        return found[:known]

    async def _works(self, order_id: str, *, known: Iterable[str] = ()) -> list[FulfillmentOrder]:
        request = ListFulfillmentOrdersRequest(order_id=order_id, page_size=_PAGE)
        found = (await self._stubs.fulfillment.ListFulfillmentOrders(request)).fulfillment_orders
        before = set(known)
        return [one for one in found if one.fulfillment_order_id not in before]


def _work(order: FulfillmentOrder) -> pb.OpenWork:
    return pb.OpenWork(
        fulfillment_order_id=order.fulfillment_order_id,
        order_id=order.order_id,
        node_id=order.node_id,
        promise_time=order.promise_time if order.HasField("promise_time") else None,
    )


def _lines(work: FulfillmentOrder, units: Mapping[str, int]) -> list[OrderInputLine]:
    return [
        OrderInputLine(line_id=line.line_id, sku=line.sku, quantity=units[line.line_id])
        for line in work.lines
        if line.line_id in units
    ]


def _age(work: FulfillmentOrder) -> int:
    return int(work.create_time.ToNanoseconds())


def _gives(decision: Decision, node_id: str, lines: Mapping[str, int]) -> bool:
    return any(line.line_id in lines for one in decision.assignments if one.node_id == node_id for line in one.lines)


def _units(work: FulfillmentOrder, line_id: str) -> int:
    """Return the units of a line that the node ships, or has shipped."""
    return sum(line.waiting_quantity + line.shipped_quantity for line in work.lines if line.line_id == line_id)


def _planned(decisions: Iterable[Decision], units: Mapping[str, int]) -> tuple[int, int]:
    """Return how many of these units nodes are to ship, by the newest decision of each, and how many are in none."""
    left, planned = dict(units), 0
    for decision in decisions:
        for line in (line for one in decision.assignments for line in one.lines if line.line_id in left):
            some = min(line.quantity, left[line.line_id])
            left[line.line_id] -= some
            planned += some
        for unplanned in decision.unplanned_lines:
            if unplanned.line_id in left:
                left[unplanned.line_id] = max(0, left[unplanned.line_id] - unplanned.quantity)
    return planned, sum(left.values())


def _why_it_waits(order: Order, lines: Iterable[str]) -> str:
    of = {"", *lines}
    holds = [one for one in order.holds if one.state == Hold.STATE_CREATED and one.line_id in of]
    held = sorted({HoldType.Name(one.type) for one in holds})
    if held:
        return f"held: {', '.join(held).replace('HOLD_TYPE_', '')}"
    return "the order has come to rest" if order.resting else ""
