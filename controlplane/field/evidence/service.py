"""Which evidence there is, who may read it, and what it serves. Files are the store's; here are the rows about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, exists, insert, select, update

from controlplane.access.roles import Role
from controlplane.access.service import Principal
from controlplane.field.evidence.facts import Facts
from controlplane.field.evidence.intake import Taken
from controlplane.field.evidence.likeness import bands
from controlplane.field.evidence.models import evidence, evidence_sent, evidence_uses
from controlplane.field.evidence.senders import Sender, sender_of, sent_by
from controlplane.field.evidence.shots import Shot
from controlplane.problems import NotFoundError

THIS = select(evidence).where(evidence.c.sha256 == bindparam("this"))
SENT_BY = select(evidence_sent.c.crew).where(
    evidence_sent.c.evidence == bindparam("this"), evidence_sent.c.principal == bindparam("token")
)
NOW_ITS_CREWS = (
    update(evidence_sent)
    .where(evidence_sent.c.evidence == bindparam("this"), evidence_sent.c.principal == bindparam("token"))
    .values(crew=bindparam("its"))
)
KEEP, SEND, USE = insert(evidence), insert(evidence_sent), insert(evidence_uses)
USED = select(evidence_uses.c.shot, evidence_uses.c.evidence).where(evidence_uses.c.order == bindparam("this"))
AT_VISIT = USED.where(evidence_uses.c.work_order == bindparam("visit")).order_by(evidence_uses.c.shot)
MINE = exists().where(evidence_sent.c.evidence == evidence.c.sha256, sent_by())
MY_CLIENTS = exists().where(
    evidence_uses.c.evidence == evidence.c.sha256, evidence_uses.c.client == bindparam("client")
)
SEEN_BY_SENDER, SEEN_BY_CLIENT = THIS.where(MINE), THIS.where(MINE | MY_CLIENTS)
Line = Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Use:
    """The order that photographs and documents serve."""

    order: str
    point: str
    client: str
    work_order: str | None = None


def is_known(db: Connection, digest: str) -> bool:
    """Whether these bytes were ever taken, from anybody: never told to whoever asks."""
    return db.execute(THIS, {"this": digest}).one_or_none() is not None


def record(db: Connection, now: datetime, digest: str, taken: Taken, who: Principal) -> bool:
    """Note what was taken and from whom; False where this sender's was noted before.

    What came before its device was approved is the crew's from now on; else nothing changes then.
    """
    sender = sender_of(db, who)
    if not is_known(db, digest):
        db.execute(KEEP, {"sha256": digest, "received_at": now, **_columns(taken)})
    before = db.execute(SENT_BY, {"this": digest, "token": who.id}).one_or_none()
    if before is None:
        db.execute(SEND, {"evidence": digest, "principal": who.id, "name": who.name, "at": now, "crew": sender.crew})
    elif before.crew is None and sender.crew is not None:
        db.execute(NOW_ITS_CREWS, {"this": digest, "token": who.id, "its": sender.crew})
    return before is None


def _columns(taken: Taken) -> dict[str, object]:
    facts = taken.examined.facts if taken.examined is not None else None
    bits = facts.likeness if facts is not None else None
    parts: Sequence[int | None] = bands(bits) if bits is not None else (None, None, None, None)
    return {
        "kind": taken.kind,
        "size": taken.size,
        "facts": msgspec.to_builtins(facts) if facts is not None else None,
        "likeness": bits,
        **{f"band{n}": part for n, part in enumerate(parts)},
    }


def get(db: Connection, digest: str, who: Principal) -> Line:
    """One piece; NotFoundError where there is none, or none that this reader may see (I10).

    Its sender may read it, a client what serves its own orders, and the house everything; a crew is no reader of the
    house.
    """
    values = {"this": digest, "client": who.client, **sender_of(db, who).values}
    row = db.execute(_seen_by(who), values).one_or_none()
    if row is None:
        raise NotFoundError("there is no such evidence")
    return row


def _seen_by(who: Principal) -> Select[tuple[object, ...]]:
    if who.client is not None:
        return SEEN_BY_CLIENT
    return SEEN_BY_SENDER if who.role is Role.CREW else THIS


def facts_of(row: Line) -> Facts | None:
    """What a photograph says of itself; None of a document."""
    return msgspec.convert(row.facts, Facts) if row.facts is not None else None


def sent(db: Connection, digests: Iterable[str], sender: Sender) -> Mapping[str, Facts | None]:
    """Those of the digests that this sender has put, with what they say of themselves."""
    found: dict[str, Facts | None] = {}
    for digest in digests:
        row = db.execute(SEEN_BY_SENDER, {"this": digest, **sender.values}).one_or_none()
        if row is not None:
            found[digest] = facts_of(row)
    return found


def attach(db: Connection, now: datetime, use: Use, shots: Iterable[Shot], actor: str) -> None:
    """Have shots serve an order, in the transaction of its report; what serves it already stays as it is."""
    there = {(row.shot, row.evidence) for row in db.execute(USED, {"this": use.order})}
    for shot in dict.fromkeys(shots):
        if (shot.what, shot.digest) not in there:
            told = {"evidence": shot.digest, "shot": shot.what, "order": use.order, "point": use.point}
            where = {"client": use.client, "work_order": use.work_order}
            db.execute(USE, {**told, **where, "at": now, "actor": actor})


def shots_at(db: Connection, order: str, work_order: str) -> list[Shot]:
    """What serves an order, of one visit."""
    return [Shot(row.shot, row.evidence) for row in db.execute(AT_VISIT, {"this": order, "visit": work_order})]


def shots_of(db: Connection, order: str) -> list[Shot]:
    """What serves an order."""
    return [Shot(row.shot, row.evidence) for row in db.execute(USED, {"this": order})]
