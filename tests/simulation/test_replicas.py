"""Two replicas over one database: whatever happens to either, all rules hold, and a split brain breaks none of them."""

from collections import Counter

import pytest
from pytest import MonkeyPatch  # noqa: PT013 - its type

from controlplane.replicas import lease
from controlplane.replicas.leading import Leading
from tests.simulation.crews.plot import crews_are_out
from tests.simulation.faulty import live
from tests.simulation.plots import the_plane_dies_at_a_moment
from tests.simulation.replicas import two_replicas

SEEDS = (0, 2, 3, 4, 5)
BOTH_LEAD = (0, 4)
PLOTS = tuple(plot.__name__ for plot in (the_plane_dies_at_a_moment, crews_are_out, two_replicas))


def test_all_rules_hold_with_either_replica_killed_paused_or_cut_off() -> None:
    counts: Counter[str] = Counter()
    for seed in SEEDS:
        lived = live(seed, PLOTS)
        assert lived.broken == [], lived.story
        counts += lived.counts
    assert min(counts["replica paused"], counts["replica cut off"], counts["kills"]) >= 2, counts
    assert counts["terms of replicas"] > 2 * len(SEEDS)


@pytest.mark.parametrize("seed", BOTH_LEAD)
def test_two_that_both_lead_without_a_fence_break_nothing(seed: int, monkeypatch: MonkeyPatch) -> None:
    """Each verb reads its facts in its own transaction: the lease spares work, and no rule rests on it."""
    monkeypatch.setattr(lease, "hold", lambda *_: None)
    monkeypatch.setattr(lease, "renew", lambda *_: None)
    monkeypatch.setattr(Leading, "_may_take", lambda *_: True)
    lived = live(seed, PLOTS)
    assert lived.broken == [], lived.story
    assert lived.counts["terms of replicas"] > 3
