"""Where two persons are asked: to end the permit of a crew that does not report, and to judge what is doubted.

The first one's word is kept with the work order. A second, different person who says the same makes it so; one who says
otherwise begins anew.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, select

from controlplane import news
from controlplane.db import lock_point
from controlplane.field.work import feed, offering, tightness
from controlplane.orders import hands, witness
from controlplane.orders.context import Context
from controlplane.orders.life import get
from controlplane.orders.models import receipts
from controlplane.orders.states import OrderState
from controlplane.problems import ConflictError, NotFoundError
from protocols.ports import Signer
from protocols.uplink import codec
from protocols.uplink.crew import CrewRelease, CrewReport, DeviceId

RAW = select(receipts.c.raw).where(receipts.c.digest == bindparam("digest"))


@dataclass(frozen=True, slots=True)
class Word:
    """What one of two says: about what, what exactly, in which words, and who it is."""

    about: Literal["release", "override"]
    says: str
    words: str
    name: str
    person: str


def _second(db: Connection, context: Context, row: Row[Any], word: Word) -> dict[str, str] | None:
    """The first one's word, where this is a second person's and says the same; else this becomes the first."""
    first: dict[str, str] | None = row.first
    said = {"about": word.about, "says": word.says}
    if first is not None and first["person"] != word.person and all(first[k] == v for k, v in said.items()):
        offering.change(db, row, first=None)
        return first
    kept = {**said, "words": word.words, "name": word.name, "person": word.person}
    offering.change(db, row, first=kept)
    told = {"code": f"{word.about}_asked", "to": "operator", "order": row.order, "by": word.name, "says": word.says}
    news.tell(db, context.now, "approval", row.id, told, row.client)
    return None


def _found(db: Connection, identity: str) -> Row[Any]:
    row = offering.find(db, identity)
    if row is None:
        raise NotFoundError("there is no such work order")
    lock_point(db, row.point)
    return row


def release(db: Connection, context: Context, signer: Signer, identity: str, word: Word) -> bool:
    """End the permit of a crew that does not report; True when a second person has said so too."""
    row = _found(db, identity)
    order = get(db, row.order)
    hand = hands.out(db, order.point)
    if order.state is not OrderState.PERMITTED or hand is None or hand.order != order.id:
        raise ConflictError("no crew holds a permit under this work order", code="no_permit_out")
    first = _second(db, context, row, word)
    if first is None:
        return False
    said = CrewRelease(
        device=DeviceId(hand.device),
        work_order=row.id,
        order=order.id,
        at=context.now,
        permit=hand.digest,
        crew_is="away" if word.says == "away" else "spoken_to",
        persons=(first["name"], word.name),
        statements=(first["words"], word.words),
    )
    raw, digest = codec.seal(said, signer)
    witness.release(db, context, said, digest, raw)
    return True


def override(db: Connection, context: Context, identity: str, word: Word, serial: str, *, accept: bool) -> bool:
    """Accept or reject what is doubted; True when a second person has said the same.

    Without a kept report it is the serial that is judged, so that a permit may be asked for at this meter.
    """
    row = _found(db, identity)
    if row.report is None and (not serial or row.closed_at is not None):
        raise ConflictError("nothing is doubted here, and no serial was named", code="nothing_doubted")
    if _second(db, context, row, word) is None:
        return False
    row = _found(db, identity)
    if row.report is None:
        offering.change(db, row, serial=serial if accept else None)
        feed.tell(db, context, row.id, feed.Entry.CHANGED)
        return True
    kept = codec.peek(db.execute(RAW, {"digest": row.report}).scalar_one(), CrewReport)
    offering.change(db, row, report=None, doubts=None)
    order = witness.settled_doubt(db, context, kept.message, accepted=accept)
    if accept:
        tightness.cleared(db, context, order, replace(kept, keyid=kept.message.device))
    return True
