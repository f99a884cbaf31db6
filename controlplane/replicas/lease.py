"""The lease in the database: looked at, taken, renewed, let go; and the fence that it puts around what a leader writes.

It is taken under the lock that every writing transaction holds, and each of a leader's transactions reads the term
under the same lock: a leader that was paused and wakes finds another term, and nothing of what it meant to write stays.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from controlplane.replicas.models import LEAD_ROW, lead


class DeposedError(Exception):
    """Another replica leads: nothing was changed."""


@dataclass(frozen=True, slots=True)
class Lease:
    """How it stands: the term, how often it was renewed in it, whose it is, and whether that one has let go."""

    term: int
    beat: int
    holder: str
    free: bool


NOBODYS = Lease(0, 0, "", free=True)
LOOK = select(lead.c.term, lead.c.beat, lead.c.holder, lead.c.free).where(lead.c.id == LEAD_ROW)
TERM = select(lead.c.term).where(lead.c.id == LEAD_ROW)
BEGUN = insert(lead)
TAKE = (
    update(lead)
    .where(lead.c.id == LEAD_ROW, lead.c.term == bindparam("was"), lead.c.beat == bindparam("beaten"))
    .values(term=lead.c.term + 1, beat=0, free=0)
)
MINE = update(lead).where(lead.c.id == LEAD_ROW, lead.c.term == bindparam("mine"))
RENEW = MINE.values(beat=lead.c.beat + 1)
LET_GO = MINE.values(free=1, beat=lead.c.beat + 1)


def look(db: Connection) -> Lease:
    """How the lease stands."""
    row = db.execute(LOOK).one_or_none()
    return Lease(row.term, row.beat, row.holder, free=bool(row.free)) if row is not None else NOBODYS


def take(db: Connection, seen: Lease, name: str) -> int | None:
    """Take it if it still stands as it was seen; the new term, None where another was faster or it was renewed."""
    if seen == NOBODYS and look(db) == NOBODYS:
        db.execute(BEGUN, {"id": LEAD_ROW, "term": 1, "beat": 0, "holder": name, "free": 0})
        return 1
    taken = db.execute(TAKE.values(holder=name), {"was": seen.term, "beaten": seen.beat})
    return seen.term + 1 if taken.rowcount else None


def renew(db: Connection, term: int) -> None:
    """Say that whoever leads in this term lives; DeposedError where the term is another."""
    if db.execute(RENEW, {"mine": term}).rowcount == 0:
        raise DeposedError


def let_go(db: Connection, term: int) -> None:
    """Let others take it at once; nothing happens where the term is another."""
    db.execute(LET_GO, {"mine": term})


def hold(db: Connection, term: int) -> None:
    """The fence: DeposedError unless this term lasts until the transaction ends."""
    if db.execute(TERM).scalar_one_or_none() != term:
        raise DeposedError
