"""`oms route calendars|carriers|products`, and how networks are imported and exported."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.calendar_pb2 import Calendar
from oms.routing.v1.carrier_pb2 import CarrierService
from oms.routing.v1.network_pb2 import Network, Product
from services.cli_output import AsJson, emit, print_json, request_id, table
from services.routing import cli_problems
from services.routing.cli_words import ask
from services.routing.files import networks, plain_yaml
from services.routing.problem import field_problems

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub

calendars = typer.Typer(help="Calendars: when nodes work.", no_args_is_help=True, rich_markup_mode="rich")
carriers = typer.Typer(help="Carrier services: who takes parcels.", no_args_is_help=True, rich_markup_mode="rich")
products = typer.Typer(help="Products: what SKUs are like.", no_args_is_help=True, rich_markup_mode="rich")

_PAGE = 500
_BATCH = 5000


class Format(StrEnum):
    """What a network is written in."""

    YAML = "yaml"
    CSV = "csv"


@calendars.command("list", epilog="Example: oms route calendars list")
def list_calendars(*, as_json: AsJson = False) -> None:
    """List the calendars."""
    answer = ask(_calendars)
    emit(answer, as_json=as_json, render=lambda: table("Calendars", _CALENDAR, map(_calendar_row, answer.calendars)))


@carriers.command("list", epilog="Example: oms route carriers list")
def list_carriers(*, as_json: AsJson = False) -> None:
    """List the carrier services."""
    answer = ask(_carrier_services)
    emit(answer, as_json=as_json, render=lambda: table("Carriers", _SERVICE, map(_row, answer.carrier_services)))


@products.command("list", epilog="Example: oms route products list --sku TEE-BLK-M")
def list_products(
    *,
    sku: Annotated[list[str] | None, typer.Option(help="Only this SKU; as often as needed.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what was said of SKUs."""
    answer = ask(lambda stub: _products(stub, sku or []))
    emit(answer, as_json=as_json, render=lambda: table("Products", _PRODUCT, map(_product_row, answer.products)))


@products.command("import", epilog="Example: oms route products import products.csv")
def import_products(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or YAML, by its ending.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say what SKUs are like, 5,000 at a time. CSV has the columns that `products list --json` has fields."""
    try:
        entries, problems = networks.read_products(file)
    except plain_yaml.Unreadable as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from error
    requests = [
        rpc.PutProductsRequest(request_id=request_id(), products=entries[start : start + _BATCH])
        for start in range(0, len(entries), _BATCH)
    ]
    for request in requests:
        problems = problems or field_problems(request, "")
    if problems:
        cli_problems.refuse(problems, as_json=as_json)

    async def put(stub: "RoutingServiceAsyncStub") -> int:
        return sum([(await stub.PutProducts(request)).changed for request in requests])

    changed = ask(put)
    if as_json:
        print_json({"products": len(entries), "changed": changed})
    else:
        typer.echo(f"{len(entries)} products, {changed} of them new or different")


def import_network(file: Path, *, check: bool, as_json: bool) -> None:
    """Import a file, or only say what it would do. Where there are problems, show all of them and exit with 1."""
    try:
        network, problems = networks.read_network(file)
    except plain_yaml.Unreadable as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from error
    request = rpc.ImportNetworkRequest(request_id=request_id(), network=network, validate_only=True)
    problems = problems or field_problems(request, "network.")
    if problems:
        cli_problems.refuse(problems, as_json=as_json)

    async def send(stub: "RoutingServiceAsyncStub") -> rpc.ImportNetworkResponse:
        # An error has no room for all the problems that a file can have; this answer has.
        answer: rpc.ImportNetworkResponse = await stub.ImportNetwork(request)
        if not check and not answer.problems:
            request.validate_only = False
            answer = await stub.ImportNetwork(request)
        return answer

    answer = ask(send)
    if answer.problems:
        cli_problems.refuse(answer.problems, as_json=as_json)
    rows = [(change.entry, change.outcome) for change in answer.changes]
    emit(answer, as_json=as_json, render=lambda: table("Would be" if check else "Imported", ("entry", "outcome"), rows))


def export_network(written: Format) -> None:
    """Write the network to stdout."""
    network = ask(_network)
    sys.stdout.write(networks.network_yaml(network) if written is Format.YAML else networks.nodes_csv(network))


async def _network(stub: "RoutingServiceAsyncStub") -> Network:
    nodes, request = Network(), rpc.ListNodesRequest(page_size=_PAGE)
    while True:
        page = await stub.ListNodes(request)
        nodes.nodes.extend(page.nodes)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    nodes.calendars.extend((await _calendars(stub)).calendars)
    nodes.carrier_services.extend((await _carrier_services(stub)).carrier_services)
    return nodes


async def _calendars(stub: "RoutingServiceAsyncStub") -> rpc.ListCalendarsResponse:
    request, everything = rpc.ListCalendarsRequest(page_size=_PAGE), rpc.ListCalendarsResponse()
    while True:
        page = await stub.ListCalendars(request)
        everything.calendars.extend(page.calendars)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return everything


async def _carrier_services(stub: "RoutingServiceAsyncStub") -> rpc.ListCarrierServicesResponse:
    request, everything = rpc.ListCarrierServicesRequest(page_size=_PAGE), rpc.ListCarrierServicesResponse()
    while True:
        page = await stub.ListCarrierServices(request)
        everything.carrier_services.extend(page.carrier_services)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return everything


async def _products(stub: "RoutingServiceAsyncStub", skus: list[str]) -> rpc.ListProductsResponse:
    request, everything = rpc.ListProductsRequest(page_size=_PAGE, skus=skus), rpc.ListProductsResponse()
    while True:
        page = await stub.ListProducts(request)
        everything.products.extend(page.products)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return everything


_CALENDAR = ("calendar", "name", "hours", "holidays", "days off", "special days")
_SERVICE = ("service", "name", "level", "zones", "collects until", "delivers by", "surcharges", "state")
_PRODUCT = ("sku", "grams", "millimetres", "needs", "origin", "hs code")


def _calendar_row(calendar: Calendar) -> tuple[object, ...]:
    days = [
        f"{Calendar.Day.Name(it.day).removeprefix('DAY_')[:3].title()} {it.start}–{it.end}" for it in calendar.hours
    ]
    holidays = "-".join(filter(None, (calendar.holiday_country_code, calendar.holiday_subdivision)))
    numbers = (len(calendar.days_off), len(calendar.special_days))
    return calendar.calendar_id, calendar.display_name, ", ".join(days), holidays or "–", *numbers


def _row(service: CarrierService) -> tuple[object, ...]:
    return (
        f"{service.carrier_code}/{service.service_code}",
        service.display_name,
        service.service_level,
        ", ".join(dict.fromkeys(lane.zone for lane in service.lanes)),
        service.cutoff_time,
        service.delivered_by or "end of the day",
        ", ".join(surcharge.name for surcharge in service.surcharges) or "–",
        f"disabled: {service.disabled_reason}" if service.disabled else "enabled",
    )


def _product_row(product: Product) -> tuple[object, ...]:
    size = f"{product.length_mm} × {product.width_mm} × {product.height_mm}" if product.length_mm else "–"
    needs = " ".join(product.required_capabilities) or "–"
    return product.sku, product.grams, size, needs, product.origin_country_code or "–", product.hs_code or "–"
