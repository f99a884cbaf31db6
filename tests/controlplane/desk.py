"""A control plane on a desk: its real verbs on a database (in memory, unless it is given one), a clock set by hand, and
a gateway that says what a test wants it to say.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from controlplane.db import fences, reading
from controlplane.field.work.offering import heard
from controlplane.news import news
from controlplane.orders import births, deadlines, evidence, permit
from controlplane.orders.context import Context, OrderSettings
from controlplane.orders.life import Order, at_point, get
from controlplane.orders.models import commands, looks, order_events
from controlplane.orders.service import Draft, request
from controlplane.orders.states import OrderState
from controlplane.orders.stopping import Stop, record_stop
from controlplane.outbox import outbox
from controlplane.policy import packs
from controlplane.policy.facts import Act
from controlplane.registry.models import clients, gateways, meters, meters_told, supply_points
from controlplane.telemetry.service import index_steps
from protocols.types import Capability, GatewayId, Identity, Medium, MeterId, Outcome, ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.keys import SigningKey
from protocols.uplink.messages import (
    GENESIS,
    Birth,
    Chain,
    IndexSeen,
    LookAnswer,
    MeterBirth,
    Number,
    PermitRequest,
    Receipt,
    Seen,
    Settled,
)
from protocols.uplink.reasons import Why
from simulators.chance import SeededEntropy
from tests.databases import opened

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
"""A Tuesday, no holiday nor the eve of one."""
G, OTHER = GatewayId("cellar"), GatewayId("attic")
METER, POINT, CLIENT = MeterId("A"), "pt_A", "cli_1"
WHO = Identity("00000011", "CBS", 1, 7, "00000011")
JOURNAL = "a" * 32
KEY = SigningKey(b"g" * 32)
CAPABLE = (Capability.READ, Capability.POSITION, Capability.OPEN, Capability.CLOSE)


@dataclass
class Clock:
    """Both clocks, set by hand."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def boot(self) -> float:
        return (self.at - NOON).total_seconds()


