"""What is to be sent to gateways: rows written in the transaction that wants it, published only after its commit.

A row is sent again until the gateway's application acknowledges its digest, it is cancelled, or it expires. Rows with
`once` are answers that nobody waits for twice (permits, acknowledgements): sent after commit, then forgotten.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    LargeBinary,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from controlplane.db import Moment, Whole, metadata
from protocols.uplink import codec
from protocols.uplink.messages import Body

FIRST_REPEAT_S, LONGEST_REPEAT_S = 5, 300

outbox = Table(
    "outbox",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("gateway", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("digest", String, nullable=False, index=True),
    Column("payload", LargeBinary, nullable=False),
    Column("once", Boolean, nullable=False),
    Column("tries", Whole, nullable=False, default=0),
    Column("next_at", Moment, nullable=True, index=True),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A row that is due."""

    id: int
    gateway: str
    kind: str
    payload: bytes
    once: bool
    tries: int


PUT = insert(outbox)


def put(db: Connection, message: Body, now: datetime, *, once: bool = False) -> str:
    """Have a message sent after this transaction has committed; returns its digest."""
    payload = codec.encode(message)
    digest = codec.digest(payload)
    row = {"gateway": message.gateway, "kind": message.kind, "digest": digest, "payload": payload, "once": once}
    db.execute(PUT, {**row, "tries": 0, "next_at": now})
    return digest


NEXT = select(func.min(outbox.c.next_at))


def next_due(db: Connection) -> datetime | None:
    """When the next row is due, past or to come; None while nothing waits."""
    at: datetime | None = db.execute(NEXT).scalar_one()
    return at


DUE = (
    select(outbox.c.id, outbox.c.gateway, outbox.c.kind, outbox.c.payload, outbox.c.once, outbox.c.tries)
    .where(outbox.c.next_at <= bindparam("now"))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
FORGET = delete(outbox).where(outbox.c.id == bindparam("this"))
REPEAT = update(outbox).where(outbox.c.id == bindparam("this"), outbox.c.next_at.is_not(None))


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due at a moment, oldest first; where nothing is, when the next will be."""

    at: datetime
    parcels: list[Parcel]
    next_at: datetime | None


def waiting(db: Connection, now: datetime, limit: int = 200) -> Waiting:
    """Look what is due; nothing is changed by looking."""
    parcels = [Parcel(*row) for row in db.execute(DUE, {"now": now, "most": limit})]
    return Waiting(now, parcels, None if parcels else next_due(db))


def sent(db: Connection, parcels: list[Parcel], now: datetime) -> None:
    """Note that these were published: each is due again later, ever later, until it is held or cancelled.

    An answer that is sent `once` is gone from here: whoever waits for it in vain asks again.
    """
    if answers := [{"this": parcel.id} for parcel in parcels if parcel.once]:
        db.execute(FORGET, answers)
    if kept := [_again(parcel, now) for parcel in parcels if not parcel.once]:
        db.execute(REPEAT, kept)


def _again(parcel: Parcel, now: datetime) -> dict[str, object]:
    wait = timedelta(seconds=min(FIRST_REPEAT_S * 2**parcel.tries, LONGEST_REPEAT_S))
    return {"this": parcel.id, "tries": parcel.tries + 1, "next_at": now + wait}


HELD = (
    update(outbox)
    .where(outbox.c.gateway == bindparam("by"), outbox.c.digest == bindparam("held"), outbox.c.next_at.is_not(None))
    .values(next_at=None)
)


def acknowledged(db: Connection, gateway: str, digests: tuple[str, ...]) -> None:
    """The gateway's application holds these; only its own count."""
    if digests:
        db.execute(HELD, [{"by": gateway, "held": digest} for digest in digests])


CANCEL = update(outbox).where(outbox.c.digest == bindparam("cancelled")).values(next_at=None)


def cancel(db: Connection, digest: str) -> None:
    """Stop sending this."""
    db.execute(CANCEL, {"cancelled": digest})


SILENCE = update(outbox).where(outbox.c.gateway == bindparam("silenced")).values(next_at=None)


def silence(db: Connection, gateway: str) -> None:
    """Send nothing more of what waits for this gateway."""
    db.execute(SILENCE, {"silenced": gateway})
