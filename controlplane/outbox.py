"""What is to be sent to gateways: rows written in the transaction that wants it, published only after its commit.

A row is sent again until the gateway's application acknowledges its digest, it is cancelled, or it expires. Rows with
`once` are answers that nobody waits for twice (permits, acknowledgements): sent after commit, then forgotten.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Boolean, Column, Connection, Integer, LargeBinary, String, Table, delete, insert, select, update

from controlplane.db import Moment, metadata
from protocols.uplink import codec
from protocols.uplink.messages import Body

FIRST_REPEAT_S, LONGEST_REPEAT_S = 5, 300

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("gateway", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("digest", String, nullable=False, index=True),
    Column("payload", LargeBinary, nullable=False),
    Column("once", Boolean, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
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


def put(db: Connection, message: Body, now: datetime, *, once: bool = False) -> str:
    """Have a message sent after this transaction has committed; returns its digest."""
    payload = codec.encode(message)
    digest = codec.digest(payload)
    row = {"gateway": message.gateway, "kind": message.kind, "digest": digest, "payload": payload, "once": once}
    db.execute(insert(outbox).values(**row, tries=0, next_at=now))
    return digest


def waiting(db: Connection, now: datetime) -> bool:
    """Whether anything is due."""
    return db.execute(select(outbox.c.id).where(outbox.c.next_at <= now).limit(1)).one_or_none() is not None


def collect(db: Connection, now: datetime, limit: int = 200) -> list[Parcel]:
    """Rows whose time has come, oldest first; each is due again later, ever later, whatever becomes of this sending.

    An answer that is sent `once` is gone from here: whoever waits for it in vain asks again.
    """
    query = select(outbox).where(outbox.c.next_at <= now).order_by(outbox.c.id).limit(limit)
    parcels = [Parcel(r.id, r.gateway, r.kind, bytes(r.payload), r.once, r.tries) for r in db.execute(query)]
    for parcel in parcels:
        if parcel.once:
            db.execute(delete(outbox).where(outbox.c.id == parcel.id))
            continue
        wait = timedelta(seconds=min(FIRST_REPEAT_S * 2**parcel.tries, LONGEST_REPEAT_S))
        db.execute(update(outbox).where(outbox.c.id == parcel.id).values(tries=parcel.tries + 1, next_at=now + wait))
    return parcels


def acknowledged(db: Connection, gateway: str, digests: tuple[str, ...]) -> None:
    """The gateway's application holds these; only its own count."""
    mine = outbox.c.gateway == gateway
    db.execute(update(outbox).where(mine, outbox.c.digest.in_(digests)).values(next_at=None))


def cancel(db: Connection, digest: str) -> None:
    """Stop sending this."""
    db.execute(update(outbox).where(outbox.c.digest == digest).values(next_at=None))
