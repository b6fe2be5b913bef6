import pytest

from services.routing.domain.demand import Destination
from services.routing.domain.geo import Place, Point, Precision, distance_km
from services.routing.geocode import locate
from services.routing.places import BRITISH_AREAS, COUNTRIES


def test_the_distance_from_new_york_to_london_is_5570_kilometres():
    assert distance_km(Point(40.7128, -74.0060), Point(51.5074, -0.1278)) == pytest.approx(5570, abs=2)


def test_a_place_is_no_distance_from_itself_and_half_the_globe_from_its_opposite():
    assert distance_km(Point(10, 20), Point(10, 20)) == 0
    assert distance_km(Point(10, 20), Point(-10, -160)) == pytest.approx(20015, abs=1)


@pytest.mark.parametrize("code", ["10001", " 10001 ", "10001-1234", "100011234"])
def test_a_zip_code_is_found_however_it_is_written(code):
    place = locate(Destination(country_code="US", postal_code=code))
    assert place is not None
    assert place.precision is Precision.POSTAL_CODE
    assert distance_km(place.point, Point(40.75, -74.0)) < 5


@pytest.mark.parametrize("code", ["", "0", "99999", "ABCDE", "1000", "१०००१", "1" * 20])
def test_a_zip_code_that_is_none_falls_back_on_the_country(code):
    assert locate(Destination(country_code="US", postal_code=code)) == Place(COUNTRIES["US"], Precision.COUNTRY)


def test_a_military_post_office_has_no_place_of_its_own():
    place = locate(Destination(country_code="US", postal_code="09001"))
    assert place is not None
    assert place.precision is Precision.COUNTRY


@pytest.mark.parametrize(("code", "area"), [("SW1A 1AA", "SW"), ("m1 1ae", "M"), ("ZE1 0AA", "ZE"), ("BT1 5GS", "BT")])
def test_a_british_postcode_is_found_by_its_area(code, area):
    place = locate(Destination(country_code="GB", postal_code=code))
    assert place == Place(BRITISH_AREAS[area], Precision.POSTAL_AREA, "Europe/London")


def test_there_are_124_british_areas_all_of_them_on_the_isles():
    assert len(BRITISH_AREAS) == 124
    assert all(49 <= point.latitude <= 61 and -7 <= point.longitude <= 2 for point in BRITISH_AREAS.values())


def test_another_country_s_code_is_not_taken_for_an_american_one():
    place = locate(Destination(country_code="DE", postal_code="10115"))
    assert place == Place(COUNTRIES["DE"], Precision.COUNTRY, "Europe/Berlin")


def test_a_country_that_nobody_knows_is_nowhere():
    assert locate(Destination(country_code="ZZ", postal_code="10001")) is None
