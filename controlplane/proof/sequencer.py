"""The one sequencer: what has happened since, in its order, into the log; and a checkpoint of it, in one transaction.

It runs beside the orders' verbs, a moment after their commits, and never within them: no permit waits for a hash. A
batch is small, so that no verb waits long for it either.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from controlplane.problems import NotFoundError
from controlplane.proof.models import log_checkpoints, log_ends, log_entries, log_state
from controlplane.proof.trees import Heads, Leaves
from protocols.ports import Signer
from protocols.proof import checkpoint, entry, heads, log, tree
from protocols.proof.entry import Entry

MOST_AT_ONCE = 50
STATE_ROW = 1


@dataclass(frozen=True, slots=True)
class Reached:
    """Up to which event and which document the orders' history is in the log."""

    events: int
    documents: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What comes next: entries whose place is not known yet, how far the log then is, and what is kept with them."""

    entries: Sequence[Entry]
    reached: Reached
    keep: Callable[[Connection], None]


Source = Callable[[Connection, Reached, int], Batch]
"""What has happened after a point, oldest first, at most so many: orders know, and stand above the log."""


@dataclass(frozen=True, slots=True)
class Notary:
    """Who signs the log: its name, with which every origin begins, its key, and the public half (32 bytes)."""

    name: str
    signer: Signer
    public: bytes


@dataclass(frozen=True, slots=True)
class State:
    """How the log stands: its own name (none for the first), its size, and how far it is."""

    name: str
    size: int
    reached: Reached


STATE = select(log_state)
BEGUN = insert(log_state)
MOVED = update(log_state).where(log_state.c.id == STATE_ROW)


def state(db: Connection) -> State | None:
    """How the log stands; None before it has begun."""
    row = db.execute(STATE).one_or_none()
    return State(row.name, row.size, Reached(row.events, row.documents)) if row is not None else None


def begin_anew(db: Connection, name: str) -> None:
    """Give the log a name that none had before: at its beginning, and when a database was restored.

    A restored log may have lost entries that were signed for; under its old name its next checkpoint would be a fork.
    """
    if db.execute(MOVED.values(name=name)).rowcount == 0:
        db.execute(BEGUN, {"id": STATE_ROW, "name": name, "size": 0, "events": 0, "documents": 0})


def is_due(db: Connection, source: Source, notary: Notary) -> bool:
    """Whether anything is to be taken into the log, or to be signed."""
    now = state(db)
    return now is not None and (
        bool(source(db, now.reached, 1).entries) or not _signed(db, origin(notary, now), now.size)
    )


def origin(notary: Notary, now: State) -> str:
    """The log's origin, under which it signs: the notary's name, and that of a log that goes on after a restore."""
    return f"{notary.name}/{now.name}" if now.name else notary.name


def stands(db: Connection, notary: Notary) -> str:
    """The origin of the log as it goes on now; NotFoundError before it has begun."""
    now = state(db)
    if now is None:
        raise NotFoundError("the log has not begun yet")
    return origin(notary, now)


def sequence(db: Connection, source: Source, notary: Notary, at: datetime) -> int:
    """Take the next batch into the log and sign how it stands; how many entries came."""
    now = state(db)
    assert now is not None  # noqa: S101 - a house that is served has begun its log
    batch = source(db, now.reached, MOST_AT_ONCE)
    size = now.size + len(batch.entries)
    leaves, ends = Leaves(db), Heads(db)
    if batch.entries:
        _append(db, leaves, ends, now.size, batch.entries)
        reached = {"events": batch.reached.events, "documents": batch.reached.documents}
        db.execute(MOVED.values(size=size, **reached))
        batch.keep(db)
    if not _signed(db, origin(notary, now), size):
        stand = log.Stand(origin(notary, now), size, tree.root(leaves.read, size), heads.root(ends.read), at)
        _sign(db, notary, stand)
    return len(batch.entries)


END = select(log_ends).where(log_ends.c.order == bindparam("order"))
ENDED = insert(log_ends)
ENDED_AGAIN = update(log_ends).where(log_ends.c.order == bindparam("this"))
KEEP = insert(log_entries)


def _append(db: Connection, leaves: Leaves, ends: Heads, size: int, drafts: Sequence[Entry]) -> None:
    """Number each draft among its order's entries, chain it to the one before, and hang it into both trees."""
    last: dict[str, tuple[int, bytes]] = {}
    known: set[str] = set()
    rows: list[dict[str, object]] = []
    places: dict[str, int] = {}
    for number, draft in enumerate(drafts, size):
        before = last.get(draft.order) or _end(db, draft.order, known)
        told = msgspec.structs.replace(draft, sequence=before[0] + 1, previous=before[1].hex())
        raw = entry.encode(told)
        leaf = tree.leaf_hash(raw)
        leaves.append(number, leaf)
        last[draft.order], places[draft.order] = (told.sequence, leaf), number
        rows.append({"number": number, "order": draft.order, "sequence": told.sequence, "leaf": raw})
    db.execute(KEEP, rows)
    leaves.write()
    for order, (entries, hashed) in last.items():
        ends.put(heads.Head(order, entries, hashed))
        end = {"entries": entries, "last": hashed, "number": places[order]}
        if order in known:
            db.execute(ENDED_AGAIN, {"this": order, **end})
        else:
            db.execute(ENDED, {"order": order, **end})
    ends.write()


def _end(db: Connection, order: str, known: set[str]) -> tuple[int, bytes]:
    row: Row[tuple[object, ...]] | None = db.execute(END, {"order": order}).one_or_none()
    if row is None:
        return 0, bytes(tree.HASH_SIZE)
    known.add(order)
    return row.entries, row.last


SIGNED = select(log_checkpoints.c.note).where(
    log_checkpoints.c.origin == bindparam("origin"), log_checkpoints.c.size == bindparam("size")
)
SIGN = insert(log_checkpoints)


def _signed(db: Connection, origin: str, size: int) -> bool:
    return db.execute(SIGNED, {"origin": origin, "size": size}).one_or_none() is not None


def _sign(db: Connection, notary: Notary, stand: log.Stand) -> None:
    note = checkpoint.sign(stand.checkpoint(), (stand.origin, notary.signer, notary.public))
    db.execute(SIGN, {"origin": stand.origin, "size": stand.size, "note": note, "signed_at": stand.at})
