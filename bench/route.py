"""What it costs to plan an order, and how good the plans are.

    cpu     a plan, in CPU inside the service, for orders of so many lines over so many nodes, five services each:
            cold (nobody ordered to this ZIP code before), warm, and with every node's reason (why), as decisions
            have them
    floor   a general solver of integer programs (HiGHS) on the same question, on ten nodes that were ranked before
    calls   PlanOrder and PromiseDelivery by gRPC, inventory and PostgreSQL included, beside a call that does nothing

CPU is what the process used, whatever else the machine does; calls are what callers wait, on an idle machine.

    make bench ARGS="route"
    make bench ARGS="route --lines 3,20 --nodes 50,200 --orders 20 --only cpu"
    make bench ARGS="route --only calls --callers 1,16 --seconds 5"
    make bench ARGS="route --rules us --only cpu"               by the sample rule set: expressions, lateness, scores
"""

import argparse
import asyncio
import itertools
import json
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import _route_calls, _route_cpu, _route_floor
from bench._route_calls import Called
from bench._route_cpu import Cell, at
from bench._route_floor import Floor
from oms.routing.v1.rule_set_pb2 import RuleSet
from services.routing import rules_reading
from services.routing.domain.rules import BUILTIN, Rules
from services.routing.files import documents, plain_yaml, rule_sets

# What a plan is to cost, p50 of CPU in milliseconds, by lines and nodes.
AIMS = {(3, 50): 1.0, (20, 200): 40.0}
# A promise to a lone caller, as a multiple of an empty call.
PROMISE_AIM = 5.0
_FLOOR = 20, 200


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--lines", default="1,3,20,200")
    said.add_argument("--nodes", default="10,50,200,1000")
    said.add_argument("--orders", type=int, default=100, help="of each size")
    said.add_argument("--cell-seconds", type=float, default=20.0, help="of CPU for each size, after three orders")
    said.add_argument("--rules", default="builtin", choices=("builtin", *rule_sets.SAMPLES))
    said.add_argument("--callers", default="1,16")
    said.add_argument("--seconds", type=float, default=5.0, help="of each call")
    said.add_argument("--only", default="cpu,floor,calls")
    said.add_argument("--json", action="store_true")
    chosen = said.parse_args()
    wanted = chosen.only.split(",")
    console = Console(stderr=chosen.json, width=120)
    with Progress(console=console, transient=True) as progress:
        cells = _cells(chosen, progress) if "cpu" in wanted else []
        floor = _floor(chosen, progress) if "floor" in wanted else None
        calls = _called(chosen, progress) if "calls" in wanted else []
    aims = _aims(cells, calls)
    if chosen.json:
        print(json.dumps(_document(cells, floor, calls, aims), indent=1))
        return
    _show(console, cells, floor, calls)
    for what, value, aim in aims:
        console.print(f"{what}: {value:.2f}, aim {aim:g}: {'reached' if value <= aim else 'SHORT'}")


def _cells(chosen: argparse.Namespace, progress: Progress) -> list[Cell]:
    sizes = list(itertools.product(*(map(int, text.split(",")) for text in (chosen.lines, chosen.nodes))))
    rules = _rules(chosen.rules)
    task = progress.add_task("", total=len(sizes) * chosen.orders)
    found = []
    for number, (lines, nodes) in enumerate(sizes, start=1):
        progress.update(task, description=f"{lines} lines, {nodes} nodes")
        found.append(
            _route_cpu.measure(
                lines,
                nodes,
                rules,
                orders=chosen.orders,
                seconds=chosen.cell_seconds,
                told=lambda: progress.advance(task),
            )
        )
        progress.update(task, completed=number * chosen.orders)
    return found


def _rules(name: str) -> Rules:
    if name == "builtin":
        return BUILTIN
    message, _ = documents.read(plain_yaml.load(rule_sets.sample(name)), RuleSet())
    return rules_reading.read(message, f"{name}@1")


def _floor(chosen: argparse.Namespace, progress: Progress) -> Floor:
    orders = min(chosen.orders, 50)
    task = progress.add_task("a general solver on ten nodes", total=orders)
    return _route_floor.measure(*_FLOOR, orders=orders, told=lambda: progress.advance(task))


