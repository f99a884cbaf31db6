"""Seeds of a faulty world: whatever is lost, doubled, held, reordered, cut or killed, no invariant breaks."""

from collections.abc import Iterator

import pytest

from tests.simulation.faulty import Lived
from tests.simulation.many import one, over_all_cores

SEEDS = 300


@pytest.fixture(scope="module")
def lives(request: pytest.FixtureRequest) -> Iterator[Lived]:
    """The lives of all seeds that were asked for, in their order, over all cores."""
    mine = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    return over_all_cores(one, [int(str(item.callspec.params["seed"])) for item in mine])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_faulty_life_breaks_no_invariant(seed: int, lives: Iterator[Lived]) -> None:
    lived = next(life for life in lives if life.seed == seed)
    broken = "\n".join(lived.broken)
    assert not lived.broken, f"\n{lived.story}\n{broken}\nreplay: .venv/bin/python -m tests.simulation {seed}"
