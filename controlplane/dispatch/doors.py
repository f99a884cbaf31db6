"""Which door a message from a gateway goes through. What is not believed is counted, told, and changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, select, update

from controlplane import outbox
from controlplane.dispatch import conditions, strangers
from controlplane.dispatch.strangers import Doubt
from controlplane.orders import births, evidence, permit
from controlplane.orders.context import Context
from controlplane.registry.models import NO_KEY, gateways
from controlplane.remote import service as remote
from protocols.errors import TheirsError, UntrustedError
from protocols.ports import Verifier
from protocols.types import GatewayId
from protocols.uplink import codec
from protocols.uplink.keys import KeyRing
from protocols.uplink.messages import (
    Ack,
    Birth,
    Body,
    Condition,
    Death,
    LookAnswer,
    PermitRequest,
    Readings,
    ReadingsMark,
    Receipt,
    Standing,
)
from protocols.uplink.topics import Topic

TakeReadings = Callable[[Connection, Readings], ReadingsMark | None]
Watch = Callable[[Connection, Context, Readings], None]
"""Told of readings that were kept: what they show of closed valves is a fact that telemetry gives."""


def nobody_watches(_db: Connection, _context: Context, _batch: Readings) -> None:
    """Where readings show nothing."""


KEY = select(gateways.c.public_key, gateways.c.revoked_at, gateways.c.journal).where(gateways.c.id == bindparam("id"))
HEARD = update(gateways).where(gateways.c.id == bindparam("this"))
SIGNED: dict[str, type[Body]] = {
    c.kind: c for c in (Birth, PermitRequest, Receipt, LookAnswer, Ack, Condition, Standing)
}
log: structlog.stdlib.BoundLogger = structlog.get_logger("doors")


def _doubt(row: Row[Any, Any, Any] | None) -> Doubt | None:
    if row is None:
        return Doubt.NOT_REGISTERED
    if row.revoked_at is not None:
        return Doubt.REVOKED
    return Doubt.NOT_APPROVED if row.public_key == NO_KEY else None


@dataclass(frozen=True, slots=True)
class Doors:
    """The doors of one control plane. `verifier` makes a verifier of a gateway's registered key."""

    context: Context
    take_readings: TakeReadings
    watch: Watch = nobody_watches
    verifier: Callable[[bytes], Verifier] = lambda public: KeyRing([public])

    def take(self, db: Connection, topic: Topic, raw: bytes) -> None:
        """Take one message; a bad one changes nothing."""
        row = db.execute(KEY, {"id": topic.gateway}).one_or_none()
        doubt = _doubt(row)
        if row is None or doubt is not None:
            strangers.refuse(db, self.context.now, topic, doubt or Doubt.NOT_REGISTERED)
            return
        try:
            if topic.kind in SIGNED:
                self._signed(db, topic, raw, self.verifier(bytes.fromhex(row.public_key)))
            else:
                self._plain(db, topic, raw, row.journal)
        except UntrustedError:
            strangers.refuse(db, self.context.now, topic, Doubt.WRONG_KEY)
        except TheirsError as error:
            log.warning("a message that is not believed", gateway=topic.gateway, kind=topic.kind, error=str(error))

    def _plain(self, db: Connection, topic: Topic, raw: bytes, journal: str | None) -> None:
        """Nobody signs readings: where a birth was believed, only those of the journal that it named are (I10)."""
        if topic.kind == Death.kind:
            return
        batch = codec.decode_plain(raw, Readings)
        if batch.gateway != topic.gateway:
            return
        if journal not in (None, batch.journal):
            strangers.refuse(db, self.context.now, topic, Doubt.UNKNOWN_JOURNAL)
            return
        mark = self.take_readings(db, batch)
        if mark is not None:
            self.watch(db, self.context, batch)
            self._ack(db, topic.gateway, readings=mark)

    def _signed(self, db: Connection, topic: Topic, raw: bytes, verifier: Verifier) -> None:
        opened = codec.open_signed(raw, SIGNED[topic.kind], verifier)
        message = opened.message
        if message.gateway != topic.gateway:
            log.warning("a gateway speaks for another", gateway=topic.gateway, claims=message.gateway)
            return
        db.execute(HEARD, {"this": topic.gateway, "last_seen_at": self.context.now})
        match message:
            case Birth():
                births.take_birth(db, self.context, message)
            case PermitRequest():
                permit.decide(db, self.context, message)
            case Condition():
                conditions.take(db, self.context, message)
                self._ack(db, topic.gateway, digest=opened.digest)
            case Ack():
                outbox.acknowledged(db, topic.gateway, message.digests)
            case Standing():
                remote.take_standing(db, self.context.now, message)
                self._ack(db, topic.gateway, digest=opened.digest)
            case Receipt():
                evidence.take_receipt(db, self.context, codec.Opened(message, opened.digest, opened.keyid), raw)
                self._ack(db, topic.gateway, digest=opened.digest)
            case LookAnswer():
                evidence.take_answer(db, self.context, codec.Opened(message, opened.digest, opened.keyid), raw)
                self._ack(db, topic.gateway, digest=opened.digest)

    def _ack(
        self, db: Connection, gateway: GatewayId, digest: str | None = None, readings: ReadingsMark | None = None
    ) -> None:
        digests = (digest,) if digest is not None else ()
        ack = Ack(gateway=gateway, at=self.context.now, digests=digests, readings=readings)
        outbox.put(db, ack, self.context.now, once=True)
