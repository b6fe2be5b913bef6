"""What a plan is judged by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A rule set: its version stands in every decision that it made."""

    version: str
    # Costs of nodes in other currencies are converted to this one.
    cost_currency: str
    # What each shipment beyond the first counts, in minor units: annoyance, packaging, a second delivery.
    split_penalty: int
    # How many sets of nodes are tried, and how many lines times sets: keeps the dearest order below a second.
    set_limit: int
    work_limit: int
    # How many nodes the sets are made of: 12 nodes have 298 sets of up to three.
    shortlist: int


BUILTIN = Rules(
    version="builtin-1", cost_currency="USD", split_penalty=500, set_limit=300, work_limit=30_000, shortlist=12
)
