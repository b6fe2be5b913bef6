"""How many parcels an order becomes: plans by the solver against rules of thumb, over a generated year of orders.

Every policy plans the whole year in a world of its own, where what it ships is gone from the shelves; and each also
says what it would have done with the very shelves that "least cost" had. `_year.py` says how the year is made.

    least cost      shipping, handling, and 5.00 for each parcel beyond the first
    fewest splits   as few parcels as can be, then least cost
    nearest         the nearest node ships what it has, then the next
    nearest whole   the nearest node that has everything, if any has; else the same
    most stock      the node with most of it first, then the next

Intervals hold 95 of 100 times, by drawing weeks anew (bootstrap). Paid is shipping and handling, without the 5.00.

    make bench ARGS="splits"                                   20,000 orders: minutes
    make bench ARGS="splits --orders 200000 --skus 5000 --processes 4"
    make bench ARGS="splits --orders 3000 --sweep-weeks 8"
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from bench._lives import Job, live
from bench._worlds import COUNTS, POLICIES, Policy, Weeks
from bench._year import WEEKS
from services.routing.domain.demand import Method

_SOLVED, _NAIVE = POLICIES[:2], POLICIES[2:]
_SWEPT = (0, 250, 500, 1000, 2000)
_DRAWS = 2000
_CLAIM = 42


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and where it lies 95 of 100 times."""

    value: float
    low: float
    high: float


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--orders", type=int, default=20_000)
    said.add_argument("--skus", type=int, default=1000)
    said.add_argument("--single", type=float, default=0.5, help="share of orders of one line")
    said.add_argument("--sweep-weeks", type=int, default=13, help="for other costs of a split; 0 for none")
    said.add_argument("--seed", type=int, default=1)
    said.add_argument("--processes", type=int, default=2)
    said.add_argument("--json", action="store_true")
    chosen = said.parse_args()
    console = Console(stderr=chosen.json, width=120)
    worlds, swept = _live(chosen, console)
    if chosen.json:
        print(json.dumps(_document(worlds, swept), indent=1))
        return
    _show(console, worlds, swept)


