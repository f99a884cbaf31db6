"""A guard taken away from the real code is seen: each sabotage breaks the rule it must break, in seeds known for it."""

import pytest

from tests.simulation.many import over_all_cores, seen
from tests.simulation.sabotage import SABOTAGES

Found = dict[str, tuple[bool, list[str]]]


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest) -> Found:
    """What each sabotage that was asked for has shown, over all cores."""
    mine = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    names = [str(item.callspec.params["name"]) for item in mine]
    return dict(zip(names, over_all_cores(seen, names), strict=True))


@pytest.mark.parametrize("name", SABOTAGES)
def test_what_a_guard_keeps_is_seen_to_break_without_it(name: str, found: Found) -> None:
    shown, told = found[name]
    sabotage = SABOTAGES[name]
    assert shown, f"nobody saw {sabotage.seen_by} break in seeds {sabotage.seeds}; what was broken: {told}"
