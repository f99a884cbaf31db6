"""The log of a simulated house, and each order's dossier as a stranger checks it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Engine, select

from controlplane.db import reading as look
from controlplane.dossiers.assembling import material
from controlplane.orders import told
from controlplane.proof import sequencer
from controlplane.proof.models import log_checkpoints, log_ends
from controlplane.proof.sequencer import Notary
from controlplane.proof.task import Sequencing
from controlplane.writer import Writer
from protocols.ports import Clock
from protocols.proof import checkpoint, dossier
from protocols.proof.checkpoint import Note
from protocols.proof.known import Key, Keys, Role
from protocols.proof.verdict import Verdict
from protocols.proof.verify import verify
from protocols.uplink.keys import SigningKey
from tests.simulation.house import KEYS, enrolled
from tests.simulation.machine import PLANE_KEY

LOG_KEY = SigningKey(b"l" * 32)
NOTARY = Notary("log.example/simulated", LOG_KEY, LOG_KEY.public)
SOURCE = told.source(PLANE_KEY)
GATHER_S = 20.0


def known(origin: str) -> Keys:
    """The keys of all who may sign."""
    gateways = [Key(Role.GATEWAY, name, key.public) for name, key in KEYS.items()]
    devices = [Key(Role.DEVICE, each.id, each.key.public) for each in enrolled() if each.approved]
    house = [Key(Role.LOG, origin, LOG_KEY.public), Key(Role.HOUSE, "house", PLANE_KEY.public)]
    return Keys([*house, *gateways, *devices])


def sequencing(writer: Writer, clock: Clock) -> Sequencing:
    """The sequencer beside a simulated control plane: it gathers for long, so that kills find it anywhere."""
    return Sequencing(writer, SOURCE, NOTARY, clock, gather_s=GATHER_S)


def catch_up(engine: Engine, at: datetime) -> None:
    """Take all that has happened into the log."""
    while True:
        with engine.begin() as db:
            if not sequencer.is_due(db, SOURCE, NOTARY):
                return
            sequencer.sequence(db, SOURCE, NOTARY, at)


def orders(engine: Engine) -> list[str]:
    """All orders that the log knows."""
    with look(engine) as db:
        return list(db.execute(select(log_ends.c.order).order_by(log_ends.c.order)).scalars())


def published(engine: Engine) -> list[Note]:
    """Every checkpoint that was ever signed under the name that the log bears now."""
    with look(engine) as db:
        kept = select(log_checkpoints.c.note).where(log_checkpoints.c.origin == sequencer.stands(db, NOTARY))
        return [checkpoint.read(note) for note in db.execute(kept.order_by(log_checkpoints.c.size)).scalars()]


def written(engine: Engine, order: str, at: datetime, also: Sequence[int] = ()) -> bytes:
    """The order's dossier, with checkpoints of these sizes in it beside its own."""
    with look(engine) as db:
        return dossier.build(material(db, order, NOTARY, PLANE_KEY, also=also), LOG_KEY, at, "simulated")


def verdicts(engine: Engine, at: datetime, notes: Sequence[Note] | None = None) -> Iterator[tuple[str, Verdict]]:
    """Every order's dossier, as whoever holds the keys and has seen the checkpoints (else those here) judges it."""
    with look(engine) as db:
        keys = known(sequencer.stands(db, NOTARY))
    here = published(engine)
    seen = here if notes is None else notes
    sizes = sorted({note.checkpoint.size for note in here} & {note.checkpoint.size for note in seen})
    for order in orders(engine):
        yield order, verify(written(engine, order, at, sizes), keys, seen)


def each_of_its_house(engine: Engine, at: datetime) -> Iterator[tuple[str, Verdict]]:
    """Every order's dossier beside the newest checkpoint; one of them beside all that were ever signed.

    One is enough: what all of them grew into is the newest, and each of the others is judged by that.
    """
    with look(engine) as db:
        keys = known(sequencer.stands(db, NOTARY))
    here = published(engine)
    for n, order in enumerate(orders(engine)):
        seen = here if n == 0 else here[-1:]
        yield order, verify(written(engine, order, at, [note.checkpoint.size for note in seen]), keys, seen)
