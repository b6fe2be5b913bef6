"""`oms temporal`: prepare a Temporal namespace for the processes."""

import asyncio

import typer

from services.chassis.settings import Settings
from services.cli_output import err, out
from workflows.search_attributes import SERVER_TYPES

app = typer.Typer(help="Prepare Temporal for the processes.", no_args_is_help=True)
GROUPS = {"temporal": app}


@app.callback()
def _group() -> None:
    """Prepare Temporal for the processes."""


@app.command(epilog="Example: OMS_TEMPORAL_ADDRESS=temporal-frontend:7233 oms temporal setup")
def setup() -> None:
    """Register the search attributes that operators look by. What is there already is left alone."""
    settings = Settings()
    try:
        added = asyncio.run(_register(settings.temporal_address, settings.temporal_namespace))
    except RuntimeError as error:
        err.print(f"Temporal at {settings.temporal_address} does not answer: {error}", highlight=False)
        raise typer.Exit(1) from None
    out.print(f"registered {', '.join(sorted(added))}" if added else "everything was registered before")


async def _register(address: str, namespace: str) -> list[str]:
    from temporalio.api.enums.v1 import IndexedValueType
    from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
    from temporalio.client import Client

    client = await Client.connect(address, namespace=namespace)
    known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    missing = {
        name: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}")
        for name, kind in SERVER_TYPES.items()
        if name not in known.custom_attributes
    }
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        )
    return list(missing)
