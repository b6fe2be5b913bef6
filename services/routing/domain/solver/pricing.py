"""What a set of columns costs, to the last unit of money: each want apart, as nothing but the opening is shared."""

from collections.abc import Sequence

from services.routing.domain.solver.instance import Instance

# (cost, units by column)
Filling = tuple[int, tuple[tuple[int, int], ...]]
# (cost, columns that ship, fillings by want)
Priced = tuple[int, tuple[int, ...], tuple[Filling, ...]]


class Pricing:
    """Prices sets of columns. What a want costs from the columns that have it is remembered.

    Making idle sources ship may take any number of steps, so that there are only so many once a plan is known;
    `doubtful` is what a set may cost, at least, that was given up for want of them.
    """

    def __init__(self, instance: Instance, steps: int) -> None:
        self._instance, self._steps = instance, steps
        self.doubtful: int | None = None
        self._known: dict[tuple[int, ...], Filling] = {}

    def price(self, columns: Sequence[int]) -> Priced:
        """Return the least cost when at most these columns ship; those that ship nothing are left out and not paid."""
        instance = self._instance
        holders: list[list[int]] = [[] for _ in instance.targets]
        for column in columns:
            for entry in instance.columns[column].entries:
                holders[entry[0]].append(column)
        fillings = tuple([self._fill(want, held) for want, held in enumerate(holders)])
        return self._sum(fillings)

    def price_all(self, columns: Sequence[int], limit: int | None) -> Priced | None:
        """Return the least cost of a plan, less than the limit, that is no dearer than any in which all of these ship.

        A column that ships nothing is left out, which cannot cost more, unless its source must ship or opening it pays:
        then it is made to ship one unit of its first want, or none of that and one of its second, and so on.
        """
        best: Priced | None = None
        stack: list[tuple[tuple[tuple[int, int], ...], frozenset[tuple[int, int]]]] = [((), frozenset())]
        while stack:
            forced, banned = stack.pop()
            priced = self._forced(columns, forced, banned) if forced else self.price(columns)
            if priced is None:
                continue
            idle = self._missing(columns, priced)
            cost = priced[0] + sum([self._instance.columns[column].fixed for column in idle])
            if idle and not priced[1]:
                cost -= self._instance.split_cost
            if limit is not None and cost >= limit:
                continue
            if not idle:
                best, limit = priced, cost
                continue
            self._steps -= 1
            if self._steps < 0 and limit is not None:
                self.doubtful = cost if self.doubtful is None else min(cost, self.doubtful)
                continue
            wants = [entry[0] for entry in self._instance.columns[idle[0]].entries]
            pairs = [(idle[0], want) for want in wants if (idle[0], want) not in banned]
            stack += [((*forced, pair), banned | set(pairs[:place])) for place, pair in enumerate(pairs)][::-1]
        return best

    def _missing(self, columns: Sequence[int], priced: Priced) -> list[int]:
        """Return the columns that ship nothing but must, or whose opening pays."""
        instance = self._instance
        if len(columns) == len(priced[1]):
            return []
        shipping = set(priced[1])
        return [
            number
            for number in columns
            if number not in shipping
            and (
                instance.columns[number].fixed < max(0, instance.split_cost)
                or instance.columns[number].source in instance.required
            )
        ]

    def _sum(self, fillings: tuple[Filling, ...]) -> Priced:
        instance = self._instance
        cost = instance.lost
        shipping: set[int] = set()
        for filling in fillings:
            cost += filling[0]
            for column, _ in filling[1]:
                shipping.add(column)
        if shipping:
            cost -= instance.split_cost
            for column in shipping:
                cost += instance.columns[column].fixed
        return cost, tuple(sorted(shipping)), fillings

    def _forced(
        self, columns: Sequence[int], forced: Sequence[tuple[int, int]], banned: frozenset[tuple[int, int]]
    ) -> Priced | None:
        """Price with the pairs of column and want that are forced, and without those that are banned."""
        fillings = []
        for want in range(len(self._instance.targets)):
            held = [number for number in columns if self._offers(number, want) and (number, want) not in banned]
            filling = self._fill_forced(want, held, {number for number, it in forced if it == want})
            if filling is None:
                return None
            fillings.append(filling)
        return self._sum(tuple(fillings))

    def _offers(self, number: int, want: int) -> bool:
        column = self._instance.columns[number]
        return column.units[want] > 0 and column.unit[want] is not None

    def _fill_forced(self, want: int, held: Sequence[int], forced: set[int]) -> Filling | None:
        if not forced:
            return self._fill(want, held)
        target = self._instance.targets[want]
        terms = {column: self._instance.columns[column].terms(want) for column in held}
        if not self._instance.may_be_cut[want]:
            if len(forced) > 1:
                return None
            (column,) = forced
            unit, pick, _ = terms[column]
            return unit * target + pick, ((column, target),)
        if len(forced) > target:
            return None
        paid = sum(terms[column][0] + terms[column][1] for column in forced)
        offers = [
            (unit, 0 if column in forced else pick, units - (column in forced), column)
            for column, (unit, pick, units) in terms.items()
        ]
        cost, parts = _cheapest(target - len(forced), self._instance.unserved_costs[want], offers)
        taken = dict.fromkeys(forced, 1)
        for column, units in parts:
            taken[column] = taken.get(column, 0) + units
        return paid + cost, tuple(sorted(taken.items()))

    def _fill(self, want: int, held: Sequence[int]) -> Filling:
        key = (want, *held)
        filling = self._known.get(key)
        if filling is None:
            filling = self._known[key] = self._filled(want, held)
        return filling

    def _filled(self, want: int, held: Sequence[int]) -> Filling:
        instance = self._instance
        target, unserved_cost = instance.targets[want], instance.unserved_costs[want]
        offers = [(*instance.columns[column].terms(want), column) for column in held]
        if instance.may_be_cut[want]:
            return _cheapest(target, unserved_cost, offers)
        whole = min(((unit * target + pick, column) for unit, pick, _, column in offers), default=None)
        if whole is None or whole[0] > unserved_cost * target:
            return unserved_cost * target, ()
        return whole[0], ((whole[1], target),)


