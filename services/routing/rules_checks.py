"""What the parts of a rule set say of one another: names that are there twice, and parts that are never reached."""

from collections.abc import Iterator, Sequence

from oms.routing.v1.network_pb2 import Problem
from services.routing.domain.rules import Border, Profile, Rules, Strategy
from services.routing.problem import problem

_AFTER_ALL = "put it before, or give the earlier one a condition"


def problems(rules: Rules) -> Iterator[Problem]:
    """Yield every problem between the parts of a rule set."""
    yield from _repeated("profiles", [profile.name for profile in rules.profiles])
    yield from _hidden_profiles(rules.profiles)
    for number, profile in enumerate(rules.profiles):
        place = f"profiles[{number}].strategies"
        yield from _repeated(place, [strategy.name for strategy in profile.strategies])
        yield from _hidden_strategies(place, profile.strategies)
        for inner, strategy in enumerate(profile.strategies):
            yield from _repeated(f"{place}[{inner}].criteria", [criterion.name for criterion in strategy.criteria])
    yield from _hidden_borders(rules.borders)
    yield from _hidden_paths([path.country_codes for path in rules.return_paths])


def _repeated(place: str, names: Sequence[str]) -> Iterator[Problem]:
    for number, name in enumerate(names):
        if (first := names.index(name)) < number:
            said = f"{name!r} is the name of {place}[{first}] already"
            yield problem(f"{place}[{number}].name", said, f"give it a name of its own, such as {name} {number + 1}")


def _hidden_profiles(profiles: Sequence[Profile]) -> Iterator[Problem]:
    for number, profile in enumerate(profiles[:-1]):
        if profile.when is None:
            said = f"{profile.name!r}, before it, fits every order"
            yield problem(f"profiles[{number + 1}]", f"no order ever gets here: {said}", _AFTER_ALL)
            return


def _hidden_strategies(place: str, strategies: Sequence[Strategy]) -> Iterator[Problem]:
    for number, strategy in enumerate(strategies[:-1]):
        if _ships_all(strategy):
            said = f"it is never tried: {strategy.name!r}, before it, ships all that can be shipped, at any cost"
            yield problem(
                f"{place}[{number + 1}]", said, "give the earlier one an `accept`, such as plan.shipments <= 2"
            )
            return


def _ships_all(strategy: Strategy) -> bool:
    """Tell whether nothing keeps a strategy from planning everything that anybody could ship."""
    conditions = (strategy.when, strategy.nodes, strategy.services, strategy.stock, strategy.accept)
    limits = (strategy.max_shipments, strategy.ship_complete, strategy.whole_lines)
    return all(condition is None for condition in conditions) and not any(limits)


def _hidden_borders(borders: Sequence[Border]) -> Iterator[Problem]:
    for number, border in enumerate(borders):
        for first, before in enumerate(borders[:number]):
            if before.when is None and _covers(before, border):
                said = f"it never counts: borders[{first}], before it, is for all of it"
                yield problem(f"borders[{number}]", said, _AFTER_ALL)
                break


def _covers(before: Border, border: Border) -> bool:
    return _holds(before.from_country_codes, border.from_country_codes) and _holds(
        before.to_country_codes, border.to_country_codes
    )


def _hidden_paths(paths: Sequence[frozenset[str]]) -> Iterator[Problem]:
    for number, codes in enumerate(paths):
        first = next((n for n, before in enumerate(paths[:number]) if _holds(before, codes)), None)
        if first is not None:
            said = f"it never counts: return_paths[{first}], before it, is for all of it"
            yield problem(f"return_paths[{number}]", said, "put it before, or leave it out")


def _holds(before: frozenset[str], codes: frozenset[str]) -> bool:
    """Tell whether all of these countries are among those; none written means all there are."""
    return not before or (bool(codes) and codes <= before)
