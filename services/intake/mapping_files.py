"""What channels call goods and places, as CSV. Every problem is told, with its line."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from google.protobuf.message import Message

from oms.common.v1.address_pb2 import Address
from oms.intake.v1.screening_pb2 import ChannelLocation, ChannelSku
from services.chassis.errors import InvalidFields
from services.chassis.validation import validate

Row = TypeVar("Row", bound=Message)

SKU_COLUMNS = ("channel_sku", "sku", "units_each", "active")
LOCATION_COLUMNS = (
    "location_code",
    "name",
    "company",
    "line1",
    "line2",
    "line3",
    "city",
    "administrative_area",
    "postal_code",
    "country_code",
    "phone",
    "email",
)
_YES, _NO = {"", "yes", "true", "1"}, {"no", "false", "0"}


def read_skus(text: str) -> tuple[list[ChannelSku], list[str]]:
    """Return the names of goods in a CSV, and everything that is wrong with it."""
    return _read(text, SKU_COLUMNS, ("channel_sku", "sku"), _sku)


def read_locations(text: str) -> tuple[list[ChannelLocation], list[str]]:
    """Return the places in a CSV, and everything that is wrong with it."""
    return _read(text, LOCATION_COLUMNS, ("location_code", "country_code"), _location)


def _read(
    text: str, columns: tuple[str, ...], needed: tuple[str, ...], make: Callable[[Mapping[str, str]], Row]
) -> tuple[list[Row], list[str]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    header = reader.fieldnames or ()
    problems = [f"line 1: there is no column {name}" for name in needed if name not in header]
    problems += [
        f"line 1: nobody knows the column {name!r}: {', '.join(columns)}" for name in _unknown(header, columns)
    ]
    if problems:
        return [], problems
    rows: list[Row] = []
    lines: dict[str, int] = {}
    for row in reader:
        line, key = reader.line_num, (row[needed[0]] or "").strip()
        if None in row:
            problems.append(f"line {line}: it has more values than the header has columns")
        elif key in lines:
            problems.append(f"line {line}: {key} is there already, in line {lines[key]}")
        else:
            lines[key] = line
            try:
                rows.append(_checked(make({name: (value or "").strip() for name, value in row.items()})))
            except InvalidFields as error:
                problems += [f"line {line}: {field}: {sentence}" for field, sentence in error.violations]
            except ValueError as error:
                problems.append(f"line {line}: {error}")
    return rows, problems if rows or problems else ["line 1: there is nothing below the header"]


def _unknown(header: object, columns: tuple[str, ...]) -> Iterator[str]:
    return (name for name in header if name not in columns)  # type: ignore[attr-defined]


def _checked(row: Row) -> Row:
    validate(row)
    return row


def _sku(row: Mapping[str, str]) -> ChannelSku:
    units, active = row.get("units_each", "") or "1", row.get("active", "").lower()
    if not units.isdecimal() or not 1 <= int(units) <= 10_000:
        raise ValueError(f"units_each: {units} is no number from 1 to 10000")
    if active not in _YES | _NO:
        raise ValueError(f"active: {active} is neither yes nor no")
    return ChannelSku(channel_sku=row["channel_sku"], sku=row["sku"], units_each=int(units), inactive=active in _NO)


def _location(row: Mapping[str, str]) -> ChannelLocation:
    if not row["country_code"]:
        raise ValueError("country_code: an address has a country")
    same = ("name", "company", "city", "administrative_area", "postal_code", "phone", "email")
    address = Address(
        lines=[line for line in (row.get(f"line{at}", "") for at in (1, 2, 3)) if line],
        country_code=row["country_code"].upper(),
        **{name: row.get(name, "") for name in same},
    )
    return ChannelLocation(location_code=row["location_code"], address=address)
