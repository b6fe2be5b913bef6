"""Channels: how each one that sells looks at stock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.inventory.domain.atp import View


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPolicy:
    """What a channel may sell. One that says nothing sees all stock that is ring-fenced for nobody."""

    channel: str = ""
    segment: str = ""
    threshold: int = 0
    excluded_node_ids: frozenset[str] = frozenset()
    sku_thresholds: Mapping[str, int] = field(default_factory=dict)

    def view(self, sku: str) -> View:
        """Return how the channel looks at one SKU: a threshold of the SKU's own stands for that of all."""
        return View(
            channel=self.channel,
            segment=self.segment,
            threshold=self.sku_thresholds.get(sku, self.threshold),
            excluded_node_ids=self.excluded_node_ids,
        )


def other_thresholds(before: ChannelPolicy, after: ChannelPolicy) -> set[str]:
    """Return the SKUs that had a threshold of their own, or have one, and another one now than before."""
    named = before.sku_thresholds.keys() | after.sku_thresholds.keys()
    return {sku for sku in named if before.view(sku).threshold != after.view(sku).threshold}
