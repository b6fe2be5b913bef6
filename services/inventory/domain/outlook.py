"""The outlook of a SKU: what `atp` says of it when all that is known is laid side by side; bundles have one too.

A bundle is promised as whole ones that a node can make of the components there, and never beyond what is promised of
any component: who waits for a bundle waits for its components, so those who share them never sell a unit twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from services.inventory.domain import atp, bundles
from services.inventory.domain.atp import Arrival, Due, Step
from services.inventory.domain.bundles import Component
from services.inventory.domain.channels import ChannelPolicy
from services.inventory.domain.position import Pair, Position

Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one SKU. Dues and unrouted demand are its own and, in its units, those of bundles of it."""

    sku: str
    positions: Sequence[Position] = ()
    supply: Mapping[str, Sequence[Arrival]] = field(default_factory=dict)
    dues: Sequence[Due] = ()
    unrouted: int = 0
    components: Sequence[Component] = ()
    # Units at nodes that are kept for whoever asks: they are reserved, and not for others.
    kept: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What may be promised of one SKU: `steps` by date, the first one now."""

    sku: str
    steps: Steps

    @property
    def now(self) -> int:
        """Units that may be sold now."""
        return self.steps[0].quantity


def outlook(sku: str, facts: Mapping[str, Facts], policy: ChannelPolicy, now: datetime) -> Outlook:
    """Return what a channel may promise of a SKU; the facts of its components are among the facts."""
    known = facts[sku]
    if not known.components:
        return Outlook(sku=sku, steps=_promised(known, policy, now))
    at_nodes = _made_later(known, facts, policy.segment, now)
    whole = Facts(
        sku=sku,
        positions=[_made(sku, node_id, steps[0], now) for node_id, steps in at_nodes.items()],
        supply={node_id: _grown(steps) for node_id, steps in at_nodes.items()},
        dues=known.dues,
        unrouted=known.unrouted,
    )
    parts = {one.sku: _promised(facts[one.sku], policy, now) for one in known.components}
    steps = _least(_promised(whole, policy, now), _together(parts, known.components))
    return Outlook(sku=sku, steps=steps)


def free_by_node(known: Facts, facts: Mapping[str, Facts], segment: str) -> dict[str, int]:
    """Return what can be reserved of a SKU now at each node that has it; never below zero."""
    free = _made_now(known, facts, segment) if known.components else _free(known, segment)
    kept = {node_id: free.get(node_id, 0) + units for node_id, units in known.kept.items()}
    return {node_id: max(0, units) for node_id, units in sorted({**free, **kept}.items())}


def by_node(known: Facts, facts: Mapping[str, Facts], segment: str, now: datetime) -> dict[str, Steps]:
    """Return the same by date, as supply comes to each node. Who waits does not count."""
    if known.components:
        made = _made_later(known, facts, segment, now)
        start = (Step(now, 0),)
        return {
            node_id: tuple(
                Step(one.time, one.quantity + known.kept.get(node_id, 0)) for one in made.get(node_id, start)
            )
            for node_id in sorted(made.keys() | known.kept.keys())
        }
    free = _free(known, segment)
    found: dict[str, Steps] = {}
    for node_id in sorted(free.keys() | known.supply.keys() | known.kept.keys()):
        there = free.get(node_id, 0) + known.kept.get(node_id, 0)
        coming = known.supply.get(node_id)
        # Most pairs expect nothing, and a planner asks for thousands.
        found[node_id] = atp.by_date(there, coming, (), now) if coming else (Step(now, max(0, there)),)
    return found


def _free(known: Facts, segment: str) -> dict[str, int]:
    return {one.pair.node_id: atp.free(one, segment) for one in known.positions}


def _made_now(known: Facts, facts: Mapping[str, Facts], segment: str) -> dict[str, int]:
    """Return how many whole bundles the components at each node make; nodes that lack one of them are left out."""
    parts = {one.sku: _free(facts[one.sku], segment) for one in known.components}
    everywhere = set.intersection(*(set(nodes) for nodes in parts.values()))
    return {
        node_id: bundles.available({sku: nodes[node_id] for sku, nodes in parts.items()}, known.components)
        for node_id in everywhere
    }


def _made_later(known: Facts, facts: Mapping[str, Facts], segment: str, now: datetime) -> dict[str, Steps]:
    bare = {one.sku: replace(facts[one.sku], kept={}) for one in known.components}
    parts = {sku: by_node(one, facts, segment, now) for sku, one in bare.items()}
    everywhere = set.intersection(*(set(nodes) for nodes in parts.values()))
    return {
        node_id: _together({sku: nodes[node_id] for sku, nodes in parts.items()}, known.components)
        for node_id in everywhere
    }


def _promised(known: Facts, policy: ChannelPolicy, now: datetime) -> Steps:
    supply = {Pair(known.sku, node_id): arrivals for node_id, arrivals in known.supply.items()}
    view = policy.view(known.sku)
    return atp.timeline(known.positions, supply, known.dues, view, now, unrouted=known.unrouted)


def _made(sku: str, node_id: str, first: Step, now: datetime) -> Position:
    """Return the position that a bundle would have if it lay there ready made."""
    return Position(pair=Pair(sku, node_id), on_hand=first.quantity, update_time=now)


def _grown(steps: Steps) -> list[Arrival]:
    """Return what each step adds to the one before."""
    return [Arrival(step.time, step.quantity - before.quantity) for before, step in pairwise(steps)]


def _together(parts: Mapping[str, Steps], components: Sequence[Component]) -> Steps:
    """Return how many whole bundles the parts make, by date."""
    return _rising(
        (time, bundles.available({sku: _at(steps, time) for sku, steps in parts.items()}, components))
        for time in _times(parts.values())
    )


def _least(one: Steps, other: Steps) -> Steps:
    return _rising((time, min(_at(one, time), _at(other, time))) for time in _times((one, other)))


def _times(timelines: Iterable[Steps]) -> list[datetime]:
    return sorted({step.time for steps in timelines for step in steps})


def _at(steps: Steps, time: datetime) -> int:
    """Return what is promised at a time that is not before the first step."""
    return next(step.quantity for step in reversed(steps) if step.time <= time)


def _rising(points: Iterable[tuple[datetime, int]]) -> Steps:
    """Return the points at which the quantity grows, and the first."""
    steps: list[Step] = []
    for time, quantity in points:
        if not steps or quantity > steps[-1].quantity:
            steps.append(Step(time, quantity))
    return tuple(steps)
