"""Which door a message from a gateway goes through. What is not believed is logged and dropped."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, bindparam, select, update

from controlplane import outbox
from controlplane.orders import births, evidence, permit
from controlplane.orders.context import Context
from controlplane.registry.models import gateways
from protocols.errors import TheirsError
from protocols.ports import Verifier
from protocols.types import GatewayId
from protocols.uplink import codec
from protocols.uplink.keys import KeyRing
from protocols.uplink.messages import (
    Ack,
    Birth,
    Body,
    Death,
    LookAnswer,
    PermitRequest,
    Readings,
    ReadingsMark,
    Receipt,
)
from protocols.uplink.topics import Topic

TakeReadings = Callable[[Connection, Readings], ReadingsMark | None]
KEY = select(gateways.c.public_key, gateways.c.revoked_at).where(gateways.c.id == bindparam("id"))
HEARD = update(gateways).where(gateways.c.id == bindparam("this"))
SIGNED: dict[str, type[Body]] = {c.kind: c for c in (Birth, PermitRequest, Receipt, LookAnswer, Ack)}
log: structlog.stdlib.BoundLogger = structlog.get_logger("doors")


@dataclass(frozen=True, slots=True)
class Doors:
    """The doors of one control plane. `verifier` makes a verifier of a gateway's registered key."""

    context: Context
    take_readings: TakeReadings
    verifier: Callable[[bytes], Verifier] = lambda public: KeyRing([public])

    def take(self, db: Connection, topic: Topic, raw: bytes) -> None:
        """Take one message; a bad one changes nothing."""
        row = db.execute(KEY, {"id": topic.gateway}).one_or_none()
        if row is None or row.revoked_at is not None:
            log.warning("a message of a gateway that is not registered", gateway=topic.gateway)
            return
        try:
            if topic.kind in SIGNED:
                self._signed(db, topic, raw, self.verifier(bytes.fromhex(row.public_key)))
            else:
                self._plain(db, topic, raw)
        except TheirsError as error:
            log.warning("a message that is not believed", gateway=topic.gateway, kind=topic.kind, error=str(error))

    def _plain(self, db: Connection, topic: Topic, raw: bytes) -> None:
        if topic.kind == Death.kind:
            return
        batch = codec.decode_plain(raw, Readings)
        if batch.gateway != topic.gateway:
            return
        mark = self.take_readings(db, batch)
        if mark is not None:
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
            case Ack():
                outbox.acknowledged(db, topic.gateway, message.digests)
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
