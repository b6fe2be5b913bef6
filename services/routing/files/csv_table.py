"""CSV ⇄ documents: a row is an entry, a column is a field of its message, by the field's name.

A list is written in one cell: words between spaces; address lines between " | "; cut-offs between "; ", each as
"carrier/service 17:00" or "carrier/service never", with the carrier alone for all of its services. Money is "1.80 USD".
An empty cell is a field that is not set.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from oms.routing.v1.network_pb2 import Problem
from services.routing.files.documents import is_repeated
from services.routing.problem import nearest, problem

_LINES = " | "
_ENTRIES = "; "
_NEVER = "never"
_OUTPUT_ONLY = {"update_time", "etag"}
_WHOLE = {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64}
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def columns(kind: Descriptor) -> list[str]:
    """Return the columns of a table of such messages, in their order."""
    return [field.name for field in kind.fields if field.name not in _OUTPUT_ONLY]


def read(text: str, kind: Descriptor) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return a document for each row that is not empty, and what is wrong with the table."""
    rows = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if any(map(str.strip, row))]
    if not rows:
        return [], [problem("row 1", "the file is empty", f"begin with the columns: {','.join(columns(kind))}")]
    names, problems = [name.strip() for name in rows[0]], []
    for name in names:
        if name not in columns(kind):
            problems.append(problem("row 1", f"there is no column {name!r}", nearest(name, columns(kind))))
        elif names.count(name) > 1:
            problems.append(problem("row 1", f"column {name!r} is there twice"))
    if problems:
        return [], problems
    documents = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > len(names) and any(row[len(names) :]):
            problems.append(problem(f"row {number}", f"has {len(row)} cells where the header has {len(names)}"))
        cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()}
        documents.append({name: _value(kind.fields_by_name[name], cell) for name, cell in cells.items()})
    return documents, problems


def write(documents: Iterable[Mapping[str, Any]], kind: Descriptor) -> str:
    """Return a table of documents as `documents.write` makes them."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns(kind))
    for document in documents:
        table.writerow([_cell(name, document.get(name, "")) for name in columns(kind)])
    return text.getvalue()


def _value(field: FieldDescriptor, cell: str) -> Any:
    """Return what a cell says; one that makes no sense as what the field is stays text, and is refused as such."""
    if field.name == "cutoffs":
        return [_cutoff(one.strip()) for one in cell.split(_ENTRIES.strip()) if one.strip()]
    if field.name == "address_lines":
        return [line.strip() for line in cell.split(_LINES.strip())]
    if is_repeated(field):
        return cell.split()
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return _TRUTHS.get(cell.lower(), cell)
    try:
        if field.cpp_type in _WHOLE:
            return int(cell)
        if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
            return float(cell)
    except ValueError:
        return cell
    return cell


def _cell(name: str, value: Any) -> Any:
    if name == "cutoffs":
        return _ENTRIES.join(map(_cutoff_text, value or []))
    if isinstance(value, list):
        return (_LINES if name == "address_lines" else " ").join(value)
    return str(value).lower() if isinstance(value, bool) else value


def _cutoff(text: str) -> dict[str, Any]:
    who, _, when = text.partition(" ")
    carrier, _, service = who.partition("/")
    said: dict[str, Any] = {"never": True} if when.strip() == _NEVER else {"time": when.strip()}
    return {"carrier_code": carrier, **({"service_code": service} if service else {}), **said}


def _cutoff_text(cutoff: Mapping[str, Any]) -> str:
    who = "/".join(filter(None, (cutoff["carrier_code"], cutoff.get("service_code", ""))))
    return f"{who} {_NEVER if cutoff.get('never') else cutoff['time']}"
