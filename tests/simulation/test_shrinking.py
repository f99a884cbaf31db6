"""A violation is told in the least that still shows it, and that least can be lived again."""

from tests.simulation import coverage
from tests.simulation.cut import SHORT, Cut
from tests.simulation.drawing import drawn
from tests.simulation.faulty import Lived
from tests.simulation.many import one
from tests.simulation.shrinking import Small, rules, shrink

SABOTAGE, SEED = "no permit asked", 0


def test_a_violation_is_made_small_and_still_breaks_its_rule() -> None:
    def live(plots: tuple[str, ...], cut: Cut) -> Lived:
        return one(SEED, plots, SABOTAGE, cut)

    whole = live(drawn(SEED), SHORT)
    assert "I1" in rules(whole)
    small = shrink(live, Small(drawn(SEED), SHORT, whole))
    assert small.plots == ()
    assert len(small.cut.orders) == SHORT.asked - 1
    assert len(small.lived.story.splitlines()) < len(whole.story.splitlines()) / 2
    assert rules(whole) & rules(live(small.plots, small.cut))


def test_what_was_met_and_what_never_was_is_told() -> None:
    lived = one(SEED, ())
    assert lived.rows["taking: entered allowed -> planned"]
    told = coverage.report(lived.counts, lived.rows, ("somebody_forges",))
    assert "  never: plot somebody_forges" in told
    assert f"of {len(coverage.ROWS)} met" in told
