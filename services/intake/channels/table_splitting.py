"""A large table, cut into one small table for each order, at constant memory but for a hash of each order."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import Refusal
from services.intake.channels.table_columns import PROBLEM, ROW
from services.intake.channels.table_rows import Group, Row, checked, groups, scattered
from services.intake.channels.table_text import open_text
from services.intake.channels.table_workbook import open_workbook


def split_csv(stream: BinaryIO, after: int = -1) -> Iterator[tuple[int, bytes]]:
    """Yield the row of every order, and a table of the order alone, in which "#row" says where its rows were.

    To go on where somebody stopped, pass the last row as `after`. A file without orders is yielded as the little that
    tells what is wrong with it.
    """
    return _split(stream, after, workbook=False)


def split_xlsx(stream: BinaryIO, after: int = -1) -> Iterator[tuple[int, bytes]]:
    """Yield the row of every order of a workbook, and a table of the order alone as CSV: see `split_csv`."""
    return _split(stream, after, workbook=True)


def _split(stream: BinaryIO, after: int, *, workbook: bool) -> Iterator[tuple[int, bytes]]:
    try:
        table = open_workbook(stream) if workbook else open_text(stream)
    except Refusal as refusal:
        if after < 0:
            yield 0, _written(",", [ROW, PROBLEM, "order_id", "sku"], [["1", refusal.message, "", ""]])
        return
    names = [name for name in table.names if name and name not in (ROW, PROBLEM)]
    separator = ";" if table.decimal_comma else ","
    apart = scattered(table.rows())
    seen = False
    for group in groups(table.rows()):
        seen = True
        if group.number > after:
            yield group.number, _alone(group, names, separator, _problem(group, apart))
    if not seen and after < 0:
        yield 0, _written(separator, [ROW, PROBLEM, *names], [])


def _problem(group: Group, apart: dict[int, tuple[int, int]]) -> str:
    """Return what is wrong with the order that only the whole file tells, or that would make its table too large."""
    try:
        checked(group, apart)
    except Refusal as refusal:
        return f"{refusal.message} ({refusal.position})"
    return f"The order has {len(group.rows)} lines: {MOST_LINES} is the most." if len(group.rows) > MOST_LINES else ""


def _alone(group: Group, names: Sequence[str], separator: str, problem: str) -> bytes:
    rows = group.rows[:1] if problem else group.rows
    return _written(separator, [ROW, PROBLEM, *names], [_cells(row, names, problem) for row in rows])


def _cells(row: Row, names: Sequence[str], problem: str) -> list[str]:
    return [str(row.number), problem, *(row[name] for name in names)]


def _written(separator: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode(errors="replace")
