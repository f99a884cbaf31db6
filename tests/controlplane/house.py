"""A control plane with one client, one gateway and one water point, and the messages of a gateway by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select

from controlplane.db import fences
from controlplane.orders.births import take_birth
from controlplane.orders.context import Context, OrderSettings
from controlplane.orders.evidence import take_answer, take_receipt
from controlplane.orders.life import Order, at_point, get
from controlplane.orders.models import commands, looks
from controlplane.orders.permit import decide
from controlplane.orders.service import Draft, request
from controlplane.orders.stopping import Stop, record_stop
from controlplane.policy import packs
from controlplane.policy.facts import Act
from controlplane.registry.models import clients, gateways, meters, supply_points
from protocols.types import Capability, GatewayId, Identity, MeterId, Outcome, ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.messages import (
    GENESIS,
    Birth,
    Chain,
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

G, A, POINT = GatewayId("g1"), MeterId("A"), "pt_A"
WHO = Identity("12345678", "CBS", 1, 7, "12345678")
JOURNAL = "00" * 16
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CAN = (Capability.READ, Capability.POSITION, Capability.OPEN, Capability.CLOSE)


@dataclass
class Hands:
    wall: datetime = MONDAY

    def now(self) -> datetime:
        return self.wall

    def boot(self) -> float:
        return (self.wall - MONDAY).total_seconds()

    def run(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)


@dataclass
class House:
    """The house, and how to knock at its doors."""

    engine: Engine
    clock: Hands = field(default_factory=Hands)
    pack: str = "demo"
    chain: int = 0
    head: str = GENESIS
    nonce: int = 0

    @property
    def context(self) -> Context:
        return Context(self.clock, SeededEntropy(self.nonce + self.chain), packs.served(self.pack), OrderSettings())

    # -- what clients do

    def suspend(self, db: Connection) -> Order:
        notice = (self.clock.now() - timedelta(days=60)).date()
        self.nonce += 1
        return request(db, self.context, Draft(POINT, Act.SUSPEND, notice_received_on=notice), "client")

    def stop(self, db: Connection, kind: str = "payment", until: datetime | None = None) -> Order | None:
        self.nonce += 1
        return record_stop(db, self.context, POINT, Stop(kind, f"ref-{self.nonce}", until=until), "client")

    # -- what the gateway says

    def birth(self, db: Connection, *, boot: int = 1, journal: str = JOURNAL, mark: Number | None = None) -> None:
        told = MeterBirth(A, WHO, "curbstop/mbus-water-valve", "ab" * 32, CAN, 12.0, mark)
        birth = Birth(
            gateway=G,
            journal=journal,
            boot=boot,
            nonce="11" * 8,
            at=self.clock.now(),
            software="t",
            freeze=0,
            meters=(told,),
        )
        take_birth(db, self.context, birth)

    def ask(self, db: Connection, command: str | None, gateway: GatewayId = G) -> bool:
        self.nonce += 1
        row = db.execute(select(commands).where(commands.c.digest == command)).one_or_none()
        number = Number(row.epoch, row.sequence) if row else Number(1, 1)
        wanted = PermitRequest(
            gateway=gateway,
            meter=A,
            command=command or "ab" * 32,
            number=number,
            nonce=f"{self.nonce:032x}",
            asks="permit",
            found=ValvePosition.OPEN,
            at=self.clock.now(),
        )
        return decide(db, self.context, wanted)

    def receipt(
        self,
        db: Connection,
        command: str | None,
        outcome: Outcome,
        position: ValvePosition | None = None,
        why: Why | None = None,
        gateway: GatewayId = G,
    ) -> None:
        row = db.execute(select(commands).where(commands.c.digest == command)).one_or_none()
        message = Receipt(
            gateway=gateway,
            meter=A,
            command=command or "ab" * 32,
            number=Number(row.epoch, row.sequence) if row else Number(1, 1),
            verb=Verb(row.verb) if row else Verb.CLOSE,
            outcome=outcome,
            why=why,
            detail="",
            started=outcome is not Outcome.REFUSED,
            identity_read=WHO,
            before=None,
            after=self.seen(position) if position else None,
            sent=(),
            permit=None,
            received_at=self.clock.now(),
            finished_at=self.clock.now(),
            received_boot_s=1.0,
            finished_boot_s=2.0,
            spec_digest="",
            software="t",
            chain=self.link(),
        )
        payload = codec.encode(message)
        self.head = codec.digest(payload)
        take_receipt(db, self.context, codec.Opened(message, self.head, "key"), payload)

    def answer(
        self, db: Connection, look: str | None, position: ValvePosition | None, settled: tuple[Settled, ...] = ()
    ) -> None:
        row = db.execute(select(looks).where(looks.c.digest == look)).one()
        message = LookAnswer(
            gateway=G,
            meter=A,
            look=row.digest,
            number=Number(row.epoch, row.sequence),
            outcome=Outcome.DONE if position else Outcome.FAILED,
            why=None if position else Why.NO_ANSWER,
            detail="",
            identity_read=WHO,
            seen=self.seen(position) if position else None,
            index=(),
            settled=settled,
            at=self.clock.now(),
            spec_digest="",
            software="t",
            chain=self.link(),
        )
        payload = codec.encode(message)
        self.head = codec.digest(payload)
        take_answer(db, self.context, codec.Opened(message, self.head, "key"), payload)

    def link(self) -> Chain:
        self.chain += 1
        return Chain(JOURNAL, self.chain, self.head)

    def seen(self, position: ValvePosition) -> Seen:
        return Seen(position, self.clock.now(), 1.0)

    def named(self, db: Connection, command: str | None, outcome: Outcome) -> Settled:
        row = db.execute(select(commands).where(commands.c.digest == command)).one()
        return Settled(Number(row.epoch, row.sequence), row.digest, outcome is not Outcome.REFUSED, outcome)

    # -- what stands

    def order(self, db: Connection, order: Order) -> Order:
        return get(db, order.id)

    def orders(self, db: Connection) -> list[Order]:
        return at_point(db, POINT)


def build(url: str, pack: str = "demo") -> House:
    engine = opened(url)
    with engine.begin() as db:
        db.execute(insert(clients).values(id="c1", name="Acqua", created_at=MONDAY))
        db.execute(insert(gateways).values(id=G, public_key="00", created_at=MONDAY, chain=0))
        point = {"id": POINT, "client": "c1", "code": "A", "medium": "water", "zone": "", "version": 1}
        db.execute(insert(supply_points).values(**point, created_at=MONDAY))
        db.execute(insert(fences).values(point=POINT, next_sequence=1, epoch=1))
        db.execute(
            insert(meters).values(
                name=A,
                point=POINT,
                gateway=G,
                ident=WHO.id,
                manufacturer="CBS",
                version_no=1,
                medium=7,
                fabrication_number=WHO.fabrication_number,
                bound_at=MONDAY,
                version=1,
            )
        )
    return House(engine, pack=pack)