def _live(chosen: argparse.Namespace, console: Console) -> tuple[dict[str, list[Weeks]], dict[int, Weeks]]:
    """Return the weeks of each policy (its own world first, then the others on its shelves), and by cost of a split."""
    year = chosen.orders, chosen.skus, chosen.single, chosen.seed
    jobs = [Job(policy, POLICIES[1:] if policy is POLICIES[0] else (), WEEKS) for policy in POLICIES]
    sweep = [
        Job(Policy(f"split {cost}", Method.LEAST_COST, split_cost=cost), (), chosen.sweep_weeks)
        for cost in (_SWEPT if chosen.sweep_weeks else ())
    ]
    total = sum(chosen.orders * job.weeks // WEEKS for job in jobs + sweep)
    columns = *Progress.get_default_columns(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("orders", total=total)
        told = lambda planned: progress.update(task, completed=planned)  # noqa: E731 - it closes over the task
        results = live(jobs + sweep, *year, processes=chosen.processes, told=told)
    worlds = {job.policy.name: found for job, found in zip(jobs, results, strict=False)}
    return worlds, {job.policy.split_cost: found[0] for job, found in zip(sweep, results[len(jobs) :], strict=True)}


def _reduced(one: Weeks, other: Weeks, name: str, weeks: int = WEEKS) -> Estimate:
    """Return by how many percent there are fewer of these in one than in the other."""
    ratio = _ratio(one, other, name, weeks)
    return Estimate(100 - 100 * ratio.value, 100 - 100 * ratio.high, 100 - 100 * ratio.low)


def _ratio(one: Weeks, other: Weeks, name: str, weeks: int = WEEKS) -> Estimate:
    above, below = one.sums(name)[:weeks], other.sums(name)[:weeks]
    drawn = np.random.default_rng(1).integers(0, weeks, (_DRAWS, weeks))
    ratios = above[drawn].sum(1) / np.maximum(below[drawn].sum(1), 1e-9)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return Estimate(float(above.sum() / max(below.sum(), 1e-9)), float(low), float(high))


def _show(console: Console, worlds: dict[str, list[Weeks]], swept: dict[int, Weeks]) -> None:
    own = {name: found[0] for name, found in worlds.items()}
    console.print(_policies("Each in a world of its own", list(own.values())))
    shelves = {weeks.name: weeks for weeks in worlds[_SOLVED[0].name]}
    console.print(_policies("All on the shelves that least cost had", list(shelves.values())))
    console.print(_comparison("Percent less than rules of thumb, each in a world of its own", own))
    console.print(_comparison("Percent less than rules of thumb, on the same shelves", shelves))
    if swept:
        console.print(_sweep(swept, own))
    console.print(_verdict(own))


def _policies(title: str, found: Sequence[Weeks]) -> Table:
    heads = (
        "parcels",
        "split orders",
        "of > 1 line",
        "paid",
        "days to last",
        "left behind",
        "out of stock",
    )
    table = _table(title, "policy", *heads)
    for weeks in found:
        sums = {
            name: float(weeks.sums(name).sum()) for name in ("shipments", "split", "several", "paid", "days", "left")
        }
        orders, carried = weeks.sums("orders").sum(), weeks.sums("carried").sum()
        table.add_row(
            weeks.name,
            f"{sums['shipments'] / orders:.3f}",
            f"{sums['split'] / orders:.1%}",
            f"{sums['split'] / max(1, sums['several']):.1%}",
            f"{sums['paid'] / orders:.2f}",
            f"{sums['days'] / orders:.2f}",
            f"{sums['left'] / weeks.sums('units').sum():.2%}",
            f"{weeks.sums('out').sum() / carried:.1%}" if carried else "",
        )
    return table


def _comparison(title: str, found: dict[str, Weeks]) -> Table:
    heads = ("split orders", "extra parcels", "paid", "days to last")
    table = _table(title, "plans", "against", *heads)
    for solved in _SOLVED:
        for naive in _NAIVE:
            one, other = found[solved.name], found[naive.name]
            table.add_row(
                solved.name,
                naive.name,
                *(_written(_reduced(one, other, name)) for name in ("split", "extra", "paid", "days")),
            )
        table.add_section()
    return table


def _sweep(swept: dict[int, Weeks], own: dict[str, Weeks]) -> Table:
    weeks = int(np.count_nonzero(next(iter(swept.values())).sums("orders")))
    table = _table(
        f"Least cost, by what a split counts; the first {weeks} weeks, each in a world of its own",
        "a split",
        "split orders",
        "paid",
        *(f"extra, % below {naive.name}" for naive in _NAIVE),
    )
    for cost, found in swept.items():
        orders = found.sums("orders").sum()
        table.add_row(
            f"{cost / 100:.2f}",
            f"{found.sums('split').sum() / orders:.1%}",
            f"{found.sums('paid').sum() / orders:.2f}",
            *(_written(_reduced(found, own[naive.name], "extra", weeks)) for naive in _NAIVE),
        )
    return table


def _verdict(own: dict[str, Weeks]) -> str:
    """Say where the claim of the field is reached, at equal or lower cost."""
    said = [
        f"The field claims up to {_CLAIM} % fewer split shipments. Extra parcels, each policy in a world of its own:"
    ]
    for solved in _SOLVED:
        for naive in _NAIVE:
            fewer = _reduced(own[solved.name], own[naive.name], "extra")
            paid = _ratio(own[solved.name], own[naive.name], "paid")
            cost = "less" if paid.high <= 1 else "more" if paid.low > 1 else "as much"
            reached = "reached" if fewer.low >= _CLAIM and paid.high <= 1 else "NOT reached"
            said.append(f"  {solved.name} against {naive.name}: {fewer.value:.0f} % fewer, paying {cost}: {reached}")
    return "\n".join(said)


def _written(one: Estimate) -> str:
    return f"{one.value:.1f} [{one.low:.1f}, {one.high:.1f}]"


def _table(title: str, *heads: str) -> Table:
    table = Table(*heads, title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _document(worlds: dict[str, list[Weeks]], swept: dict[int, Weeks]) -> dict[str, Any]:
    def table(weeks: Weeks) -> dict[str, float]:
        return {name: round(float(weeks.sums(name).sum()), 2) for name in COUNTS}

    own = {name: found[0] for name, found in worlds.items()}
    return {
        "own": {name: table(weeks) for name, weeks in own.items()},
        "same_shelves": {weeks.name: table(weeks) for weeks in worlds[_SOLVED[0].name]},
        "sweep": {str(cost): table(weeks) for cost, weeks in swept.items()},
    }


if __name__ == "__main__":
    main()