def _called(chosen: argparse.Namespace, progress: Progress) -> list[Called]:
    task = progress.add_task("starting", total=None)
    with _route_calls.house() as house:
        callers = [int(text) for text in chosen.callers.split(",")]
        told = lambda what: progress.update(task, description=what)  # noqa: E731 - it closes over the task
        return asyncio.run(_route_calls.measure(house, callers, chosen.seconds, told))


def _aims(cells: list[Cell], calls: list[Called]) -> list[tuple[str, float, float]]:
    found = []
    for cell in cells:
        aim = AIMS.get((cell.lines, cell.nodes))
        if aim is not None:
            what = f"{cell.lines} lines × {cell.nodes} nodes, {cell.rules}, p50 ms of CPU"
            found += [(what, at(cell.warm, 0.5), aim), (f"{what}, reasons too", at(cell.told, 0.5), aim)]
    lone = {one.what: one.seen.p50_ms for one in calls if one.seen.callers == 1}
    if "PromiseDelivery" in lone and lone.get("empty call"):
        found.append(
            ("a lone caller's promise × empty call", lone["PromiseDelivery"] / lone["empty call"], PROMISE_AIM)
        )
    return found


def _show(console: Console, cells: list[Cell], floor: Floor | None, calls: list[Called]) -> None:
    if cells:
        console.print(_cpu_table(cells))
    if floor is not None:
        console.print(_floor_table(floor))
        console.print(
            f"The same least cost in {floor.agreed} of {len(floor.highs)}. In {floor.short} the ten nodes had not "
            f"everything that all had; in the others their plan cost up to {max(floor.dearer, default=0):.1%} more."
        )
    if calls:
        console.print(_calls_table(calls))


def _cpu_table(cells: list[Cell]) -> Table:
    title = f"CPU of a plan, ms, rules {cells[0].rules}"
    heads = ("cold p50", "p99", "warm p50", "p99", "+why p50", "p99", "parcels", "proven", "gap ≤")
    table = _table(title, "lines", "nodes", "orders", *heads)
    for cell in cells:
        times = (at(values, share) for values in (cell.cold, cell.warm, cell.told) for share in (0.5, 0.99))
        count = len(cell.warm)
        table.add_row(
            str(cell.lines),
            str(cell.nodes),
            str(count),
            *(f"{value:,.2f}" for value in times),
            f"{cell.shipments / count:.1f}",
            f"{cell.proven / count:.0%}",
            f"{max(cell.gaps):.2%}" if cell.gaps else "",
        )
    return table


def _floor_table(floor: Floor) -> Table:
    table = _table(f"CPU of solving {floor.lines} lines over {floor.nodes} nodes, ms", "solver", "nodes", "p50", "p99")
    for name, nodes, values in (
        ("HiGHS", "10 ranked", floor.highs),
        ("ours", "10 ranked", floor.ours),
        ("ours", "all", floor.ours_all),
    ):
        table.add_row(name, nodes, f"{at(values, 0.5):,.2f}", f"{at(values, 0.99):,.2f}")
    return table


def _calls_table(calls: list[Called]) -> Table:
    title = f"{_route_calls.LINES} lines over {_route_calls.NODES} nodes, by gRPC"
    heads = ("p50 ms", "p99 ms", "× empty", "calls/s", "CPU of routing, ms", "without plan")
    table = _table(title, "callers", "call", *heads)
    empty = {one.seen.callers: one.seen.p50_ms for one in calls if one.what == "empty call"}
    for one in calls:
        seen = one.seen
        table.add_row(
            str(seen.callers),
            one.what,
            f"{seen.p50_ms:.2f}",
            f"{seen.p99_ms:.2f}",
            f"{seen.p50_ms / empty[seen.callers]:.1f}",
            f"{seen.per_second:,.0f}",
            "" if one.cpu_ms is None else f"{one.cpu_ms:.2f}",
            str(seen.refused),
        )
    return table


def _table(title: str, *heads: str) -> Table:
    table = Table(*heads, title=title)
    for column in table.columns:
        column.justify = "right"
    return table


def _document(
    cells: list[Cell], floor: Floor | None, calls: list[Called], aims: list[tuple[str, float, float]]
) -> dict[str, Any]:
    return {
        "cpu": [asdict(cell) for cell in cells],
        "floor": asdict(floor) if floor else None,
        "calls": [asdict(one) for one in calls],
        "aims": [{"what": what, "value": value, "aim": aim, "reached": value <= aim} for what, value, aim in aims],
    }


if __name__ == "__main__":
    main()
