"""Seeds of a faulty world: whatever is lost, doubled, held, reordered, cut or killed, no invariant breaks."""

import pytest

from tests.simulation.faulty import live

SEEDS = 100


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_faulty_life_breaks_no_invariant(seed: int) -> None:
    lived = live(seed)
    broken = "\n".join(lived.broken)
    assert not lived.broken, f"\n{lived.story}\n{broken}\nreplay: python -m tests.simulation {seed}"
