"""What is signed for an order: commands, looks and permits of the house, accounts of gateways and crews.

The house signs what it sends only when it sends it, with the same key and the same bytes each time: the payload is
kept, and its envelope can be made whenever it is asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select

from controlplane.orders.models import order_documents, order_events, receipts
from protocols.ports import Signer
from protocols.uplink import codec, envelope
from protocols.uplink.crew import CrewRelease
from protocols.uplink.parts import Message

NEWEST_EVENT = select(func.coalesce(func.max(order_events.c.id), 0)).scalar_subquery()
NOTED = insert(order_documents).values(after=NEWEST_EVENT)


def issued(db: Connection, order: str, message: Message, now: datetime) -> None:
    """Note what the house says for an order."""
    payload = codec.encode(message)
    digest = codec.digest(payload)
    db.execute(NOTED, {"order": order, "kind": message.kind, "digest": digest, "payload": payload, "at": now})


def came(db: Connection, order: str, kind: str, digest: str, now: datetime) -> None:
    """Note an account that is kept among the receipts."""
    db.execute(NOTED, {"order": order, "kind": kind, "digest": digest, "payload": None, "at": now})


@dataclass(frozen=True, slots=True)
class Document:
    """A signed document of an order: its envelope's bytes, and which gateway or device signed it; None: the house.

    It came about after the event `after`, and before the next one.
    """

    id: int
    after: int
    order: str
    kind: str
    signer: str | None
    envelope: bytes
    at: datetime


KEPT = (
    select(order_documents, receipts.c.raw, receipts.c.gateway)
    .outerjoin(receipts, receipts.c.digest == order_documents.c.digest)
    .order_by(order_documents.c.id)
)
AFTER = KEPT.where(order_documents.c.id > bindparam("after")).limit(bindparam("most"))
OF_ORDER = KEPT.where(order_documents.c.order == bindparam("order"))


def after(db: Connection, last: int, most: int, signer: Signer) -> list[Document]:
    """Documents after an id, oldest first."""
    return _documents(db.execute(AFTER, {"after": last, "most": most}), signer)


def of_order(db: Connection, order: str, signer: Signer) -> list[Document]:
    """All of an order, oldest first."""
    return _documents(db.execute(OF_ORDER, {"order": order}), signer)


def _documents(rows: Iterable[Row[Any]], signer: Signer) -> list[Document]:
    return [
        Document(row.id, row.after, row.order, row.kind, _signer(row), _envelope(row, signer), row.at) for row in rows
    ]


def _signer(row: Row[Any]) -> str | None:
    """Two persons' word is kept as an account of the device that it is about, and is the house's."""
    return row.gateway if row.payload is None and row.kind != CrewRelease.kind else None


def _envelope(row: Row[Any], signer: Signer) -> bytes:
    if row.payload is not None:
        return envelope.seal(codec.type_of(row.kind), row.payload, signer)
    raw: bytes = row.raw
    return raw
