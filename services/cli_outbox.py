"""`oms outbox`: what services still owe to the outside, and what could not be delivered."""

from typing import Annotated

import typer

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub
from services.chassis.settings import Settings
from services.cli_output import AsJson, call, emit, out, run, table

app = typer.Typer(help="What services still owe to Temporal and to subscribers.", no_args_is_help=True)
GROUPS = {"outbox": app}

Service = Annotated[str, typer.Argument(help="Whose outbox: intake, inventory, routing, fulfillment or returns.")]


@app.command("list", epilog="Example: oms outbox list intake --dead")
def list_events(
    service: Service,
    *,
    dead: Annotated[bool, typer.Option(help="Only what was given up.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is not delivered yet, oldest first."""
    state = pb.OutboxEvent.STATE_DEAD if dead else pb.OutboxEvent.STATE_UNSPECIFIED
    request = pb.ListOutboxEventsRequest(state=state, page_size=200)
    answer = run(call(OutboxServiceStub, _address(service), lambda stub: stub.ListOutboxEvents(request)))
    emit(
        answer,
        as_json=as_json,
        render=lambda: table(
            f"Undelivered by {service}",
            ("event", "sink", "key", "type", "state", "attempts", "last error"),
            (
                (
                    event.event_id,
                    event.sink,
                    event.key,
                    event.type,
                    pb.OutboxEvent.State.Name(event.state).removeprefix("STATE_"),
                    event.attempts,
                    event.last_error,
                )
                for event in answer.events
            ),
        ),
    )


@app.command(epilog="Example: oms outbox replay intake evt_01K…   (all dead ones where none is named)")
def replay(
    service: Service,
    event_ids: Annotated[list[str] | None, typer.Argument(help="Which dead events; all of them by default.")] = None,
) -> None:
    """Try dead events again."""
    request = pb.ReplayOutboxEventsRequest(event_ids=event_ids or [])
    answer = run(call(OutboxServiceStub, _address(service), lambda stub: stub.ReplayOutboxEvents(request)))
    out.print(f"{answer.replayed_count} events are pending again")


def _address(service: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a function of Settings
    name = f"{service}_address"
    if name not in Settings.model_fields or service == "temporal":
        raise typer.BadParameter("say intake, inventory, routing, fulfillment or returns")
    return lambda settings: getattr(settings, name)
