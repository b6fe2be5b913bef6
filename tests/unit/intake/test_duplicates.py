"""Orders look alike by who, where to, what and how much; mapping to our units changes no amount."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.draft import Address, Draft, DraftLine
from services.intake.domain.duplicates import prints
from services.intake.mapping import Goods, located, mapped
from services.kernel.money import Money

PLACE = Address(name="R. Example", lines=("1 Main St",), city="Troy", postal_code="12180", country_code="US")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def line(sku: str = "TEE", quantity: int = 1, price: int = 1000, **fields: Any) -> DraftLine:
    known = {"external_line_id": sku, "discount": usd(0), "tax": usd(0)}
    return DraftLine(sku=sku, quantity=quantity, unit_price=usd(price), **{**known, **fields})


def cart(*lines: DraftLine, **fields: Any) -> Draft:
    known: dict[str, Any] = {
        "channel": "web",
        "external_id": "1",
        "currency_code": "USD",
        "ship_to": PLACE,
        "lines": lines or (line(),),
        "shipping": usd(0),
        "shipping_tax": usd(0),
        "total": usd(1000),
        "email": "robin@example.com",
    }
    return Draft(**{**known, **fields})


def test_the_same_cart_of_another_channel_has_the_same_print_whatever_its_form():
    one = cart(line("A", 2), line("B"))
    other = cart(
        line("B", external_line_id="x"),
        line("A"),
        line("A", external_line_id="y"),
        channel="market",
        external_id="9",
        email=" Robin@Example.com",
        ship_to=replace(PLACE, name="ROBIN", postal_code="12180-1234"),
    )
    assert prints(one).order == prints(other).order
    assert prints(one).customer == prints(other).customer


def test_another_customer_place_unit_or_total_is_another_print():
    others = [
        cart(email="other@example.com"),
        cart(ship_to=replace(PLACE, postal_code="10001")),
        cart(line("TEE", 2)),
        cart(line("MUG")),
        cart(total=usd(1001)),
        cart(currency_code="CAD"),
    ]
    found = {prints(one).order for one in [cart(), *others]}
    assert len(found) == 1 + len(others)


def test_nobody_in_particular_looks_like_nobody():
    anonymous = cart(email="", ship_to=replace(PLACE, name=""))
    assert prints(anonymous).order is None
    assert prints(anonymous).customer is None
    assert prints(cart(email="")).order is not None  # a name and a place
    assert prints(cart(email="", customer_reference="c-1")).order != prints(cart(email="")).order


@given(
    units_each=st.integers(1, 10_000),
    quantity=st.integers(1, 1_000_000),
    price=st.integers(0, 10**7),
    share=st.integers(0, 100),
    inside=st.booleans(),
)
def test_packs_become_units_and_no_cent_is_lost(units_each, quantity, price, share, inside):
    discount = usd(price * quantity * share // 100)
    said = line("CASE", quantity, price, discount=discount, tax=usd(price % 977), prices_include_tax=inside)
    (ours,) = mapped(cart(said), {"CASE": Goods(sku="TEE", units_each=units_each)}).lines
    assert (ours.sku, ours.details.channel_sku, ours.quantity) == ("TEE", "CASE", quantity * units_each)
    assert (ours.total, ours.tax) == (said.total, said.tax)
    surplus = ours.discount.minor - said.discount.minor
    # What is explained is what was added, and it is less than a cent for each unit.
    assert surplus == sum(part.amount.minor for part in ours.details.discounts)
    assert 0 <= surplus < ours.quantity


def test_what_nobody_mapped_stays_as_the_channel_calls_it():
    both = mapped(cart(line("CASE"), line("MUG")), {"CASE": Goods(sku="TEE", units_each=12)})
    assert [(one.sku, one.details.channel_sku) for one in both.lines] == [("TEE", "CASE"), ("MUG", "")]


def test_a_place_fills_an_address_that_is_not_there_and_no_other():
    coded = cart(ship_to=Address(country_code="US", phone="1"))
    coded = replace(coded, details=replace(coded.details, location_code="0042"))
    assert located(coded, {"0042": PLACE}).ship_to == replace(PLACE, phone="1")
    assert located(coded, {"0043": PLACE}) is coded
    spoken = replace(coded, ship_to=replace(PLACE, city="Albany"))
    assert located(spoken, {"0042": PLACE}) is spoken
