"""Whatever is sent to whatever RPC: the answer is never INTERNAL, never UNKNOWN, and says what is wrong."""

import asyncio
import contextlib
import importlib
import itertools
import os
import threading

import asyncpg
import grpc
import pytest
from google.rpc import error_details_pb2
from google.type.money_pb2 import Money
from grpc_status import rpc_status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms.common.v1 import outbox_service_pb2
from oms.common.v1.address_pb2 import Address
from oms.fulfillment.v1 import fulfillment_service_pb2 as ful
from oms.intake.v1 import intake_service_pb2 as intake
from oms.intake.v1.order_draft_pb2 import DraftLine, OrderDraft, PaymentDraft
from oms.intake.v1.units_pb2 import Move
from oms.inventory.v1 import inventory_service_pb2 as inventory
from oms.returns.v1 import returns_service_pb2 as returns
from oms.routing.v1 import routing_service_pb2 as routing
from oms.routing.v1.node_pb2 import Node
from tests import servers
from tests.conftest import _database, _template
from tests.property.messages import requests

pytestmark = pytest.mark.xdist_group("every-rpc")

SERVICES = ("intake", "inventory", "routing", "fulfillment", "returns")
EXAMPLES = int(os.environ.get("OMS_FUZZ_EXAMPLES", "6"))
NEVER = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
ADDRESS = Address(name="A", lines=["1 Street"], city="Town", postal_code="10001", country_code="US")


def descriptor_of(service):
    file = importlib.import_module(f"oms.{service}.v1.{service}_service_pb2").DESCRIPTOR
    return file.services_by_name[f"{service.capitalize()}Service"]


def descriptors_of(service):
    """Every gRPC service that the process answers."""
    served = importlib.import_module(f"services.{service}.__main__").SERVICE
    return [served.descriptor, *(descriptor for _, descriptor in served.also)]


METHODS = [method for service in SERVICES for one in descriptors_of(service) for method in one.methods]
METHODS += list(outbox_service_pb2.DESCRIPTOR.services_by_name["OutboxService"].methods)


class House:
    """The five services in a thread of their own, and synchronous channels to them."""

    def __init__(self, url):
        self.url = url
        self.channels = {}
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self._thread.start()
        assert self._ready.wait(60)

    async def _run(self):
        from services.chassis.service import start
        from services.chassis.settings import Settings

        addresses = {}
        async with contextlib.AsyncExitStack() as stack:
            # Those that others read come first; nobody listens on port 9.
            for name in ("inventory", "intake", "routing", "fulfillment", "returns"):
                service = importlib.import_module(f"services.{name}.__main__").SERVICE
                known = Settings(
                    listen="127.0.0.1:0",
                    database_url=self.url,
                    temporal_address="127.0.0.1:9",
                    relay_enabled=False,
                    database_pool_size=5,
                    log_level="ERROR",
                    **addresses,
                )
                running = await stack.enter_async_context(start(service, known))
                addresses[f"{name}_address"] = running.address
                self.channels[name] = grpc.insecure_channel(running.address)
            self._ready.set()
            await self._stop.wait()

    def close(self):
        for channel in self.channels.values():
            channel.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    def call(self, method, payload, *, metadata=()):
        """Send bytes to a method; return the error, or None."""
        package = method.containing_service.full_name.split(".")[1]
        channel = self.channels["intake" if package == "common" else package]
        path = f"/{method.containing_service.full_name}/{method.name}"
        try:
            if method.server_streaming:
                if method.client_streaming:
                    stream = channel.stream_stream(path)(iter([payload]), timeout=0.5, metadata=metadata)
                else:
                    stream = channel.unary_stream(path)(payload, timeout=0.5, metadata=metadata)
                for _, _ in zip(range(3), stream, strict=False):
                    pass
                stream.cancel()
            else:
                channel.unary_unary(path)(payload, timeout=8, metadata=metadata)
        except grpc.RpcError as error:
            return error
        return None

    def ask(self, method_name, request):
        """Call a method for its answer."""
        package = type(request).DESCRIPTOR.full_name.split(".")[1]
        service = descriptor_of(package)
        method = service.methods_by_name[method_name]
        kind = importlib.import_module(f"oms.{package}.v1.{package}_service_pb2")
        answer = getattr(kind, method.output_type.name)
        path = f"/{service.full_name}/{method_name}"
        return answer.FromString(self.channels[package].unary_unary(path)(request.SerializeToString(), timeout=10))


