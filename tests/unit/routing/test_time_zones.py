from zoneinfo import available_timezones

import pytest

from services.routing import time_zones
from services.routing.domain.demand import Destination
from services.routing.domain.geo import Point
from services.routing.geocode import locate
from services.routing.places import COUNTRIES


@pytest.mark.parametrize(
    ("country", "code", "zone"),
    [
        ("US", "10001", "America/New_York"),
        ("US", "94103", "America/Los_Angeles"),
        ("US", "85001", "America/Phoenix"),
        ("PR", "00901", "America/Puerto_Rico"),
        ("GB", "SW1A 1AA", "Europe/London"),
        ("FR", "75001", "Europe/Paris"),
        ("DE", "10115", "Europe/Berlin"),
        ("ES", "28001", "Europe/Madrid"),
        ("ES", "35001", "Atlantic/Canary"),
        ("PT", "9500-321", "Atlantic/Azores"),
        ("CA", "v5k 0a1", "America/Vancouver"),
        ("AU", "0800", "Australia/Darwin"),
    ],
)
def test_a_destination_is_in_its_time_zone(country: str, code: str, zone: str):
    place = locate(Destination(country_code=country, postal_code=code))
    assert place is not None
    assert place.time_zone == zone


@pytest.mark.parametrize(("country", "code"), [("US", ""), ("RU", "101000"), ("BR", ""), ("CA", ""), ("AU", "800")])
def test_where_a_country_has_many_zones_and_nothing_tells_them_apart_none_is_guessed(country: str, code: str):
    assert time_zones.time_zone(Destination(country_code=country, postal_code=code)) == ""


def test_every_zone_that_is_named_is_one():
    places = [locate(Destination(country_code=country)) for country in COUNTRIES]
    tables = [
        *time_zones._MAINLY.values(),
        *(zone for by in time_zones._BY_POSTAL_CODE.values() for zone in by.values()),
    ]
    named = {place.time_zone for place in places if place} | set(tables)
    assert named - {""} <= available_timezones()


def test_a_place_is_no_more_exact_than_a_hundredth_of_a_degree():
    place = locate(Destination(country_code="US", postal_code="94103"))
    assert place is not None
    assert place.point == Point(37.77, -122.41)
