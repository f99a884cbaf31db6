"""A desk with a log, and what a stranger can check of it."""

from dataclasses import dataclass, field

from sqlalchemy import select

from controlplane.db import reading as look
from controlplane.orders import told
from controlplane.proof import reading, sequencer
from controlplane.proof.models import log_entries
from controlplane.proof.sequencer import Notary, Source
from protocols.proof import checkpoint, entry, heads, log, tree
from protocols.proof.checkpoint import NoteKey
from protocols.proof.log import Stand
from protocols.uplink.keys import SigningKey
from tests.controlplane.desk import Desk

HOUSE, LOG = SigningKey(b"H" * 32), SigningKey(b"L" * 32)
NAME = "log.example/curbstop"
NOTARY = Notary(NAME, LOG, LOG.public)


@dataclass
class Logged:
    """The log of a desk."""

    desk: Desk
    source: Source = field(default_factory=lambda: told.source(HOUSE))
    name: str = ""

    def __post_init__(self) -> None:
        with self.desk.engine.begin() as db:
            sequencer.begin_anew(db, self.name)

    @property
    def origin(self) -> str:
        return f"{NAME}/{self.name}" if self.name else NAME

    def catch_up(self) -> int:
        """Take all that waits into the log."""
        total = 0
        while True:
            with self.desk.engine.begin() as db:
                if not sequencer.is_due(db, self.source, NOTARY):
                    return total
                total += sequencer.sequence(db, self.source, NOTARY, self.desk.clock.now())

    def rename(self, name: str) -> None:
        """As a restored house does."""
        with self.desk.engine.begin() as db:
            sequencer.begin_anew(db, name)
        self.name = name

    def leaves(self) -> list[bytes]:
        with look(self.desk.engine) as db:
            return list(db.execute(select(log_entries.c.leaf).order_by(log_entries.c.number)).scalars())

    def stand(self) -> Stand:
        """What the newest checkpoint says, believed."""
        with look(self.desk.engine) as db:
            note = checkpoint.read(reading.newest(db, self.origin).note)
        assert checkpoint.signers(note, [NoteKey(self.origin, LOG.public)]) == (self.origin,)
        return log.stand(note.checkpoint)

    def history(self, order: str) -> list[reading.Placed]:
        with look(self.desk.engine) as db:
            return reading.history(db, order)

    def check(self) -> Stand:
        """Everything holds together, by a stranger's reckoning; the stand that it was checked against."""
        stand, leaves = self.stand(), self.leaves()
        assert stand.size == len(leaves)
        assert plain_root([tree.leaf_hash(leaf) for leaf in leaves]) == stand.root
        orders = {entry.decode(leaf).order for leaf in leaves}
        for order in orders:
            self._check_order(stand, order)
        return stand

    def _check_order(self, stand: Stand, order: str) -> None:
        placed = self.history(order)
        entries = [entry.decode(one.leaf) for one in placed]
        assert entry.broken_at([one.leaf for one in placed], entries) is None
        with look(self.desk.engine) as db:
            for one in placed:
                path = reading.inclusion(db, one.number, stand.size)
                assert tree.includes(stand.root, stand.size, one.number, tree.leaf_hash(one.leaf), path)
            head, beside = reading.head(db, order)
        assert head == heads.Head(order, len(placed), tree.leaf_hash(placed[-1].leaf))
        assert heads.proven(stand.heads, head, beside)


def plain_root(hashes: list[bytes]) -> bytes:
    """The root as RFC 6962 defines it, by recursion over everything."""
    if not hashes:
        return tree.EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return tree.node_hash(plain_root(hashes[:half]), plain_root(hashes[half:]))
