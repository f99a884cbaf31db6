"""Simulated histories, each tampered with in every way that CONTROL I9 names: not one of them still verifies."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, delete, select, update

from controlplane.db import make_engine
from controlplane.orders.models import order_events
from controlplane.proof import sequencer
from controlplane.proof.models import log_checkpoints, log_ends, log_entries, log_heads, log_nodes, log_state
from protocols.errors import TheirsError
from protocols.proof import checkpoint, log
from protocols.proof.checkpoint import Note
from protocols.proof.verdict import Outcome
from simulators.chance import stream
from tests.simulation import proving
from tests.simulation.checkers.proof import SOUND
from tests.simulation.faulty import live
from tests.simulation.proving import LOG_KEY, NOTARY
from tests.simulation.world import World

SEEDS = range(4)
LONG = 6
"""An order with so many entries has a middle."""


@dataclass(frozen=True)
class History:
    """What a life has left: a database, the checkpoints that left the house, and an order to tamper with."""

    file: Path
    at: datetime
    notes: list[Note]
    order: str


@pytest.fixture(scope="module", params=SEEDS)
def history(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> History:
    folder, kept = tmp_path_factory.mktemp("life"), list[History]()

    def keep(world: World) -> None:
        at = world.plane_clock.now()
        proving.catch_up(world.engine, at)
        with closing(sqlite3.connect(folder / "kept.sqlite")) as copy:
            world.eye.backup(copy)
        longest = max(proving.orders(world.engine), key=lambda order: (len(rows(world.engine, order)), order))
        kept.append(History(folder / "kept.sqlite", at, proving.published(world.engine), longest))

    assert not live(request.param, and_then=keep).broken
    return kept[0]


@pytest.fixture
def house(history: History, tmp_path: Path) -> Iterator[Engine]:
    """A copy of what the life has left, to be tampered with."""
    shutil.copy(history.file, tmp_path / "house.sqlite")
    engine = make_engine(f"sqlite:///{tmp_path / 'house.sqlite'}")
    yield engine
    engine.dispose()


def rows(engine: Engine, order: str) -> list[tuple[int, bytes]]:
    with engine.connect() as db:
        kept = select(log_entries.c.number, log_entries.c.leaf).where(log_entries.c.order == order)
        return [(row.number, row.leaf) for row in db.execute(kept.order_by(log_entries.c.sequence))]


def outcome(engine: Engine, history: History, order: str) -> Outcome:
    """The verdict of whoever has seen the checkpoints of the true history; a file that can't be made proves nothing."""
    try:
        found = dict(proving.verdicts(engine, history.at, history.notes))
    except (LookupError, ValueError, TheirsError):
        return Outcome.BROKEN
    return found[order].outcome if order in found else Outcome.BROKEN


@dataclass(frozen=True)
class Scene:
    """A history, and the entries of the order that is tampered with: where each is in the log, and its bytes."""

    history: History
    mine: list[tuple[int, bytes]]


def flip_a_bit(db: Connection, scene: Scene) -> None:
    chance = stream(len(scene.mine), "bit")
    number, leaf = chance.choice(scene.mine)
    changed = bytearray(leaf)
    changed[chance.randrange(len(leaf))] ^= 1 << chance.randrange(8)
    db.execute(update(log_entries).where(log_entries.c.number == number).values(leaf=bytes(changed)))


def take_one_out(db: Connection, scene: Scene) -> None:
    db.execute(delete(log_entries).where(log_entries.c.number == scene.mine[len(scene.mine) // 2][0]))


def tell_two_in_another_order(db: Connection, scene: Scene) -> None:
    (one, first), (other, second) = scene.mine[1], scene.mine[2]
    db.execute(update(log_entries).where(log_entries.c.number == one).values(leaf=second))
    db.execute(update(log_entries).where(log_entries.c.number == other).values(leaf=first))


def cut_the_newest(db: Connection, scene: Scene) -> None:
    db.execute(delete(log_entries).where(log_entries.c.number == scene.mine[-1][0]))
    end = {"entries": len(scene.mine) - 1, "number": scene.mine[-2][0]}
    db.execute(update(log_ends).where(log_ends.c.order == scene.history.order).values(**end))


def write_another_history(db: Connection, scene: Scene) -> None:
    """By whoever has the log's key: somebody else did it, and all is signed anew, at every size that was published."""
    mine = order_events.c.order == scene.history.order
    db.execute(update(order_events).where(mine).values(actor="somebody else"))
    for table in (log_entries, log_nodes, log_heads, log_ends, log_checkpoints, log_state):
        db.execute(delete(table))
    sequencer.begin_anew(db, "")
    size = 0
    for note in scene.history.notes:
        while size < note.checkpoint.size:
            missing = note.checkpoint.size - size
            size += sequencer.sequence(db, at_most(missing), NOTARY, scene.history.at)


def at_most(limit: int) -> sequencer.Source:
    """What has happened, no more of it than that."""
    return lambda db, after, most: proving.SOURCE(db, after, min(most, limit))


def sign_a_second_checkpoint(db: Connection, scene: Scene) -> None:
    """By whoever has the log's key: of the same size as the newest, with other heads."""
    stand = log.stand(scene.history.notes[-1].checkpoint)
    other = log.Stand(stand.origin, stand.size, stand.root, bytes(32), stand.at)
    note = checkpoint.sign(other.checkpoint(), (stand.origin, LOG_KEY, LOG_KEY.public))
    db.execute(update(log_checkpoints).where(log_checkpoints.c.size == stand.size).values(note=note))


TAMPERED: list[Callable[[Connection, Scene], None]] = [
    flip_a_bit,
    take_one_out,
    tell_two_in_another_order,
    cut_the_newest,
    write_another_history,
    sign_a_second_checkpoint,
]


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_I9_a_history_that_was_tampered_with_does_not_verify(
    history: History, house: Engine, tamper: Callable[[Connection, Scene], None]
) -> None:
    mine = rows(house, history.order)
    assert len(mine) >= LONG
    assert outcome(house, history, history.order) in SOUND
    with house.begin() as db:
        tamper(db, Scene(history, mine))
    assert outcome(house, history, history.order) is Outcome.BROKEN
