"""Ten mutants, drawn by the commit's id, are made one at a time; tests that are named must fail for each."""

import pytest

from tests.mutants.catalogue import NAMES, drawn
from tests.mutants.commit import head
from tests.mutants.lab import Verdict, try_out

DRAWN = drawn(head(), 10)


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest) -> dict[str, Verdict]:
    """What became of each that was asked for, tried over all cores."""
    mine = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    asked = [str(item.callspec.params["name"]) for item in mine if "name" in item.fixturenames]
    return {verdict.name: verdict for verdict in try_out(asked)}


@pytest.mark.parametrize("name", DRAWN)
def test_the_tests_that_are_named_fail_without_the_guard(name: str, verdicts: dict[str, Verdict]) -> None:
    assert verdicts[name].killed, f"{name} survives ({verdicts[name].keeps}):\n{verdicts[name].said}"


def test_a_commit_draws_the_same_and_another_draws_others() -> None:
    assert drawn("one", 10) == drawn("one", 10)
    assert set(drawn("one", 10)) != set(drawn("other", 10))
    assert len({*drawn("one", len(NAMES))}) == len(NAMES)


def test_all_are_drawn_by_some_commit() -> None:
    commits = [str(number) for number in range(200)]
    assert {name for commit in commits for name in drawn(commit, 10)} == set(NAMES)
