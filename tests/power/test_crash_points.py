"""I7, P11: power is lost at every write and sync of a journal's life, and again in the start that follows."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.power.crash_points import Found, Judge, Recording, crashes, crashes_again, recorded
from tests.power.disk import Loss

ALL, SOME = tuple(Loss), (Loss.ALL, Loss.NONE, Loss.TORN_SECTOR)
MEMORY = Path("/dev/shm")  # noqa: S108 - where there is one, syncs of thousands of states cost nothing
EVERY = 16
"""Of the states after a first loss, so many are one that is begun from again."""
pytestmark = pytest.mark.needs("fuse")


@pytest.fixture
def place() -> Iterator[Path]:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        (Path(folder) / "states").mkdir()
        yield Path(folder)


@pytest.fixture
def life(place: Path) -> Recording:
    return recorded(place, ["live"])


def firsts(life: Recording) -> list[Found]:
    """Different states that nothing, or all, of what was not synced has left."""
    found = {tuple(sorted(each.files.items())): each for each in crashes(life, (Loss.ALL, Loss.NONE), 0) if each.files}
    return list(found.values())[::EVERY]


def test_I7_P11_power_is_lost_at_every_write_and_sync(place: Path, life: Recording) -> None:
    judge = Judge(place / "states", life.told)
    found = [wrong for each in crashes(life, ALL, 0) for wrong in judge.wrong(each)]
    assert not found, "\n".join(found[:10])
    assert len(judge.seen) > 300


def test_I7_P11_power_is_lost_again_in_the_start_that_follows(place: Path, life: Recording) -> None:
    judge = Judge(place / "states", life.told, may_be_safe=True)
    found = [wrong for each in crashes_again(place, firsts(life), SOME) for wrong in judge.wrong(each)]
    assert not found, "\n".join(found[:10])
    assert len(judge.seen) > 300


@pytest.mark.parametrize("forgotten", ["FULL", "folder"])
def test_I7_what_is_forgotten_is_seen(place: Path, forgotten: str) -> None:
    spoilt = recorded(place, ["live", forgotten])
    judge = Judge(place / "states", spoilt.told)
    assert any(judge.wrong(each) for each in crashes(spoilt, (Loss.ALL,), 0))