@pytest.fixture(scope="module")
def house():
    """The five services on one database."""
    databases = _database(servers.postgres(), _template(servers.postgres(), *sorted(SERVICES)))
    opened = House(next(databases))
    yield opened
    opened.close()
    next(databases, None)


@pytest.fixture(scope="module")
def ids(house):
    """Things that exist, by the names of the fields that would name them."""
    for number in (1, 2):
        node = Node(
            node_id=f"fuzz-{number}",
            display_name="N",
            type=Node.TYPE_DC,
            country_code="US",
            time_zone="UTC",
            order_cost=Money(currency_code="USD", units=1),
        )
        house.ask("CreateNode", routing.CreateNodeRequest(request_id=f"n{number}", node=node))
    stock = [inventory.Adjustment(sku=f"FUZZ-{n}", node_id="fuzz-1", on_hand_delta=50) for n in (1, 2)]
    house.ask("AdjustStock", inventory.AdjustStockRequest(request_id="s", adjustments=stock, reason=1))
    orders = [_order(house, number) for number in range(3)]
    line = inventory.ReservationLine(line_id=orders[0].lines[0].line_id, sku="FUZZ-1", node_id="fuzz-1", quantity=2)
    made = house.ask("ReserveStock", inventory.ReserveStockRequest(request_id="r", owner_id="cart", lines=[line]))
    delivered = _deliver(house, orders[0])
    asked = house.ask(
        "RequestReturn",
        returns.RequestReturnRequest(
            request_id="ret",
            order_id=delivered.order_id,
            lines=[returns.ReturnLineSpec(line_id=delivered.lines[0].line_id, quantity=1)],
        ),
    )
    document = house.ask("IngestDocument", intake.IngestDocumentRequest(request_id="d", channel="x12", content=b"x"))
    work = "ful_" + "0" * 26
    with contextlib.suppress(grpc.RpcError):  # kept, and not submitted: the warehouse does not answer
        house.ask(
            "CreateFulfillmentOrder",
            ful.CreateFulfillmentOrderRequest(
                request_id="f",
                fulfillment_order_id=work,
                order_id=orders[1].order_id,
                node_id="fuzz-1",
                ship_to=ADDRESS,
                lines=[ful.FulfillmentLineSpec(line_id=orders[1].lines[0].line_id, sku="FUZZ-1", quantity=1)],
            ),
        )
    return {
        "order_id": [order.order_id for order in orders],
        "line_id": [line.line_id for order in orders for line in order.lines],
        "owner_id": ["cart", orders[0].order_id],
        "node_id": ["fuzz-1", "fuzz-2"],
        "reservation_id": [one.reservation_id for one in made.reservations],
        "return_id": [asked.return_record.return_id],
        "document_id": [document.document.document_id],
        "fulfillment_order_id": [work],
        "hold_id": [hold.hold_id for order in orders for hold in order.holds] or ["hld_x"],
        "external_id": ["0", "1"],
    }


def _order(house, number):
    payment = PaymentDraft(state=2 if number else 4, reference=f"ref-{number}")
    draft = OrderDraft(
        channel="fuzz",
        external_id=str(number),
        currency_code="USD",
        ship_to=ADDRESS,
        payment=payment,
        lines=[DraftLine(sku="FUZZ-1", quantity=3, unit_price=Money(currency_code="USD", units=10))],
        total_amount=Money(currency_code="USD", units=30),
    )
    return house.ask("SubmitOrder", intake.SubmitOrderRequest(request_id=f"o{number}", draft=draft)).order