@dataclass
class Desk:
    """One point, one meter with a valve, one gateway."""

    url: str = "sqlite://"
    arm_expires_s: float | None = None
    settings: OrderSettings = field(default_factory=OrderSettings)
    capabilities: tuple[Capability, ...] = CAPABLE
    who: Identity = WHO
    pack: str = "italy-water"
    clock: Clock = field(default_factory=Clock)
    engine: Engine = field(init=False)
    context: Context = field(init=False)
    links: "count[int]" = field(default_factory=lambda: count(1))
    last_link: str = GENESIS

    def __post_init__(self) -> None:
        self.engine = opened(self.url)
        pack = packs.served(self.pack)
        self.context = Context(self.clock, SeededEntropy(1), pack, self.settings, index_steps, heard)
        with self.engine.begin() as db:
            self._register(db)

    def _register(self, db: Connection) -> None:
        now = self.clock.now()
        db.execute(insert(clients).values(id=CLIENT, name="Acqua", created_at=now))
        for gateway in (G, OTHER):
            db.execute(insert(gateways).values(id=gateway, public_key="00" * 32, created_at=now, chain=0))
        point = {"id": POINT, "client": CLIENT, "code": "A", "medium": self.medium, "zone": "", "created_at": now}
        db.execute(insert(supply_points).values(**point, version=1))
        db.execute(insert(fences).values(point=POINT, next_sequence=1, epoch=1))
        who = self.who
        plate = {"ident": who.id, "manufacturer": who.manufacturer, "version_no": who.version, "medium": who.medium}
        bound = {"name": METER, "point": POINT, "gateway": G, "bound_at": now, "version": 1}
        db.execute(insert(meters).values(**plate, **bound, fabrication_number=who.fabrication_number))
        told = {"meter": METER, "gateway": G, "spec": "x", "spec_digest": "0" * 64, "act_max_s": 20.0, "told_at": now}
        told["arm_expires_s"] = self.arm_expires_s
        db.execute(insert(meters_told).values(**told, capabilities=[str(c) for c in self.capabilities]))

    @property
    def medium(self) -> str:
        return "gas" if self.who.medium == Medium.GAS else "water"

    # -- what people do

    def draft(self, kind: Act = Act.SUSPEND) -> Draft:
        return Draft(POINT, kind, notice_received_on=(self.clock.now() - timedelta(days=60)).date())

    def enter(self, kind: Act = Act.SUSPEND) -> Order:
        with self.engine.begin() as db:
            return request(db, self.context, self.draft(kind), "client")

    def stop(self, kind: str = "payment", until: datetime | None = None, act: str | None = None) -> Order | None:
        with self.engine.begin() as db:
            return record_stop(db, self.context, POINT, Stop(kind, "ref", act, until), "client")

    def pass_s(self, seconds: float) -> None:
        """Let time go by, then do what is due."""
        self.clock.at += timedelta(seconds=seconds)
        with self.engine.begin() as db:
            deadlines.due(db, self.context)

    # -- what the gateway says

    def ask(self, order: Order, nonce: str = "b" * 32, gateway: GatewayId = G, digest: str | None = None) -> bool:
        """Ask for the permit of an order's command; whether it was granted."""
        row = self.command(digest or self.order(order).command or "")
        asked = PermitRequest(
            gateway=gateway,
            meter=METER,
            command=row.digest,
            number=Number(row.epoch, row.sequence),
            nonce=nonce,
            asks="permit",
            found=ValvePosition.OPEN,
            at=self.clock.now(),
        )
        with self.engine.begin() as db:
            return permit.decide(db, self.context, asked)

    def receipt(
        self,
        command: str | None,
        outcome: Outcome = Outcome.DONE,
        why: Why | None = None,
        position: ValvePosition | None = None,
        **other: Any,
    ) -> None:
        """Tell how a command ended."""
        self.take(self.account(command, outcome, why, position, **other))

    def account(
        self,
        command: str | None,
        outcome: Outcome = Outcome.DONE,
        why: Why | None = None,
        position: ValvePosition | None = None,
        **other: Any,
    ) -> Receipt:
        """A receipt; the position is the wanted one unless said otherwise."""
        row = self.command(command or "")
        verb = Verb(row.verb)
        position = position or (verb.wanted if outcome is Outcome.DONE else None)
        values: dict[str, Any] = {
            "gateway": G,
            "meter": METER,
            "command": row.digest,
            "number": Number(row.epoch, row.sequence),
            "verb": verb,
            "outcome": outcome,
            "why": why,
            "detail": "",
            "started": outcome is Outcome.DONE and why is None,
            "identity_read": self.who,
            "before": None,
            "after": self.seen(position) if position else None,
            "sent": (),
            "permit": None,
            "received_at": self.clock.now(),
            "finished_at": self.clock.now(),
            "received_boot_s": 1.0,
            "finished_boot_s": 2.0,
            "spec_digest": "0" * 64,
            "software": "desk",
            "chain": self.link(),
        }
        return Receipt(**{**values, **other})

    def take(self, message: Receipt | LookAnswer) -> None:
        """Hand a message to the one door."""
        raw, self.last_link = codec.seal(message, KEY)
        with self.engine.begin() as db:
            if isinstance(message, Receipt):
                evidence.take_receipt(db, self.context, codec.Opened(message, self.last_link, "k"), raw)
            else:
                evidence.take_answer(db, self.context, codec.Opened(message, self.last_link, "k"), raw)

    def answer(
        self,
        look: str | None,
        position: ValvePosition,
        settled: tuple[str, ...] = (),
        index: tuple[str, ...] = (),
        outcome: Outcome = Outcome.DONE,
        alarms: tuple[str, ...] = (),
        *,
        began: bool = False,
    ) -> None:
        """Answer a look; `settled` are commands its journal says never started, or if they `began`, was not read."""
        with reading(self.engine) as db:
            row = db.execute(select(looks).where(looks.c.digest == look)).one()
        burned = [self.command(d) for d in settled]
        self.take(
            LookAnswer(
                gateway=G,
                meter=METER,
                look=row.digest,
                number=Number(row.epoch, row.sequence),
                outcome=outcome,
                why=None,
                detail="",
                identity_read=self.who,
                seen=self.seen(position, alarms),
                index=tuple(IndexSeen(value=v, unit="m3", at=self.clock.now(), boot_s=1.0) for v in index),
                settled=tuple(
                    Settled(
                        number=Number(c.epoch, c.sequence),
                        command=c.digest,
                        started=began,
                        outcome=Outcome.UNKNOWN if began else Outcome.REFUSED,
                    )
                    for c in burned
                ),
                at=self.clock.now(),
                spec_digest="0" * 64,
                software="desk",
                chain=self.link(),
            )
        )

    def birth(self, mark: Number | None, journal: str = JOURNAL, boot: int = 1, gateway: GatewayId = G) -> None:
        told = MeterBirth(
            meter=METER,
            identity=self.who,
            spec="x",
            spec_digest="0" * 64,
            capabilities=self.capabilities,
            act_max_s=20.0,
            mark=mark,
        )
        message = Birth(
            gateway=gateway,
            journal=journal,
            boot=boot,
            nonce="c" * 32,
            at=self.clock.now(),
            software="desk",
            freeze=0,
            meters=(told,),
        )
        with self.engine.begin() as db:
            births.take_birth(db, self.context, message)

    def link(self, journal: str = JOURNAL) -> Chain:
        return Chain(journal=journal, number=next(self.links), previous=self.last_link)

    def seen(self, position: ValvePosition, alarms: tuple[str, ...] = ()) -> Seen:
        return Seen(position=position, at=self.clock.now(), boot_s=1.0, alarms=alarms)

    # -- what can be seen

    def order(self, order: Order) -> Order:
        with reading(self.engine) as db:
            return get(db, order.id)

    def state(self, order: Order) -> OrderState:
        return self.order(order).state

    def orders(self) -> list[Order]:
        with reading(self.engine) as db:
            return at_point(db, POINT)

    def giving(self) -> list[Order]:
        return [o for o in self.orders() if o.kind is Act.REACTIVATE]

    def command(self, digest: str) -> Any:
        with reading(self.engine) as db:
            return db.execute(select(commands).where(commands.c.digest == digest)).one()

    def sent(self, kind: str) -> list[Any]:
        """Everything of one kind that was ever put into the outbox and is still there."""
        with reading(self.engine) as db:
            return list(db.execute(select(outbox).where(outbox.c.kind == kind).order_by(outbox.c.id)))

    def events(self, order: Order) -> list[str]:
        query = select(order_events.c.event).where(order_events.c.order == order.id).order_by(order_events.c.id)
        with reading(self.engine) as db:
            return [row.event for row in db.execute(query)]

    def alarms(self) -> list[str]:
        with reading(self.engine) as db:
            return [str(row.data["code"]) for row in db.execute(select(news).where(news.c.type == "alarm"))]

    # -- ways to get somewhere

    def permitted(self) -> Order:
        order = self.enter()
        assert self.ask(order)
        return self.order(order)

    def executed(self) -> Order:
        order = self.permitted()
        self.receipt(order.command)
        return self.order(order)
