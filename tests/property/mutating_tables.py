"""CSV and workbooks with a row or a cell lost, doubled, swapped or overwritten."""

import io
import zipfile
import zlib
from random import Random
from xml.sax.saxutils import escape

from tests.property.mutating_trees import TEXTS, xml_changed

_ROWS = """\
order_id,currency,ship_name,ship_line1,ship_city,ship_postal_code,ship_country,sku,quantity,unit_price,tax,total
T-1,USD,Ada Rowe,1 Main St,Troy,12180,US,TEE-BLK-M,2,19.90,3.18,51.88
T-1,,,,,,,SOCK-BLK-M,1,8.90,0.00,
T-2,JPY,山田 花子,1-2-3,Tokyo,100-0001,JP,POLO-WHT-S,1,3450,0,3450
T-3,EUR,Zoë Lefèvre,"8, rue des Lilas",Lyon,69003,FR,HOOD-GRN-M,3,59.00,29.50,177.00
"""
_CELLS = (
    *TEXTS,
    '"',
    '""',
    "a,b",
    "a;b",
    "=1+1",
    "@SUM(A1)",
    "-1+1",
    "1.234",
    "1,234.50",
    "12/31/2026",
    "TRUE",
    "#REF!",
)
_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="Orders" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": "<Relationships "
    'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def tables() -> list[tuple[str, str, bytes]]:
    """Return format, name and content of the same orders as text and as a workbook."""
    rows = [line.replace('"8, rue', "8 rue").replace('Lilas"', "Lilas").split(",") for line in _ROWS.splitlines()]
    cells = ("".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row) for row in rows)
    sheet = "".join(f"<row>{row}</row>" for row in cells)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts = _PARTS | {
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{sheet}</sheetData></worksheet>'
    }
    book = _zipped({name: part.encode() for name, part in parts.items()})
    return [("csv", "rows.csv", _ROWS.encode()), ("xlsx", "rows.xlsx", book)]


def csv_changed(content: bytes, random: Random) -> bytes | None:
    """Return the table with a row or a cell changed, None where there is none."""
    rows = content.decode("utf-8", errors="surrogateescape").split("\n")
    separator = max(",;\t|", key=rows[0].count)
    if separator not in rows[0]:
        return None
    one, two = random.randrange(len(rows)), random.randrange(len(rows))
    what = random.randrange(8)
    if what == 0:
        del rows[one]
    elif what == 1:
        rows[one:one] = [rows[one]] * random.choice((1, 1, 2, 200))
    elif what == 2:
        rows[one], rows[two] = rows[two], rows[one]
    elif what == 3:
        other = random.choice(",;\t|")
        rows = [row.replace(separator, other) for row in rows]
    else:
        cells = rows[one].split(separator)
        at = random.randrange(len(cells))
        cells[at : at + 1] = random.choice(([], [random.choice(_CELLS)], [random.choice(_CELLS)], [cells[at]] * 2))
        rows[one] = separator.join(cells)
    return "\n".join(rows).encode("utf-8", errors="surrogateescape")


def xlsx_changed(content: bytes, random: Random) -> bytes | None:
    """Return the workbook with one of its parts changed or lost, None where it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, RuntimeError):
        return None
    if not parts:
        return None
    sheets = [name for name in parts if "sheets/" in name]
    name = random.choice(sheets if sheets and random.random() < 0.7 else list(parts))
    changed = xml_changed(parts[name], random)
    if changed is None or random.random() < 0.1:
        del parts[name]
    else:
        parts[name] = changed
    return _zipped(parts)


def _zipped(parts: dict[str, bytes]) -> bytes:
    """Return the archive; the same bytes for the same parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), part)
    return made.getvalue()
