"""CSV: counts, or expected supplies where the header has a column `eta`.

The first row that is not blank names the columns, in any order and case (`csv_header.NAMES`); other columns are left
out. A position is the line on which a row begins, as an editor counts. Of two rows for the same SKU, node and lot the
first is read and the second refused; of expected supplies two rows may differ in nothing but the quantity no more.
"""

from collections.abc import Iterable, Iterator

from services.inventory.domain.supply import SupplyType
from services.inventory.files import values
from services.inventory.files.csv_header import Header, header
from services.inventory.files.csv_rows import records
from services.inventory.files.doubles import Seen
from services.inventory.files.figures import Count, ExpectedSupply, Figure, Reason, Refusal, Unreadable


def read(content: Iterable[bytes], default_node: str) -> Iterator[Figure]:
    """Yield what the rows say, one for each row."""
    rows = records(content)
    first = next(rows, None)
    if first is not None and first.text.startswith("sep="):  # a spreadsheet's own remark
        first = next(rows, None)
    if first is None:
        yield Refusal(reason=Reason.NO_HEADER, position="row 1", message="The file is empty.")
        return
    try:
        columns = header(first.text, default_node)
    except Unreadable as refused:
        yield refused.at(_position(first.row))
        return
    seen = Seen()
    for record in rows:
        if record.fault:
            yield Refusal(reason=Reason.BROKEN_ROW, position=_position(record.row), message=record.fault)
            continue
        try:
            figure = _figure(columns, record.text, record.row, default_node)
            if figure is not None:
                seen.once(figure, record.row, _position)
                yield figure
        except Unreadable as refused:
            yield refused.at(_position(record.row))


def _position(row: int) -> str:
    return f"row {row}"


def _figure(columns: Header, text: str, row: int, default_node: str) -> Count | ExpectedSupply | None:
    cells = columns.cells(text)
    if not any(cells):
        return None
    said = {name: cells[column] for name, column in columns.columns.items()}
    sku = values.identifier(said["sku"], "The SKU", values.LONGEST_SKU)
    if not sku:
        raise Unreadable(Reason.MISSING_FIELD, "The SKU is empty: fill it in, or remove the row.")
    node_id = values.identifier(said.get("node_id") or default_node, "The node", values.LONGEST_NODE)
    if not node_id:
        raise Unreadable(Reason.MISSING_FIELD, "The node is empty: fill it in, or say whose file it is.")
    if columns.supplies:
        return _supply(said, sku, node_id, row)
    return _count(said, sku, node_id, row)


def _count(said: dict[str, str], sku: str, node_id: str, row: int) -> Count:
    on_hand = values.whole(said["on_hand"], "The quantity")
    unsellable = values.whole(said["unsellable"], "What is unsellable") if said.get("unsellable") else None
    if (unsellable or 0) > on_hand:
        message = f"More is unsellable ({unsellable}) than there is ({on_hand}): what is unsellable is on hand too."
        raise Unreadable(Reason.CONTRADICTION, message)
    return Count(
        sku=sku,
        node_id=node_id,
        on_hand=on_hand,
        unsellable=unsellable,
        lot_id=values.identifier(said.get("lot_id", ""), "The lot", values.LONGEST_LOT),
        expire_date=values.day(said["expire_date"], "The expiry") if said.get("expire_date") else None,
        count_time=values.moment(said["count_time"], "The time of the count") if said.get("count_time") else None,
        position=_position(row),
    )


def _supply(said: dict[str, str], sku: str, node_id: str, row: int) -> ExpectedSupply:
    if not said["eta"]:
        raise Unreadable(Reason.MISSING_FIELD, "The eta is empty: say when it comes, and send counts in another file.")
    return ExpectedSupply(
        sku=sku,
        node_id=node_id,
        quantity=values.whole(said["on_hand"], "The quantity", least=1),
        eta=values.moment(said["eta"], "The eta"),
        type=_type(said.get("type", "")),
        reference=values.identifier(said.get("reference", ""), "The reference", values.LONGEST_REFERENCE),
        position=_position(row),
    )


def _type(text: str) -> SupplyType:
    name = "_".join(text.upper().replace("-", " ").replace("_", " ").split()) or SupplyType.PURCHASE_ORDER
    if name not in SupplyType.__members__:
        message = f"The type must be one of {', '.join(SupplyType)}, not {values.shown(text)}."
        raise Unreadable(Reason.BAD_VALUE, message)
    return SupplyType[name]
