"""Our own stock files, and what is in them."""

import os
from collections.abc import Iterable
from pathlib import Path

from services.inventory.files import Content, Count, ExpectedSupply, Kind, Refusal, read

DOCUMENTS = Path(__file__).parent / "documents"
SAMPLES = Path(os.environ.get("OMS_SAMPLES") or Path(__file__).parents[4] / "shared/samples/open")


def document(name: str) -> bytes:
    """Return one of our documents, such as "counts.csv"."""
    return (DOCUMENTS / name).read_bytes()


def figures(
    content: Content, kind: Kind = Kind.CSV, default_node: str = ""
) -> tuple[list[Count], list[ExpectedSupply], list[Refusal]]:
    """Return the counts, the supplies and the refusals of a file."""
    found = list(read(content, kind, default_node=default_node))
    counts = [one for one in found if isinstance(one, Count)]
    supplies = [one for one in found if isinstance(one, ExpectedSupply)]
    return counts, supplies, [one for one in found if isinstance(one, Refusal)]


def counted(content: Content, kind: Kind = Kind.CSV, default_node: str = "") -> list[Count]:
    """Return the counts of a file in which nothing is refused."""
    counts, _, refusals = figures(content, kind, default_node)
    assert refusals == []
    return counts


def one_refusal(content: Content, kind: Kind = Kind.CSV, default_node: str = "") -> Refusal:
    """Return the only refusal of a file."""
    (refusal,) = figures(content, kind, default_node)[2]
    return refusal


def brief(counts: Iterable[Count]) -> list[tuple[str, str, int]]:
    """Return what counts say in short."""
    return [(one.sku, one.node_id, one.on_hand) for one in counts]
