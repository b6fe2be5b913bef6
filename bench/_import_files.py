"""Files of very many orders, written as a stream: CSV, X12 and EDIFACT, each order of 1 to 2,000 lines."""

import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

MOST_LINES = 2000
_SKUS = 10_000
_HEADER = (
    "order_id,order_time,currency,email,ship_name,ship_line1,ship_city,ship_area,ship_postal_code,ship_country,"
    "payment_state,line_id,sku,title,quantity,unit_price,tax\n"
)


def sizes(orders: int) -> Iterator[int]:
    """Yield how many lines each order has: as many orders of one to ten as of two hundred to two thousand."""
    chance = random.Random(orders)
    yield MOST_LINES
    for _ in range(orders - 1):
        yield min(MOST_LINES, int(math.exp(chance.uniform(0, math.log(MOST_LINES + 1)))))


def write_csv(file: TextIO, orders: int) -> None:
    """Write a table, in which only the first row of an order says where it goes."""
    file.write(_HEADER)
    for number, lines in enumerate(sizes(orders)):
        head = (
            f"2026-01-05T09:30:00Z,USD,c{number}@example.com,Customer {number},{number} Main St,Chicago,IL,"
            f"{60000 + number % 999},US,paid"
        )
        for line in range(lines):
            said = head if not line else ",,,,,,,,,"
            file.write(f"C-{number},{said},{line + 1},{_sku(number, line)},A thing,{line % 5 + 1},19.99,1.65\n")


def write_x12(file: TextIO, orders: int) -> None:
    """Write one interchange with all orders."""
    file.write(
        "ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *260105*0930*U*00401*000000001*0*P*>~\n"
    )
    file.write("GS*PO*BUYER*SELLER*20260105*0930*1*X*004010~\n")
    for number, lines in enumerate(sizes(orders)):
        file.write(f"ST*850*{number:09d}~\nBEG*00*SA*X-{number}**20260105~\nCUR*BY*USD~\n")
        file.write(
            f"N1*ST*Customer {number}*92*{number}~\nN3*{number} Main St~\nN4*Chicago*IL*{60000 + number % 999}*US~\n"
        )
        file.writelines(
            f"PO1*{line + 1}*{line % 5 + 1}*EA*19.99**VN*{_sku(number, line)}~\nPID*F****A thing~\n"
            for line in range(lines)
        )
        file.write(f"CTT*{lines}~\nSE*{7 + 2 * lines}*{number:09d}~\n")
    file.write(f"GE*{orders}*1~\nIEA*1*000000001~\n")


def write_edifact(file: TextIO, orders: int) -> None:
    """Write one interchange with all orders."""
    file.write("UNA:+.? '\nUNB+UNOC:3+BUYER:14+SELLER:14+260105:0930+1'\n")
    for number, lines in enumerate(sizes(orders)):
        file.write(f"UNH+{number}+ORDERS:D:96A:UN'\nBGM+220+E-{number}+9'\nDTM+137:20260105:102'\n")
        file.write(
            f"NAD+BY+5412345000013::9'\nNAD+DP+++Customer {number}+{number} Main St+Chicago+IL+{60000 + number % 999}"
            "+US'\n"
        )
        file.write("CUX+2:USD:9'\n")
        for line in range(lines):
            file.write(f"LIN+{line + 1}++{_sku(number, line)}:SA'\nIMD+F++:::A thing'\n")
            file.write(f"QTY+21:{line % 5 + 1}'\nPRI+AAA:19.99'\n")
        file.write(f"UNS+S'\nCNT+2:{lines}'\nUNT+{9 + 4 * lines}+{number}'\n")
    file.write(f"UNZ+{orders}+1'\n")


WRITERS: dict[str, Callable[[TextIO, int], None]] = {"csv": write_csv, "x12": write_x12, "edifact": write_edifact}


def written(folder: Path, form: str, orders: int) -> Path:
    """Write a file and return where it is."""
    path = folder / f"orders-{orders}.{form}"
    with path.open("w") as file:
        WRITERS[form](file, orders)
    return path


def _sku(number: int, line: int) -> str:
    return f"SKU-{(number * 7919 + line * 13) % _SKUS:05d}"
