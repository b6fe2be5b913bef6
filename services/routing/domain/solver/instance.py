"""A problem as numbered columns (a column is one option of one source), with what can never help left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter, le

from services.routing.domain.solver.problem import Option, Problem, Source

_opening = attrgetter("fixed", "key")


@dataclass(slots=True)
class Column:
    """One option of one source. `fixed` holds the split cost too; `units` is what can be had by want. An entry is
    (want, units, cost of a unit when all those units are shipped, pick included)."""

    source: int
    option: str
    fixed: int
    unit: Sequence[int | None]
    pick: Sequence[int]
    units: list[int]
    entries: list[tuple[int, int, float]]

    def terms(self, want: int) -> tuple[int, int, int]:
        """Return what a unit of it costs, what any of it costs, and how many units there are."""
        return self.unit[want] or 0, self.pick[want], self.units[want]


@dataclass(slots=True)
class Instance:
    """Sources and columns by number, in the order of their keys, so that equal problems are solved the same way."""

    targets: list[int]
    unserved_costs: list[int]
    may_be_cut: list[bool]
    # What it costs that some units cannot be had anywhere.
    lost: int
    split_cost: int
    max_shipments: int
    names: list[str]
    columns: list[Column]
    columns_of: list[tuple[int, ...]]
    required: frozenset[int]


def read(problem: Problem) -> Instance:
    """Number the sources that can ship something; leave out options that another of the source is never worse than."""
    wants = problem.wants
    sources = sorted([source for source in problem.sources if any(source.stock)], key=attrgetter("key"))
    targets = _targets(problem, sources)
    least = [1 if want.may_be_cut else target for want, target in zip(wants, targets, strict=True)]
    columns: list[Column] = []
    columns_of: list[tuple[int, ...]] = []
    names: list[str] = []
    required: set[int] = set()
    for source in sources:
        units = [
            0 if there < fewest or not target else min(there, target)
            for there, target, fewest in zip(source.stock, targets, least, strict=True)
        ]
        held = [(want, some) for want, some in enumerate(units) if some]
        if not held:
            continue
        first = len(columns)
        for option in _undominated(source.options):
            unit, pick = option.unit, option.pick
            entries = [
                (want, some, cost + pick[want] / some) for want, some in held if (cost := unit[want]) is not None
            ]
            if entries:
                fixed = option.fixed + problem.split_cost
                columns.append(Column(len(names), option.key, fixed, unit, pick, units, entries))
        if len(columns) > first:
            columns_of.append(tuple(range(first, len(columns))))
            if source.key in problem.required:
                required.add(len(names))
            names.append(source.key)
    return Instance(
        targets=targets,
        unserved_costs=[want.unserved_cost for want in wants],
        may_be_cut=[want.may_be_cut for want in wants],
        lost=sum([(w.quantity - target) * w.unserved_cost for w, target in zip(wants, targets, strict=True)]),
        split_cost=problem.split_cost,
        max_shipments=problem.max_shipments,
        names=names,
        columns=columns,
        columns_of=columns_of,
        required=frozenset(required),
    )


def _targets(problem: Problem, sources: Sequence[Source]) -> list[int]:
    """Return how many units of each want can be had at all."""
    targets = []
    for number, want in enumerate(problem.wants):
        found, wanted = 0, want.quantity
        for source in sources:
            there = source.stock[number]
            if there:
                for option in source.options:
                    if option.unit[number] is not None:
                        found += there
                        break
                if found >= wanted:
                    break
        targets.append(min(found, wanted))
    return targets


def _undominated(options: Sequence[Option]) -> list[Option]:
    """Return the options, by key, for which no other is as good in every respect."""
    if len(options) == 1:
        return list(options)
    kept: list[Option] = []
    for option in sorted(options, key=_opening):
        for other in kept:
            if _never_dearer(other.unit, option.unit) and (
                other.pick == option.pick or all(map(le, other.pick, option.pick))
            ):
                break
        else:
            kept.append(option)
    if len(kept) > 1:
        kept.sort(key=attrgetter("key"))
    return kept


def _never_dearer(one: Sequence[int | None], other: Sequence[int | None]) -> bool:
    if None in one or None in other:
        pairs = zip(one, other, strict=True)
        return all(theirs is None or (mine is not None and mine <= theirs) for mine, theirs in pairs)
    return all(map(le, one, other))  # type: ignore[arg-type]
