"""A table of orders as rows, and the rows that stand together as one order."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, Refusal
from services.intake.channels.table_columns import PROBLEM, ROW


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its number in the file, its cells by our names of the columns, and why it cannot be used."""

    number: int
    cells: Mapping[str, str]
    problem: str = ""

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    def at(self, name: str) -> str:
        """Return where a cell is, in words."""
        return f"row {self.number}, column {name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; `rows` reads it from its beginning, the same every time."""

    names: Sequence[str]
    decimal_comma: bool
    rows: Callable[[], Iterator[Row]]


@dataclass(slots=True, kw_only=True)
class Group:
    """The rows of one order."""

    order_id: str
    order_number: str
    rows: list[Row] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What names the order, empty where nothing does."""
        return self.order_id or self.order_number

    @property
    def number(self) -> int:
        """The row at which it begins."""
        return self.rows[0].number

    def takes(self, row: Row) -> bool:
        """Tell whether the row belongs to the order: a row that names none belongs to the order before, to its harm."""
        order_id, order_number = row["order_id"], row["order_number"]
        if row.problem and not (order_id or order_number):
            return True
        same_id = not order_id or order_id == self.order_id
        same_number = not order_number or not self.order_number or order_number == self.order_number
        return same_id and same_number and (bool(order_id) or not order_number or order_number == self.order_number)


def as_row(number: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    """Return cells as a row; a row of more cells than there are columns has moved, and is not trusted."""
    found = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
    number = int(found[ROW]) if found.get(ROW, "").isdecimal() else number
    problem = found.get(PROBLEM, "")
    if len(cells) > len(names):
        problem = (
            problem or f"The row has {len(cells)} cells and the header {len(names)}: quote what has separators in it."
        )
    elif len(cells) < len(names) and any("\n" in cell for cell in cells):
        problem = problem or "A quote is opened in the row and not closed."
    return Row(number=number, cells=found, problem=problem)


def groups(rows: Iterable[Row]) -> Iterator[Group]:
    """Yield the orders, each with the rows that stand together."""
    group: Group | None = None
    for row in rows:
        if group is not None and group.takes(row):
            group.rows.append(row)
            continue
        if group is not None:
            yield group
        group = Group(order_id=row["order_id"], order_number=row["order_number"], rows=[row])
    if group is not None:
        yield group


def checked(group: Group, scattered: Mapping[int, tuple[int, int]]) -> None:
    """Hold the rows against what makes them one order.

    Raises:
        Refusal: why they are none.
    """
    for row in group.rows:
        if row.problem:
            raise Refusal(BAD_VALUE, f"row {row.number}", row.problem)
        if not (row["order_id"] or row["order_number"]):
            message = "The row names no order: write order_id in every row. The rows before it may be its order's."
            raise Refusal(MISSING_FIELD, row.at("order_id"), message)
    places = scattered.get(_hash(group.key))
    if places:
        first, later = places
        message = (
            f"Order {group.key[:100]!r} is in row {first}, and again in row {later} behind other orders: "
            "its rows must stand together. None of them is taken."
        )
        raise Refusal(BAD_VALUE, f"rows {first} and {later}", message)


def scattered(rows: Iterable[Row]) -> dict[int, tuple[int, int]]:
    """Return the orders whose rows do not stand together, by a hash of what names them: first row, and the later one.

    Of each order it remembers a hash and a row number while it looks: all that grows with the file.
    """
    first: dict[int, int] = {}
    found: dict[int, tuple[int, int]] = {}
    current: Group | None = None
    for row in rows:
        if current is not None and current.takes(row):
            continue
        current = Group(order_id=row["order_id"], order_number=row["order_number"])
        if not current.key:
            continue
        key = _hash(current.key)
        before = first.setdefault(key, row.number)
        if before != row.number:
            found.setdefault(key, (before, row.number))
    return found


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(errors="replace"), digest_size=8).digest(), "big")
