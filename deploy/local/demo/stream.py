"""An endless supply of orders, as channels would send them: realistic in mix, the same for the same seed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from deploy.local.demo import catalogue, shop_documents
from deploy.local.demo.people import Buyer, buyer
from deploy.local.demo.purchase import Line, Purchase

_START = datetime(2026, 1, 5, 8, tzinfo=UTC)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Document:
    """A document and what it is sent with."""

    channel: str
    format: str
    content: bytes
    name: str


def generate(count: int, seed: int) -> Iterator[Document]:
    """Yield this many documents of one order each, about two thirds Shopify and one third WooCommerce.

    Orders of one seed have ids of their own, so that streams of different seeds can follow one another.
    """
    random = Random(seed)
    for index in range(count):
        purchase = _purchase(random, number=(seed % 1_000_000) * 1_000_000 + index + 1, index=index)
        region = {"US": "us", "GB": "uk"}.get(purchase.buyer.town.country, "eu")
        kind = random.choices(("shopify", "woocommerce"), weights=(65, 35))[0]
        write = shop_documents.shopify if kind == "shopify" else shop_documents.woocommerce
        content = json.dumps(write(purchase), ensure_ascii=False, indent=1).encode()
        yield Document(f"{kind}-{region}", kind, content, f"{kind}-{purchase.number}.json")


def _purchase(random: Random, *, number: int, index: int) -> Purchase:
    who = buyer(random)
    wanted = random.choices((1, 2, 3, 4, 7, 12), weights=(45, 25, 14, 10, 4, 2))[0]
    method, shipping = random.choices(
        (("Standard", "4.90"), ("Free shipping", "0.00"), ("Expedited (2 days)", "11.90"), ("Next day", "19.90")),
        weights=(50, 25, 15, 10),
    )[0]
    return Purchase(
        number=number,
        time=_START + timedelta(seconds=37 * index + random.randrange(30)),
        buyer=who,
        lines=tuple(_line(random, sku, who) for sku in random.sample(catalogue.SKUS, wanted)),
        method=method,
        shipping=Decimal(shipping),
        shipping_tax=_tax(Decimal(shipping), who),
        payment=random.choices(("paid", "authorized", "pending"), weights=(60, 33, 7))[0],
    )


def _line(random: Random, sku: str, who: Buyer) -> Line:
    quantity = random.choices((1, 2, 3, 6), weights=(72, 18, 7, 3))[0]
    price = catalogue.price(sku)
    percent = random.choices((0, 10, 25), weights=(80, 14, 6))[0]
    discount = (price * quantity * percent / 100).quantize(_CENT)
    tax = _tax(price * quantity - discount, who)
    return Line(sku=sku, quantity=quantity, price=price, discount=discount, tax=tax)


def _tax(amount: Decimal, who: Buyer) -> Decimal:
    percent = Decimal(who.town.tax_percent)
    share = percent / (100 + percent) if who.town.tax_inside else percent / 100
    return (amount * share).quantize(_CENT)