def _deliver(house, order):
    rooms = [1, 3, 4, 5, 6]
    moves = [
        Move(line_id=order.lines[0].line_id, from_room=source, to_room=target, quantity=2)
        for source, target in itertools.pairwise(rooms)
    ]
    house.ask("RecordMoves", intake.RecordMovesRequest(request_id="m", order_id=order.order_id, moves=moves))
    return order


def check(error):
    """An error must be one that a caller can do something about."""
    if error is None or error.code() is grpc.StatusCode.CANCELLED:
        return
    assert error.code() not in NEVER, error
    status = rpc_status.from_call(error)
    if status is None:
        # gRPC itself answered: the deadline passed, or the message was larger than a server takes.
        assert error.code() in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED), error
        return
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    assert info.reason
    assert info.domain.endswith(".oms")


def profile(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize="OMS_FUZZ_EXAMPLES" not in os.environ,  # the same requests in every run, unless more are asked for
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_no_request_makes_an_rpc_answer_internal_or_unknown(method, house, ids):
    from google.protobuf.message_factory import GetMessageClass

    @profile(EXAMPLES)
    @given(requests(GetMessageClass(method.input_type), ids))
    def attack(request):
        check(house.call(method, request.SerializeToString()))

    attack()


@pytest.mark.parametrize("method", METHODS[::4], ids=lambda method: method.name)
def test_bytes_that_are_no_message_are_answered_clearly(method, house):
    @profile(max(5, EXAMPLES // 3))
    @given(st.binary(max_size=300))
    def attack(payload):
        check(house.call(method, payload))

    attack()


@pytest.mark.parametrize(
    "token",
    ["x", "=" * 500, "W" * 1990, "W1tbW1tbW1tbW1tb" * 100, "bnVsbA", "WzEsMiwzXQ", "eyJhIjoxfQ", "\u00e9"],
    ids=range(8),
)
def test_a_page_token_that_is_none_is_refused(token, house):
    for method in METHODS:
        if "page_token" in method.input_type.fields_by_name:
            from google.protobuf.message_factory import GetMessageClass

            request = GetMessageClass(method.input_type)(page_token=token)
            if "shipment_id" in method.input_type.fields_by_name:
                request.shipment_id = "shp_x"
            if method.name in {"ListOrderEvents", "ListOrderStory"}:
                request.order_id = "ord_x"
            error = house.call(method, request.SerializeToString())
            check(error)
            assert error is not None, method.name


def test_a_request_that_is_too_large_is_refused(house):
    request = intake.IngestDocumentRequest(request_id="big", channel="shopify", content=b"x" * 3_000_001)
    error = house.call(descriptor_of("intake").methods_by_name["IngestDocument"], request.SerializeToString())
    assert error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED)
    request.content = b"x" * 5_000_000
    error = house.call(descriptor_of("intake").methods_by_name["IngestDocument"], request.SerializeToString())
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_after_all_that_nothing_is_broken(house, ids):
    """Units add up, counters equal their rows, and no transaction was left open."""
    page = house.ask("AuditStock", inventory.AuditStockRequest(page_size=5000))
    assert list(page.discrepancies) == []
    counts = house.ask("CountOrders", intake.CountOrdersRequest())
    rooms = ("open", "backordered", "reserved", "released", "shipped", "delivered", "returned", "cancelled", "lost")
    assert sum(getattr(counts.units, room) for room in rooms) == counts.ordered_quantity

    async def idle():
        connection = await asyncpg.connect(house.url)
        try:
            return await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND state LIKE 'idle in transaction%' AND state_change < now() - interval '3 seconds'"
            )
        finally:
            await connection.close()

    assert asyncio.run(idle()) == 0


def test_the_checks_of_this_file_can_fail():
    class Answer(grpc.RpcError):
        def code(self):
            return grpc.StatusCode.INTERNAL

    with pytest.raises(AssertionError):
        check(Answer())
