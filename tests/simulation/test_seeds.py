"""Seeds of a faulty world: whatever is lost, doubled, held, reordered, cut or killed, no invariant breaks."""

import pytest

from tests.simulation.faulty import live

SEEDS = 30


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_faulty_life_breaks_no_invariant(seed: int) -> None:
    lived = live(seed)
    assert lived.broken == [], f"\n{lived.story}\nreplay: python -m tests.simulation {seed}"
