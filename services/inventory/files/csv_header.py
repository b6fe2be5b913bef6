"""The header of a CSV: which column is what, and what separates them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from services.inventory.files.figures import Reason, Unreadable

# Of the names that a column may have, the first that is there counts: a file with `sku` and `product` has its titles in
# the latter.
NAMES: Mapping[str, tuple[str, ...]] = {
    "sku": ("sku", "item", "product", "sku_id", "item_id", "product_id"),
    "node_id": ("node_id", "node", "location", "warehouse", "location_id", "warehouse_id"),
    "on_hand": ("on_hand", "quantity", "qty", "stock", "onhand", "qty_on_hand", "quantity_on_hand"),
    "unsellable": ("unsellable", "unusable", "damaged"),
    "lot_id": ("lot_id", "lot"),
    "expire_date": ("expire_date", "expiry", "expiry_date"),
    "count_time": ("count_time", "as_of"),
    "eta": ("eta",),
    "type": ("type", "supply_type"),
    "reference": ("reference",),
}
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where each column stands."""

    delimiter: str
    width: int
    columns: Mapping[str, int]

    @property
    def supplies(self) -> bool:
        """Whether the rows are expected supplies: all of them are where there is a column `eta`."""
        return "eta" in self.columns

    def cells(self, text: str) -> list[str]:
        """Return the cells of a row, as many as the header has.

        Raises:
            Unreadable: there are more or fewer, or the quotes are wrong.
        """
        found = cells(text, self.delimiter)
        while len(found) > self.width and not found[-1]:
            found.pop()
        if len(found) == self.width or not any(found):
            return found
        fewer = len(found) < self.width
        why = "the row may be cut off" if fewer else "quote the cell that has a separator in it"
        raise Unreadable(Reason.BROKEN_ROW, f"The row has {len(found)} cells and the header {self.width}: {why}.")


def header(text: str, default_node: str) -> Header:
    """Return what the header says; its separator is the one that makes the most sense of it.

    Raises:
        Unreadable: there is no column for the SKU, for the quantity or for the node, or a name is there twice.
    """
    sensible = max((_header(text, delimiter) for delimiter in _DELIMITERS), key=lambda found: len(found.columns))
    lacking = [
        f"{name} (or {', '.join(NAMES[name][1:4])})"
        for name in ("sku", "on_hand", "node_id")
        if name not in sensible.columns and not (name == "node_id" and default_node)
    ]
    if lacking:
        message = f"The first row must name the columns, and {' and '.join(lacking)} is missing{_hint(text)}."
        raise Unreadable(Reason.NO_HEADER, message)
    named = _names(text, sensible.delimiter)
    for name, column in sensible.columns.items():
        if named.count(named[column]) > 1:
            raise Unreadable(Reason.NO_HEADER, f"Two columns are named {named[column]}: which is {name}? Rename one.")
    return sensible


def cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of a row without the space around them.

    Raises:
        Unreadable: the quotes are wrong.
    """
    try:
        row = next(csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t"), [])
    except csv.Error:
        message = 'The quotes (") of the row cannot be understood: double those that are meant.'
        raise Unreadable(Reason.BROKEN_ROW, message) from None
    return [cell.strip() for cell in row]


def _header(text: str, delimiter: str) -> Header:
    named = _names(text, delimiter)
    columns = {}
    for name, aliases in NAMES.items():
        column = next((named.index(alias) for alias in aliases if alias in named), None)
        if column is not None:
            columns[name] = column
    while named and not named[-1]:
        named.pop()
    return Header(delimiter=delimiter, width=len(named), columns=columns)


def _names(text: str, delimiter: str) -> list[str]:
    try:
        return ["_".join(cell.lower().replace("-", " ").replace("_", " ").split()) for cell in cells(text, delimiter)]
    except Unreadable:
        return []


def _hint(text: str) -> str:
    known = {
        "PK\x03\x04": "a workbook, save it as CSV",
        "ISA": "X12",
        "UNA": "EDIFACT",
        "UNB": "EDIFACT",
        "%PDF": "PDF",
    }
    kind = next((kind for start, kind in known.items() if text.lstrip().startswith(start)), "")
    return f": it looks like {kind}" if kind else ""
