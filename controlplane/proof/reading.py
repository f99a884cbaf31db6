"""What anybody may ask of the log: its newest checkpoint, and proofs between any two of its sizes."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from controlplane.problems import NotFoundError, UnprocessableError
from controlplane.proof.models import log_checkpoints, log_ends, log_entries
from controlplane.proof.trees import Heads, Leaves
from protocols.proof import heads, tree

NEWEST = select(log_checkpoints).where(log_checkpoints.c.origin == bindparam("origin"))
NEWEST = NEWEST.order_by(log_checkpoints.c.size.desc()).limit(1)
SIGNED = select(log_checkpoints).where(
    log_checkpoints.c.origin == bindparam("origin"), log_checkpoints.c.size == bindparam("size")
)
LEAVES = select(log_entries.c.number, log_entries.c.leaf).where(log_entries.c.order == bindparam("order"))
LEAVES = LEAVES.order_by(log_entries.c.sequence)
END = select(log_ends).where(log_ends.c.order == bindparam("order"))


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it was signed."""

    size: int
    note: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """One entry of an order: where it is in the log, and its bytes."""

    number: int
    leaf: bytes


def newest(db: Connection, origin: str) -> Signed:
    """The newest checkpoint; NotFoundError while there is none."""
    row = db.execute(NEWEST, {"origin": origin}).one_or_none()
    if row is None:
        raise NotFoundError("the log has no checkpoint yet")
    return Signed(row.size, row.note)


def at_size(db: Connection, origin: str, size: int) -> Signed:
    """The checkpoint of this size; UnprocessableError where none was signed."""
    row = db.execute(SIGNED, {"origin": origin, "size": size}).one_or_none()
    if row is None:
        raise UnprocessableError(f"the log {origin} has signed no checkpoint of {size} entries", code="not_in_log")
    return Signed(row.size, row.note)


def inclusion(db: Connection, index: int, size: int) -> list[bytes]:
    """The proof that entry `index` is among the first `size`; UnprocessableError where it can't be."""
    _reaches(db, size)
    if index >= size:
        raise UnprocessableError(f"entry {index} is not among the first {size}: they count from 0", code="not_in_log")
    return tree.inclusion(Leaves(db).read, index, size)


def consistency(db: Connection, old: int, new: int) -> list[bytes]:
    """The proof that the first `old` entries begin the first `new`; UnprocessableError where they can't."""
    _reaches(db, new)
    if old > new:
        raise UnprocessableError(f"{old} entries do not begin {new}: old is at most new", code="not_in_log")
    return tree.consistency(Leaves(db).read, old, new)


def history(db: Connection, order: str) -> list[Placed]:
    """All entries of an order, oldest first."""
    return [Placed(*row) for row in db.execute(LEAVES, {"order": order})]


def head(db: Connection, order: str) -> tuple[heads.Head, list[bytes]]:
    """The end of an order's history, and the proof of it; NotFoundError where the log has nothing of it yet."""
    row = db.execute(END, {"order": order}).one_or_none()
    if row is None:
        raise NotFoundError("the log has nothing of this order yet; ask again in a moment")
    return heads.Head(order, row.entries, row.last), heads.prove(Heads(db).read, order)


def _reaches(db: Connection, size: int) -> None:
    if size and db.execute(select(log_entries.c.number).where(log_entries.c.number == size - 1)).one_or_none() is None:
        raise UnprocessableError(f"the log has fewer than {size} entries", code="not_in_log")