Offer = tuple[int, int, int, int]  # (cost of a unit, cost of any, units, column)


def _cheapest(target: int, unserved_cost: int, offers: list[Offer]) -> Filling:
    """Return the cheapest way to have so many units, those that are not had at their price.

    A unit costs at least unit + pick / units, which makes taking the cheapest first a bound, and exact where nobody who
    takes a pick is left with a rest. Elsewhere every subset is tried that the bound allows; within a subset the cheaper
    unit goes first, so all but the last ship all they have.
    """
    offers = [offer for offer in offers if offer[2] > 0]
    if not offers or not target:
        return unserved_cost * target, ()
    offers.sort(key=lambda offer: (offer[0] + offer[1] / min(offer[2], target), offer[3]))
    left, cost, exact = target, 0, True
    parts = []
    for unit, pick, units, column in offers:
        taken, full = min(units, left), min(units, target)
        if not left or unit * taken + pick > unserved_cost * taken:
            # Exact where it would be too dear when full as well, as what comes after is dearer.
            exact = exact and (not left or unit * full + pick >= unserved_cost * full)
            break
        exact = exact and (taken == full or not pick)
        cost += unit * taken + pick
        left -= taken
        parts.append((column, taken))
    cost += left * unserved_cost
    if exact:
        return cost, tuple(sorted(parts))
    return _best_subset(target, unserved_cost, offers, (cost, tuple(sorted(parts))))


def _best_subset(target: int, unserved_cost: int, by_share: list[Offer], best: Filling) -> Filling:
    """Search the subsets, the cheaper unit first, from a filling that is to be bettered."""
    order = sorted((offer for offer in by_share if offer[0] < unserved_cost), key=lambda offer: (offer[0], offer[3]))
    shares = [(offer[0] + offer[1] / min(offer[2], target), offer[2], offer[0], offer[3]) for offer in by_share]

    def bound(place: int, left: int) -> float:
        least = 0.0
        first = (order[place][0], order[place][3]) if place < len(order) else None
        for share, units, unit, column in shares:
            if first is None or not left or share >= unserved_cost:
                break
            if (unit, column) >= first:
                taken = min(units, left)
                least += share * taken
                left -= taken
        return least + left * unserved_cost

    stack: list[tuple[int, int, int, tuple[tuple[int, int], ...]]] = [(0, target, 0, ())]
    while stack:
        place, left, cost, parts = stack.pop()
        if cost + left * unserved_cost < best[0]:
            best = cost + left * unserved_cost, tuple(sorted(parts))
        if not left or place == len(order) or cost + bound(place, left) > best[0] - 1 + 1e-3 + 1e-12 * abs(best[0]):
            continue
        unit, pick, units, column = order[place]
        taken = min(units, left)
        stack.append((place + 1, left, cost, parts))
        stack.append((place + 1, left - taken, cost + unit * taken + pick, (*parts, (column, taken))))
    return best
