"""Seeds of a faulty world: whatever is lost, doubled, held, reordered, cut or killed, no invariant breaks."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from tests.simulation.crews.fates import Fate
from tests.simulation.faulty import Lived
from tests.simulation.many import one, over_all_cores

SEEDS = 300
OFTEN = 8
"""Drawn by chance, each fate is met a dozen times and more in these seeds; so often at least, whatever is changed."""
BEFALLS = (
    "permitted",
    "overtaken before it came",
    "overtaken before its permit",
    "stopped with a permit",
    "permit lapsed",
    "device killed",
    "house killed, asked",
    "house killed, uncommitted",
    "house killed, committed",
    "request late",
    "request sent twice",
    "answer lost",
    "lost its device",
    "released by two",
    "a revoked device refused",
    "a device that nobody has approved refused",
    "a stolen token refused",
)


@dataclass
class Lives:
    """The lives of all seeds that were asked for, each once, over all cores."""

    coming: Iterator[Lived]
    counts: Counter[str] = field(default_factory=Counter)

    def of(self, seed: int) -> Lived:
        for life in self.coming:
            self.counts.update(life.counts)
            if life.seed == seed:
                return life
        raise LookupError(seed)


@pytest.fixture(scope="module")
def lives(request: pytest.FixtureRequest) -> Iterator[Lives]:
    mine = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    seeds = [int(str(item.callspec.params["seed"])) for item in mine if "seed" in item.fixturenames]
    with closing(over_all_cores(one, seeds)) as coming:
        yield Lives(coming)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_faulty_life_breaks_no_invariant(seed: int, lives: Lives) -> None:
    lived = lives.of(seed)
    broken = "\n".join(lived.broken)
    assert not lived.broken, f"\n{lived.story}\n{broken}\nreplay: .venv/bin/python -m tests.simulation {seed}"


def test_every_fate_of_a_crew_is_met_often(lives: Lives) -> None:
    """Of the seeds before; where only some of them were asked for, as often as so many should."""
    often = OFTEN * lives.counts["seeds"] / SEEDS
    rare = {what: lives.counts[f"crew: {what}"] for what in (*(f.value for f in Fate), *BEFALLS)}
    assert {what: met for what, met in rare.items() if met < int(often)} == {}
