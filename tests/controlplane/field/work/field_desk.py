"""A desk with a gateway and a crew, both of which say what a test wants them to say."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from controlplane.db import reading
from controlplane.field.work.models import work_orders
from controlplane.field.work.outcomes import reason
from controlplane.orders import handing, hands, witness
from controlplane.orders.life import Order, advance, get
from controlplane.orders.states import Event, OrderState
from protocols.types import Outcome, ValvePosition
from protocols.uplink import codec
from protocols.uplink.crew import CrewAbort, CrewPermitRequest, CrewRelease, CrewReport, DeviceId
from protocols.uplink.keys import SigningKey
from protocols.uplink.parts import GENESIS, Chain
from protocols.uplink.reasons import Why
from tests.controlplane.desk import POINT, Desk
from tests.controlplane.hand import NOTHING

DEVICE, KEY = DeviceId("dev_1"), SigningKey(b"d" * 32)
OPEN, CLOSED = ValvePosition.OPEN, ValvePosition.CLOSED


@dataclass
class Field(Desk):
    """A desk, and a crew that says what a test wants it to say."""

    permit: str = ""

    def offered(self) -> list[Any]:
        with reading(self.engine) as db:
            return list(db.execute(select(work_orders).where(work_orders.c.closed_at.is_(None))))

    def stuck(self) -> Order:
        """The valve did not move: looked at, settled, and a crew's."""
        order = self.permitted()
        self.receipt(order.command, Outcome.FAILED, Why.VALVE_FAULT, after=self.seen(OPEN), started=True)
        self.answer(self.order(order).look, OPEN)
        return self.order(order)

    def on_site(self, order: Order) -> None:
        with self.engine.begin() as db:
            assigned = advance(db, self.context, get(db, order.id), Event.ASSIGN, DEVICE)
            advance(db, self.context, assigned, Event.ARRIVE, DEVICE)

    def go(self, order: Order) -> bool:
        """The crew goes and asks; whether it may act."""
        self.on_site(order)
        return self.asks(order)

    def asks(self, order: Order) -> bool:
        """On site, it asks for the permit."""
        about = {"device": DEVICE, "work_order": "wo_1", "order": order.id, "at": self.clock.now()}
        asked = CrewPermitRequest(**about, nonce=f"{next(self.links):032x}", serial="", found=OPEN)  # type: ignore[arg-type]
        with self.engine.begin() as db:
            permit = handing.decide(db, self.context, asked, "b" * 64)
        self.permit = codec.digest(codec.encode(permit))
        return permit.granted

    def reported(self, order: Order, left: ValvePosition = CLOSED, sequence: int = 0, **other: Any) -> None:
        now = self.clock.now()
        values: dict[str, Any] = {"permit": self.permit, "outcome": "done", "found": OPEN, "left": left, "serial": ""}
        about = {"device": DEVICE, "work_order": "wo_1", "order": order.id, "at": now}
        chain = Chain(journal=self.permit[:32].ljust(32, "e"), number=1, previous=GENESIS)
        report = CrewReport(**{**NOTHING, **values, **about, **other}, began_at=now, ended_at=now, chain=chain)
        raw, digest = codec.seal(report, KEY)
        with self.engine.begin() as db:
            witness.take_report(db, self.context, codec.Opened(report, digest, "k"), raw, sequence, doubted=False)

    def aborted(self, order: Order, left: ValvePosition) -> None:
        about = {"device": DEVICE, "work_order": "wo_1", "order": order.id, "at": self.clock.now()}
        same = {name: NOTHING[name] for name in ("photographs", "place", "note", "software")}
        chain = Chain(journal=self.permit[:32].ljust(32, "f"), number=1, previous=GENESIS)
        values: dict[str, Any] = {**about, **same, "permit": self.permit, "code": "dog", "left": left}
        abort = CrewAbort(**values, chain=chain)
        raw, digest = codec.seal(abort, KEY)
        with self.engine.begin() as db:
            witness.take_abort(
                db, self.context, codec.Opened(abort, digest, "k"), raw, reason("dog"), OrderState.PLANNED
            )

    def released(self, order: Order) -> None:
        about: dict[str, Any] = {"device": DEVICE, "work_order": "wo_1", "order": order.id, "at": self.clock.now()}
        two: dict[str, Any] = {"persons": ("anna", "bruno"), "statements": ("away", "away")}
        word = CrewRelease(**about, **two, permit=self.permit, crew_is="away")
        raw, digest = codec.seal(word, KEY)
        with self.engine.begin() as db:
            witness.release(db, self.context, word, digest, raw)

    def out(self) -> bool:
        with reading(self.engine) as db:
            return hands.out(db, POINT) is not None
