"""The short way for most orders: one source ships everything, and that is proved to be best without any search."""

from collections.abc import Sequence

from services.routing.domain.solver.problem import Option, Problem, Shipment, Solution


def single(problem: Problem) -> Solution | None:
    """Return the best plan of one shipment if no plan of more, or of none, can cost less; None where that is not plain.

    The bound for more: each want at the least that any option asks for it, the two lowest fixed costs, one split, and
    every further shipment only if it brings money.
    """
    if problem.required:
        return None
    best: tuple[int, str, str] | None = None
    # Of each want: the least that a unit and a pick cost anywhere.
    units, picks = [want.unserved_cost for want in problem.wants], [-1] * len(problem.wants)
    fixed: list[int] = []
    wanted = [want.quantity for want in problem.wants]
    for source in problem.sources:
        stock = source.stock
        covers = all(had >= quantity for had, quantity in zip(stock, wanted, strict=True))
        cheapest: int | None = None
        for option in source.options:
            _lower(units, picks, stock, option)
            if cheapest is None or option.fixed < cheapest:
                cheapest = option.fixed
            cost = _cost(option, wanted) if covers else None
            if cost is not None:
                mine = cost, source.key, option.key
                best = mine if best is None else min(best, mine)
        if cheapest is not None:
            fixed.append(cheapest + problem.split_cost)
    if best is None or best[0] > _bound(problem, units, picks, sorted(fixed)):
        return None
    cost, source_key, option_key = best
    shipment = Shipment(source=source_key, option=option_key, units=tuple(wanted))
    return Solution(
        shipments=(shipment,), unserved=(0,) * len(wanted), cost=cost, lower_bound=cost, proven=True, explored=0
    )


def _lower(units: list[int], picks: list[int], stock: Sequence[int], option: Option) -> None:
    """Lower what a unit and a pick cost anywhere to what they cost here. (Comparing is half the price of `min`.)"""
    for index, price in enumerate(option.unit):
        if price is None or not stock[index]:
            continue
        if price < units[index]:  # noqa: PLR1730
            units[index] = price
        pick = option.pick[index]
        if picks[index] < 0 or pick < picks[index]:
            picks[index] = pick


def _cost(option: Option, wanted: list[int]) -> int | None:
    """Return what it costs to ship everything by this option; None where it may not carry something."""
    cost = option.fixed
    for quantity, price, pick in zip(wanted, option.unit, option.pick, strict=True):
        if price is None:
            return None
        cost += quantity * price + pick
    return cost


def _bound(problem: Problem, units: list[int], picks: list[int], fixed: list[int]) -> float:
    """Return what no other kind of plan costs less than: none at all, one shipment that leaves something, or more."""
    served, nothing = 0, 0
    for want, unit, pick in zip(problem.wants, units, picks, strict=True):
        whole = want.quantity * want.unserved_cost
        served += min(whole, want.quantity * unit + max(0, pick))
        nothing += whole
    # Whoever leaves something leaves a unit at least, at what that costs more than to ship it.
    left = min(want.unserved_cost - unit for want, unit in zip(problem.wants, units, strict=True))
    some = fixed[0] - problem.split_cost + served + left - max(0, *picks)
    if len(fixed) < 2 or problem.max_shipments == 1:
        return min(nothing, some)
    more = fixed[0] + fixed[1] + sum(one for one in fixed[2:] if one < 0) - problem.split_cost + served
    return min(nothing, some, more)
