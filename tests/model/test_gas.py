"""Giving gas back holds in every state with all its rules, at any meter, and breaks without each of them."""

import pytest

from tests.model.gas import RULES, Meter, run

METERS = [Meter(class70, expires) for class70 in (True, False) for expires in (True, False)]


@pytest.mark.parametrize("meter", METERS, ids=str)
def test_I1_I4_I15_G4_hold_in_every_state_of_giving_gas_back(meter: Meter) -> None:
    result = run(meter)
    assert result.complete
    assert result.states > 500
    assert result.violations == {}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_gas_is_needed(rule: str) -> None:
    broken = {text for meter in METERS for text in run(meter, frozenset(RULES) - {rule}).violations}
    assert broken, f"nothing breaks without: {RULES[rule]}"
