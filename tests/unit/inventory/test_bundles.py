"""What is sold as its parts."""

import pytest

from services.inventory.domain.bundles import Component, available, check, explode
from services.inventory.domain.problems_bundles import BundleEmpty, BundleNested, BundleOfItself, DuplicateComponent

SET = [Component("CUP", 4), Component("POT", 1)]


def test_a_bundle_is_its_components_times_its_units():
    assert explode(3, SET) == {"CUP": 12, "POT": 3}


def test_there_are_as_many_bundles_as_the_scarcest_component_makes_whole():
    assert available({"CUP": 11, "POT": 9}, SET) == 2
    assert available({"CUP": 40, "POT": 9}, SET) == 9


@pytest.mark.parametrize("free", [{"CUP": 11}, {"CUP": 3, "POT": 3}, {"CUP": 40, "POT": -2}])
def test_a_bundle_with_a_component_missing_is_not_there(free: dict[str, int]):
    assert available(free, SET) == 0


def test_a_bundle_of_known_parts_passes():
    check("SET", SET, {"OTHER"})


@pytest.mark.parametrize(
    ("components", "problem"),
    [
        ([], BundleEmpty),
        ([Component("SET", 1)], BundleOfItself),
        ([Component("OTHER", 1)], BundleNested),
        ([Component("CUP", 1), Component("CUP", 2)], DuplicateComponent),
    ],
)
def test_a_bundle_that_cannot_be_sold_as_its_parts_is_refused(components: list[Component], problem: type[Exception]):
    with pytest.raises(problem):
        check("SET", components, {"SET", "OTHER"})


def test_a_component_of_no_units_cannot_be():
    with pytest.raises(ValueError, match="between 1 and"):
        Component("CUP", 0)
