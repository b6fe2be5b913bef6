import pytest

from services.routing.domain.carriers import Zone, quote, zone
from services.routing.domain.demand import ServiceLevel


@pytest.mark.parametrize(
    ("countries", "distance_km", "expected"),
    [
        (("US", "US"), 200, Zone.LOCAL),
        (("US", "US"), 200.1, Zone.REGIONAL),
        (("US", "US"), 2500, Zone.NATIONAL),
        (("US", "US"), 2500.1, Zone.REMOTE),
        (("US", "US"), None, Zone.NATIONAL),
        (("DE", "FR"), 3000, Zone.EUROPE),
        (("DE", "FR"), None, Zone.EUROPE),
        (("GB", "FR"), 340, Zone.NEAR_ABROAD),
        (("GB", "FR"), None, Zone.WORLD),
        (("US", "NZ"), 14_000, Zone.WORLD),
    ],
)
def test_the_zone_follows_borders_first_and_distance_then(countries, distance_km, expected):
    assert zone(countries[0], countries[1], distance_km) is expected


@pytest.mark.parametrize("parcel_zone", Zone)
def test_faster_is_dearer_and_never_later(parcel_zone):
    ground, express, overnight = (quote(parcel_zone, level) for level in ServiceLevel)
    assert ground.parcel < express.parcel < overnight.parcel
    assert ground.unit < express.unit < overnight.unit
    assert ground.transit_days >= express.transit_days >= overnight.transit_days


@pytest.mark.parametrize("level", ServiceLevel)
def test_farther_within_a_country_is_never_cheaper_nor_sooner(level):
    bands = [quote(band, level) for band in (Zone.LOCAL, Zone.REGIONAL, Zone.NATIONAL, Zone.REMOTE)]
    assert bands == sorted(bands, key=lambda one: (one.parcel, one.unit, one.transit_days))


def test_next_day_within_a_country_is_the_next_working_day():
    assert all(quote(band, ServiceLevel.NEXT_DAY).transit_days == 1 for band in (Zone.LOCAL, Zone.REMOTE))
