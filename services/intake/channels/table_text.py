"""Rows out of separated text, as a stream: any usual encoding and separator, quoted line breaks, nothing evaluated."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.channels.table_columns import is_header, named
from services.intake.channels.table_rows import Row, Table, as_row

_CHUNK = 1 << 20
_HEAD = 65_536
_SEPARATORS = ",;\t|"
# A cell that is longer is a quote that was never closed.
csv.field_size_limit(131_072)


def open_text(stream: BinaryIO) -> Table:
    """Return the table; the stream must be one that can be read again from its beginning.

    Raises:
        Refusal: NOT_AN_ORDER, where the first row that is not blank is no header of a table of orders.
    """
    encoding = _encoding(stream)
    stream.seek(0)
    head = codecs.getincrementaldecoder(encoding)("replace").decode(stream.read(_HEAD)).lstrip("\ufeff")
    separator, header = _header(head)
    names = named(header)
    return Table(
        names=names,
        decimal_comma=separator == ";",
        rows=lambda: _rows(stream, encoding, separator, names),
    )


def _encoding(stream: BinaryIO) -> str:
    stream.seek(0)
    head = stream.read(400)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head[1:200:2].count(0) > len(head[1:200:2]) // 2:
        return "utf-16-le"
    if head[0:200:2].count(0) > len(head[0:200:2]) // 2:
        return "utf-16-be"
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _header(head: str) -> tuple[str, list[str]]:
    """Return the separator with which the first row is a header of most columns that we know, and the header."""
    best: tuple[int, str, list[str]] = (0, "", [])
    for separator in _SEPARATORS:
        try:
            found = next(
                (row for row in csv.reader(io.StringIO(head, newline=""), delimiter=separator) if any(row)), []
            )
        except csv.Error:
            continue
        names = named(found)
        known = sum(1 for name in names if name)
        if is_header(names) and known > best[0]:
            best = known, separator, found
    if not best[1]:
        message = (
            "The first row names no columns of orders, such as order_id, sku and quantity: "
            "`oms order import --template` prints a header."
        )
        raise Refusal(NOT_AN_ORDER, "row 1", message)
    return best[1], best[2]


def _rows(stream: BinaryIO, encoding: str, separator: str, names: list[str]) -> Iterator[Row]:
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    try:
        reader = csv.reader((line.replace("\x00", "\ufffd") for line in text), delimiter=separator)
        header = True
        while True:
            number = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                message = f"The row cannot be read ({error}): is a quote not closed? What comes after it is not read."
                yield Row(number=number, cells={}, problem=message)
                return
            if cells is None:
                return
            if not any(cell.strip() for cell in cells):
                continue
            if header:
                header = False
                continue
            yield as_row(number, names, cells)
    finally:
        text.detach()
