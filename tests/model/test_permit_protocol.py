"""The permit protocol, explored in every build: it holds as CONTROL has it, and breaks without any of its sentences."""

from functools import cache

import pytest

from tests.model.aspects import ASPECTS
from tests.model.explore import Result
from tests.model.rules import NAMES, SAYS, without
from tests.model.run import run
from tests.model.table import Edge, edges

TAKEN_AWAY = [(sentence, name) for name, aspect in ASPECTS.items() for sentence in aspect.sentences.split()]
AT_ONCE = "a stop takes the order out of this state in its own transaction, so nothing is left to deny or abort"
AS_HELD = "what quarantine still asks of a held order is no matter of the permit: reason_passed goes the same ways"
NEVER_FIRED = {
    Edge("taking", "dispatched", "permit_denied_stop", "withdrawn"): AT_ONCE,
    Edge("taking", "on_site", "permit_denied_stop", "withdrawn"): AT_ONCE,
    Edge("taking", "on_site", "aborted_stop", "withdrawn"): AT_ONCE,
    Edge("taking", "on_site", "aborted_hold", "held"): AT_ONCE,
    Edge("taking", "held", "approved", "held"): AS_HELD,
    Edge("taking", "held", "approved", "planned"): AS_HELD,
    Edge("giving", "dispatched", "armed", "dispatched"): "gas has a model of its own, tests/model/gas.py",
    Edge("giving", "dispatched", "found_as_wanted", "executed"): "an open that finds the valve open is a proof here",
    Edge("giving", "dispatched", "late_proof", "executed"): "while dispatched, a receipt of the live open is its proof",
    Edge("giving", "assigned", "late_proof", "executed"): "needs more sequences than a build explores",
}


@cache
def explored(name: str) -> tuple[Result, frozenset[Edge]]:
    return run(ASPECTS[name].bounded)


def test_every_sentence_of_CONTROL_is_taken_away_once() -> None:
    assert sorted(sentence for sentence, _ in TAKEN_AWAY) == sorted(NAMES)
    assert all(SAYS.values())


@pytest.mark.parametrize("name", ASPECTS)
def test_I1_to_I15_hold_in_every_state(name: str) -> None:
    result, _ = explored(name)
    assert result.complete
    assert result.violations == {}


def test_every_row_of_the_life_table_fires_or_is_explained() -> None:
    used = frozenset[Edge]().union(*(explored(name)[1] for name in ASPECTS))
    assert edges() - used == set(NEVER_FIRED)


@pytest.mark.parametrize(("sentence", "name"), TAKEN_AWAY)
def test_each_sentence_is_needed(sentence: str, name: str) -> None:
    result, _ = run(ASPECTS[name].bounded, without(sentence), until_broken=True)
    assert result.violations, f"nothing breaks in '{name}' without: {SAYS[sentence]}"
