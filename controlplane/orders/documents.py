"""What is signed for an order: commands, looks and permits of the house, accounts of gateways and crews.

The house signs what it sends only when it sends it, with the same key and the same bytes each time: the payload is
kept, and its envelope can be made whenever it is asked for. Once the log has named that envelope its signature is kept
too: the house may have another key by then, and a dossier needs the one that the log names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from controlplane.orders.models import house_keys, order_documents, order_events, receipts
from protocols.ports import Signer
from protocols.uplink import codec, envelope
from protocols.uplink.crew import CrewRelease
from protocols.uplink.keys import SigningKey
from protocols.uplink.parts import Message

SEALED_AT_ONCE = 50
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

    It came about after the event `after`, and before the next one. `fresh` is the signature, with the fingerprint of
    its key, that was made now and is not kept yet.
    """

    id: int
    after: int
    order: str
    kind: str
    signer: str | None
    envelope: bytes
    at: datetime
    fresh: tuple[str, bytes] | None = None


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
    return [_document(row, signer) for row in rows]


def _document(row: Row[Any], signer: Signer) -> Document:
    came = Document(row.id, row.after, row.order, row.kind, _signer(row), row.raw, row.at)
    if row.payload is None:
        return came
    kind, fresh = codec.type_of(row.kind), None
    if row.keyid is None:
        fresh = signer.keyid, envelope.sign(kind, row.payload, signer)
    raw = envelope.sealed(kind, row.payload, *(fresh or (row.keyid, row.signature)))
    return replace(came, envelope=raw, fresh=fresh)


UNSEALED = KEPT.where(
    order_documents.c.payload.is_not(None),
    order_documents.c.keyid.is_(None),
    order_documents.c.id <= bindparam("reached"),
).limit(bindparam("most"))
KEY = select(house_keys).where(house_keys.c.keyid == bindparam("keyid"))
NEW_KEY = insert(house_keys)
SEALED = update(order_documents).where(order_documents.c.id == bindparam("this"))


def seal(db: Connection, reached: int, papers: Iterable[Document], house: SigningKey) -> None:
    """Keep the signatures of what the log names now, and of a few that it has named before signatures were kept."""
    older = _documents(db.execute(UNSEALED, {"reached": reached, "most": SEALED_AT_ONCE}), house)
    fresh = {paper.id: paper for paper in (*papers, *older) if paper.fresh is not None}
    if not fresh:
        return
    signatures = [(one, *paper.fresh) for one, paper in fresh.items() if paper.fresh is not None]
    db.execute(SEALED, [{"this": one, "keyid": keyid, "signature": made} for one, keyid, made in signatures])
    if db.execute(KEY, {"keyid": house.keyid}).one_or_none() is None:
        since = min(paper.at for paper in fresh.values())
        db.execute(NEW_KEY, {"keyid": house.keyid, "public_key": house.public.hex(), "since": since})


def _signer(row: Row[Any]) -> str | None:
    """Two persons' word is kept as an account of the device that it is about, and is the house's."""
    return row.gateway if row.payload is None and row.kind != CrewRelease.kind else None
