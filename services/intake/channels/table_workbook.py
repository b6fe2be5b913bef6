"""Rows out of an Excel workbook (XLSX), as a stream: cells as they are written, formulas never evaluated.

A workbook is a ZIP of XML and may be a bomb: what it says it unpacks to is held against limits first, and no more than
that is ever unpacked. Its XML is read without entities. The rows of the first visible sheet are read.
"""

import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any, BinaryIO

import openpyxl

from services.intake.channels.refusal import NOT_AN_ORDER, UNSUPPORTED, Refusal
from services.intake.channels.table_columns import is_header, named
from services.intake.channels.table_rows import Row, Table, as_row

# What a workbook may unpack to: in all, and the texts of its cells, which are in memory together.
_UNPACKED = 2_000_000_000
_TEXTS = 100_000_000
_SMALL_UNPACKED = 60_000_000
_COLUMNS = 300
_MOST_ROWS = 1_048_576
_HEADER_ROWS = 50
_ZEROS = re.compile(r"0+")


def open_workbook(stream: BinaryIO, *, small: bool = False) -> Table:
    """Return the table; the stream must be one that can be read again. `small` is for one that came whole.

    Raises:
        Refusal: NOT_AN_ORDER, UNSUPPORTED (too large).
    """
    _check(stream, _SMALL_UNPACKED if small else _UNPACKED)
    for number, cells in enumerate(_cells(stream), start=1):
        names = named(cells)
        if is_header(names):
            names = names[: max(index for index, name in enumerate(names, start=1) if name)]
            rows = partial(_rows, stream, names, number)
            return Table(names=names, decimal_comma=False, rows=rows)
        if number == _HEADER_ROWS:
            break
    message = (
        f"None of the first {_HEADER_ROWS} rows of the first sheet names columns of orders, such as order_id, sku and "
        "quantity: `oms order import --template` prints a header."
    )
    raise Refusal(NOT_AN_ORDER, "row 1", message)


def _check(stream: BinaryIO, limit: int) -> None:
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as packed:
            sizes = {found.filename.lower(): found.file_size for found in packed.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        message = f"It is no workbook of the format XLSX ({error}): save it as XLSX or CSV."
        raise Refusal(NOT_AN_ORDER, "", message) from error
    texts = max((size for name, size in sizes.items() if name.endswith("sharedstrings.xml")), default=0)
    if sum(sizes.values()) > limit or texts > _TEXTS:
        raise Refusal(UNSUPPORTED, "", "The workbook unpacks to more than is read: save it as CSV.")


def _rows(stream: BinaryIO, names: Sequence[str], header: int) -> Iterator[Row]:
    number = header
    try:
        for number, cells in enumerate(_cells(stream, len(names)), start=1):
            if number > header and any(cells):
                yield as_row(number, names, cells)
    except Refusal as refusal:
        yield Row(number=number + 1, cells={}, problem=refusal.message)


def _cells(stream: BinaryIO, columns: int = _COLUMNS) -> Iterator[list[str]]:
    """Yield the cells of each row of the first visible sheet.

    Raises:
        Refusal: NOT_AN_ORDER, where the workbook is broken, there or from here on.
    """
    stream.seek(0)
    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    except Exception as error:
        message = f"The workbook cannot be opened ({type(error).__name__}): save it as XLSX or CSV again."
        raise Refusal(NOT_AN_ORDER, "", message) from error
    try:
        sheet = _sheet(book)
        # Some writers say a smaller size than there is.
        sheet.reset_dimensions()
        # Rows that are left out are all the same empty one: a sheet may leave out a million.
        empty: list[str] = []
        before: Any = None
        for row in sheet.iter_rows(max_row=_MOST_ROWS, max_col=columns):
            cells = empty if row is before else [_text(cell) for cell in row]
            empty = cells if not any(cells) else empty
            before = row if not any(cells) else None
            yield cells
    except Refusal:
        raise
    except Exception as error:
        message = f"The workbook is broken ({type(error).__name__}): what comes after it is not read. Save it again."
        raise Refusal(NOT_AN_ORDER, "", message) from error
    finally:
        book.close()


def _sheet(book: Any) -> Any:
    sheet = next((sheet for sheet in book.worksheets if sheet.sheet_state == "visible"), None)
    if sheet is None:
        raise Refusal(NOT_AN_ORDER, "", "The workbook has no visible sheet.")
    return sheet


def _text(cell: Any) -> str:
    """Return a cell as its sheet shows it, with what matters: leading zeros, whole numbers, ISO dates."""
    value = cell.value
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(value, cell.number_format or "")
        case datetime():
            return value.isoformat() if value.time() != time() else value.date().isoformat()
        case date() | time():
            return value.isoformat()
    return str(value)


def _number(value: float, shown: str) -> str:
    if not math.isfinite(value):
        return str(value)
    # 15 digits is what a spreadsheet knows of a number: 0.1 + 0.2 is 0.3.
    exact = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    text = f"{exact:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.zfill(len(shown)) if _ZEROS.fullmatch(shown) and text.isdecimal() else text
