"""Addresses are written as their country writes them; what is wrong with them is told, field by field."""

from typing import Any

import pytest

from services.intake.addresses import checked, phone
from services.intake.domain.draft import Address

STREET = {"name": "R. Example", "lines": ("1 Main St",), "city": "Somewhere"}


def address(country_code: str, **fields: Any) -> Address:
    return Address(country_code=country_code, **{**STREET, **fields})


def flawed(country_code: str, **fields: Any) -> list[str]:
    return [flaw.field for flaw in checked(address(country_code, **fields))[1]]


@pytest.mark.parametrize(
    ("country_code", "said", "written"),
    [
        ("US", "121801234", "12180-1234"),
        ("US", " 12180 ", "12180"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("CA", "m5v2t6", "M5V 2T6"),
        ("NL", "1012ab", "1012 AB"),
        ("IE", "d02x285", "D02 X285"),
        ("JP", "１０００００１", "100-0001"),
        ("DE", "D-10115", "10115"),
        ("PL", "00950", "00-950"),
        ("DE", "1011", "1011"),  # wrong, and left as it was said
    ],
)
def test_a_postal_code_is_written_as_its_country_writes_it(country_code, said, written):
    assert checked(address(country_code, postal_code=said))[0].postal_code == written


def test_a_state_that_is_named_becomes_its_code_and_a_name_of_no_state_stays():
    assert checked(address("US", postal_code="12180", administrative_area="new york"))[0].administrative_area == "NY"
    assert checked(address("US", postal_code="12180", administrative_area="US-NY"))[0].administrative_area == "NY"
    assert checked(address("CA", postal_code="M5V 2T6", administrative_area="Ontario"))[0].administrative_area == "ON"
    assert checked(address("JP", postal_code="100-0001", administrative_area="Tokyo"))[0].administrative_area == "Tokyo"
    assert checked(address("DE", postal_code="10115", administrative_area="Berlin"))[0].administrative_area == "Berlin"


@pytest.mark.parametrize(
    ("country_code", "fields"),
    [
        ("US", {"postal_code": "12180", "administrative_area": "NY"}),
        ("US", {"postal_code": "12180"}),  # the code says in which state it is
        ("DE", {"postal_code": "10115"}),
        ("GB", {"postal_code": "SW1A 1AA"}),
        ("JP", {"postal_code": "100-0001", "administrative_area": "東京都", "city": "千代田区"}),
        ("IE", {}),  # its codes are new, and nobody must have one
        ("IE", {"postal_code": "D02 X285", "administrative_area": "Dublin"}),
        ("HK", {"city": "Mong Kok", "administrative_area": "Kowloon"}),
        ("HK", {"postal_code": "0000"}),  # channels send something, because they ask for it
    ],
)
def test_a_good_address_has_no_flaws(country_code, fields):
    assert flawed(country_code, **fields) == []


@pytest.mark.parametrize(
    ("country_code", "fields", "field"),
    [
        ("US", {"postal_code": "1218", "administrative_area": "NY"}, "postal_code"),
        ("US", {"postal_code": "12180", "administrative_area": "CA"}, "postal_code"),
        ("US", {"postal_code": "12180", "administrative_area": "ZZ"}, "administrative_area"),
        ("US", {"administrative_area": "NY"}, "postal_code"),
        ("DE", {"postal_code": "1011"}, "postal_code"),
        ("DE", {"postal_code": "10115", "city": ""}, "city"),
        ("GB", {"postal_code": "12345"}, "postal_code"),
        ("JP", {"postal_code": "1"}, "postal_code"),
        ("IE", {"postal_code": "12345"}, "postal_code"),
        ("HK", {"lines": ()}, "lines"),
        ("XX", {}, "country_code"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(country_code, fields, field):
    assert flawed(country_code, **fields) == [field]


def test_an_address_that_was_written_is_written_no_further():
    for country_code, code in (("US", "121801234"), ("GB", "sw1a1aa"), ("JP", "1000001"), ("HK", "")):
        once = checked(address(country_code, postal_code=code, name="  R.   Example ", phone="212 555 0147"))[0]
        assert once.name == "R. Example"
        assert checked(once)[0] == once


def test_a_telephone_number_is_dialled_from_anywhere_or_left_as_it_was_said():
    assert phone("(212) 664-7665", "US") == "+12126647665"
    assert phone("020 7925 0918", "GB") == "+442079250918"
    assert phone("03-3213-1111", "JP") == "+81332131111"
    assert phone("+353 1 677 1234", "US") == "+35316771234"
    assert phone("(212) 664-7665 ext. 12", "US") == "(212) 664-7665 ext. 12"
    assert phone("call my neighbour", "DE") == "call my neighbour"
    assert phone("", "DE") == ""
