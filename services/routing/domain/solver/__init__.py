"""The solver: which sources ship which units, by which of their options, at least total cost. Exact, if let."""

from services.routing.domain.solver.instance import read
from services.routing.domain.solver.problem import (
    CannotShipError,
    Option,
    Problem,
    Shipment,
    Solution,
    Source,
    Want,
)
from services.routing.domain.solver.search import Search
from services.routing.domain.solver.single import single

__all__ = [
    "DEFAULT_EFFORT",
    "CannotShipError",
    "Option",
    "Problem",
    "Shipment",
    "Solution",
    "Source",
    "Want",
    "solve",
]

DEFAULT_EFFORT = 1_000


def solve(problem: Problem, *, effort: int = DEFAULT_EFFORT) -> Solution:
    """Return the plan of least cost; where the effort runs out, the best one found and what none can cost less than.

    Raises:
        CannotShipError: no plan has every required source ship something.
    """
    if (plain := single(problem)) is not None:
        return plain
    instance = read(problem)
    missing = problem.required - {instance.names[number] for number in instance.required}
    if missing:
        raise CannotShipError(f"nothing that is wanted can be shipped from {', '.join(sorted(missing))}")
    found = Search(instance, effort).run()
    if found.best is None:
        raise CannotShipError(f"no plan ships from all of {', '.join(sorted(problem.required))}")
    cost, columns, fillings = found.best
    units: dict[int, list[int]] = {column: [0] * len(problem.wants) for column in columns}
    for want, filling in enumerate(fillings):
        for column, taken in filling[1]:
            units[column][want] = taken
    shipments = tuple(
        Shipment(
            source=instance.names[instance.columns[column].source],
            option=instance.columns[column].option,
            units=tuple(units[column]),
        )
        for column in columns
    )
    unserved = (
        tuple(
            want.quantity - sum(parts)
            for want, parts in zip(problem.wants, zip(*units.values(), strict=True), strict=True)
        )
        if units
        else tuple(want.quantity for want in problem.wants)
    )
    return Solution(
        shipments=shipments,
        unserved=unserved,
        cost=cost,
        lower_bound=found.lower_bound,
        proven=found.lower_bound == cost,
        explored=found.explored,
    )
