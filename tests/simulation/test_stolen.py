"""Whoever has the house's key opens no gas, closes no more than the cap, and nothing by a clock that stands wrong."""

import pytest

from tests.simulation.many import one
from tests.simulation.plots import the_clock_jumps
from tests.simulation.stolen import the_house_signs_anything

SEEDS = range(10)
KEPT = ("I4", "I5", "I14")
PLOTS = (the_house_signs_anything.__name__,)


@pytest.mark.parametrize("seed", SEEDS)
def test_I4_I5_I14_hold_though_the_house_signs_anything(seed: int) -> None:
    lived = one(seed, PLOTS)
    assert lived.counts["signed by a thief"]
    assert [text for text in lived.broken if text.startswith(KEPT)] == [], lived.story


@pytest.mark.parametrize(
    ("sabotage", "rule", "seed"),
    [("caps not counted", "I5", 5), ("clock always trusted", "I14", 0), ("an open let through to gas", "I4", 0)],
)
def test_it_would_be_seen_if_the_edge_did_not_keep_them(sabotage: str, rule: str, seed: int) -> None:
    plots = (*PLOTS, the_clock_jumps.__name__)
    assert any(text.startswith(f"{rule}:") for text in one(seed, plots, sabotage).broken)
