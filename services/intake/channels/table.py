"""Orders as a table, CSV or XLSX: one row for each line, the rows of one order together, columns named in the header.

Columns (`table_columns.py` has them all, and what the exports of Shopify and WooCommerce call them; capitals, spaces
and signs make no difference, others are not read):
- of each row: sku, quantity, unit_price (or line_total, what is paid for the line), title, discount, tax, line_id,
  barcode;
- of the order, in each of its rows or only in the first, never two values: order_id (or order_number), currency,
  ship_country and the rest of the address, payment_state, total and so on. Every row says order_id or order_number.

Choices, where files differ:
- UTF-8, UTF-16 and, where it is neither, Windows-1252; separated by comma, semicolon, tab or |, told by the header.
  Behind semicolons numbers have a decimal comma. What could be either ("1.234" there) is refused.
- Everything is text: a formula is never evaluated, leading zeros stay. Moments without a zone are UTC; 05.01.2026 is in
  January, 01/05/2026 is refused.
- order_discount and order_tax are shared by the lines in proportion. Where nobody says whether prices include tax, what
  makes the total right is taken. An order whose rows do not add up to its total is held: a row may be missing.
- An order whose rows stand apart is not taken, as nobody knows where the rest of it is. Orders that are cancelled,
  refunded or shipped, in whole or part, are not either.
- A row is named by the line of the file on which it begins. In a part of a large file that is in its column "#row".
"""

import io
from collections.abc import Mapping

from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.channels.table_order import draft_of
from services.intake.channels.table_rows import Table, checked, groups, scattered
from services.intake.channels.table_text import open_text
from services.intake.channels.table_workbook import open_workbook
from services.intake.domain.draft import Draft, Problem
from services.intake.domain.reading import Reading


def read_csv(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:  # noqa: ARG001 - bytes say it all
    """Return the orders of separated text, and what is wrong with the rest."""
    try:
        return _reading(open_text(io.BytesIO(content)), channel)
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))


def read_xlsx(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:  # noqa: ARG001 - bytes say it all
    """Return the orders of a workbook, and what is wrong with the rest."""
    try:
        return _reading(open_workbook(io.BytesIO(content), small=True), channel)
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))


def _reading(table: Table, channel: str) -> Reading:
    drafts: list[Draft] = []
    problems: list[Problem] = []
    apart = scattered(table.rows())
    for group in groups(table.rows()):
        try:
            checked(group, apart)
            drafts.append(draft_of(group, channel, comma=table.decimal_comma))
        except Refusal as refusal:
            problems.append(refusal.problem(group.key[:200]))
    if not drafts and not problems:
        problems.append(Refusal(NOT_AN_ORDER, "row 1", "The table has a header and no rows.").problem())
    return Reading(drafts=tuple(drafts), problems=tuple(problems))
