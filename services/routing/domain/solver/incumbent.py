"""The best plan met so far, and what a bound must reach to say that no better one is left."""

from services.routing.domain.solver.instance import Instance
from services.routing.domain.solver.pricing import Priced

# Sums of floats may be off by this part of their size; a bound is believed only as far as that.
DOUBT = 1e-12
_SLACK = 1e-3


class Incumbent:
    """Keeps the cheapest plan that is offered; of those that cost the same, the one with fewer shipments, then by keys.

    Bounds are of plans with a split cost for every shipment, without what can be had nowhere; `enough` is such a bound.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.best: Priced | None = None
        self.enough = float("inf")

    @property
    def limit(self) -> int | None:
        """The cost that is to be bettered."""
        return None if self.best is None else self.best[0]

    @property
    def shipments(self) -> int:
        return 0 if self.best is None else len(self.best[1])

    def offer(self, priced: Priced | None) -> None:
        """Keep a plan if it is the best. It must keep the rules."""
        if priced is not None and (self.best is None or _rank(priced) < _rank(self.best)):
            self.best = priced
            wanted = priced[0] - self._instance.lost + self._instance.split_cost
            # All costs are whole numbers: what is not cheaper by one is not cheaper.
            self.enough = wanted - 1 + _SLACK + DOUBT * abs(wanted)

    def keeps_the_rules(self, priced: Priced) -> bool:
        """Say whether not too many ship, and all do that must."""
        instance = self._instance
        if instance.max_shipments and len(priced[1]) > instance.max_shipments:
            return False
        if not instance.required:
            return True
        return instance.required <= {instance.columns[number].source for number in priced[1]}


def _rank(priced: Priced) -> tuple[int, int, tuple[int, ...]]:
    return priced[0], len(priced[1]), priced[1]
