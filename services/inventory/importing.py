"""Stock figures from a file, sent to inventory: counts as a snapshot in parts, expected supplies one by one.

An import that was stopped is run again as it was: its requests have the keys they had, so what was taken over is not
taken over twice. The file is read at least twice, because each part says of how many it is one.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.supply_pb2 import SupplyType
from services.inventory.files import ExpectedSupply, Figure, Refusal
from services.inventory.import_batches import Batch, Survey, batches
from services.inventory.wire import timestamp
from services.kernel import ids
from services.kernel.errors import OmsError

# Refusals and differences that a report lists; the others it counts.
_LISTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDrift:
    """Where a node's figure differed."""

    node_id: str
    drift: rpc.StockDrift


@dataclass(slots=True, kw_only=True)
class Report:
    """What an import did. `stale_parts` are those that changed nothing: they had come before, or are too old."""

    counted: int = 0
    node_ids: set[str] = field(default_factory=set)
    parts: int = 0
    stale_parts: int = 0
    complete: bool = False
    supplies: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    refused: int = 0
    refused_supplies: list[tuple[str, OmsError]] = field(default_factory=list)
    drifts: list[NodeDrift] = field(default_factory=list)
    drifted: int = 0
    exceptions: int = 0


async def import_file(
    stub: Any,
    figures: Callable[[], Iterable[Figure]],
    *,
    source: str,
    sequence: int,
    complete: bool = False,
    chunk: int = 2000,
    progress: Callable[[int], None] = lambda _counted: None,
) -> Report:
    """Send what a file says. `figures` reads it from its beginning, the same each time; `progress` hears how many.

    `complete` says that each node named has nothing but what is named. It is not passed on where anything was refused:
    what could not be read would be taken for nothing. `chunk` must be the same when an import is run again.

    Raises:
        OmsError: a part was not taken over; those before it were. What is wrong with one supply is in the report.
    """
    survey, part_counts = _survey(figures, chunk)
    report = Report(refusals=survey.refusals[:_LISTED], refused=survey.refused)
    report.complete = complete and not survey.refused
    sent: Counter[str] = Counter()
    for one in batches(figures(), Survey(lotted=survey.lotted), chunk):
        if isinstance(one, ExpectedSupply):
            await _create(stub, one, source, sequence, report)
            continue
        sent[one.node_id] += 1
        request = rpc.SyncStockRequest(
            request_id=ids.derived(ids.REQUEST, "import", source, str(sequence), one.node_id, str(sent[one.node_id])),
            source=source,
            sequence=sequence,
            node_id=one.node_id,
            part=sent[one.node_id],
            part_count=part_counts[one.node_id],
            complete=report.complete,
            counts=[rpc.StockCount(sku=sku, on_hand=on_hand) for sku, on_hand in one.counts.items()],
            count_time=timestamp(one.count_time) if one.count_time else None,
        )
        _note(report, one, await stub.SyncStock(request))
        progress(report.counted)
    return report


def _survey(figures: Callable[[], Iterable[Figure]], chunk: int) -> tuple[Survey, Counter[str]]:
    """Return what is refused and which SKUs come in lots, and how many parts each node has."""
    survey = Survey()
    part_counts = _parts(figures(), survey, chunk)
    if survey.lotted:
        part_counts = _parts(figures(), Survey(lotted=survey.lotted), chunk)
    return survey, part_counts


def _parts(figures: Iterable[Figure], survey: Survey, chunk: int) -> Counter[str]:
    return Counter(one.node_id for one in batches(figures, survey, chunk) if isinstance(one, Batch))


def _note(report: Report, batch: Batch, answer: rpc.SyncStockResponse) -> None:
    report.counted += len(batch.counts)
    report.node_ids.add(batch.node_id)
    report.parts += 1
    report.stale_parts += answer.stale
    report.drifted += len(answer.drifts)
    report.exceptions += sum(1 for drift in answer.drifts if drift.drift_exception_id)
    room = _LISTED - len(report.drifts)
    report.drifts += [NodeDrift(node_id=batch.node_id, drift=drift) for drift in answer.drifts[:room]]


async def _create(stub: Any, one: ExpectedSupply, source: str, sequence: int, report: Report) -> None:
    """Announce a supply. One with a reference is the same in every file; one without belongs to its file."""
    belongs = one.reference or f"{source}/{sequence}"
    request = rpc.CreateSupplyRequest(
        request_id=ids.derived(ids.REQUEST, "import", source, belongs, one.sku, one.node_id, one.position),
        type=SupplyType.Value(f"SUPPLY_TYPE_{one.type}"),
        sku=one.sku,
        node_id=one.node_id,
        quantity=one.quantity,
        expect_time=timestamp(one.eta),
        reference=one.reference,
    )
    try:
        await stub.CreateSupply(request)
    except OmsError as error:
        if error.retryable:
            raise
        report.refused_supplies.append((one.position, error))
    else:
        report.supplies += 1
