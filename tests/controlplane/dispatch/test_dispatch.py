"""Dispatch: nothing leaves before its commit, everything is repeated until it is kept, one bad message stops nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Connection, update

from controlplane import outbox
from controlplane.dispatch.doors import Doors
from controlplane.dispatch.loop import TICK_S, UNHEARD_S, Dispatch
from controlplane.orders import deadlines
from controlplane.orders.life import Order
from controlplane.orders.states import OrderState
from controlplane.registry.models import gateways
from controlplane.writer import InlineWriter, Verb
from protocols.ports import Message
from protocols.types import GatewayId, ValvePosition
from protocols.uplink import codec, topics
from protocols.uplink.keys import KeyRing, SigningKey
from protocols.uplink.messages import Ack, Body, Command, Number, Permit, PermitRequest, Reading, Readings, ReadingsMark
from simulators.broker import MemoryBroker
from simulators.faults import Fault, Faults, Window
from simulators.loop import Virtual, run
from tests.controlplane.desk import KEY, METER, OTHER, Desk, G

PLANE = SigningKey(b"p" * 32)
T = TypeVar("T")


@dataclass
class Field:
    """A running dispatch, its broker, and what a gateway hears."""

    desk: Desk
    writer: "Counting"
    broker: MemoryBroker
    heard: list[tuple[float, Message]]
    virtual: Virtual

    def say(self, message: Body, key: SigningKey = KEY, gateway: GatewayId = G, raw: bytes | None = None) -> None:
        raw = raw or codec.seal(message, key)[0]
        self.broker.inject(Message(topics.up(gateway, message.kind), raw))

    def told(self, kind: type[Body]) -> list[Body]:
        names = [m for _, m in self.heard if topics.parse(m.topic).kind == kind.kind]
        return [codec.open_signed(m.payload, kind, KeyRing([PLANE.public])).message for m in names]

    def question(self, order: Order, gateway: GatewayId = G) -> PermitRequest:
        row = self.desk.command(order.command or "")
        return PermitRequest(
            gateway=gateway,
            meter=METER,
            command=row.digest,
            number=Number(row.epoch, row.sequence),
            nonce="b" * 32,
            asks="permit",
            found=ValvePosition.OPEN,
            at=self.desk.clock.now(),
        )


@dataclass(slots=True)
class Counting(InlineWriter):
    """Counts how often it was asked."""

    asked: int = 0

    async def read(self, verb: Verb[T]) -> T:
        self.asked += 1
        return await InlineWriter.read(self, verb)


def play(
    story: Callable[[Field], Awaitable[None]],
    take_readings: Callable[[Connection, Readings], ReadingsMark | None] = lambda _db, _batch: None,
    faults: Faults | None = None,
) -> None:
    async def main(virtual: Virtual) -> None:
        desk = Desk(clock=virtual.clock)  # type: ignore[arg-type]
        with desk.engine.begin() as db:
            db.execute(update(gateways).values(public_key=KEY.public.hex()))
        broker = MemoryBroker(seed=virtual.seed, faults=faults)
        writer = Counting(desk.engine, [])
        dispatch = Dispatch(desk.context, writer, Doors(desk.context, take_readings), PLANE)
        field = Field(desk, writer, broker, [], virtual)
        asyncio.get_running_loop().create_task(dispatch.run(broker.connector("plane")), name="dispatch")
        asyncio.get_running_loop().create_task(hear(field), name="gateway")
        await asyncio.sleep(1)
        await story(field)

    run(main)


async def hear(field: Field) -> None:
    async with field.broker.connector(G)([topics.gateway_filter(G)], None) as link:
        async for message in link.messages():
            field.heard.append((field.virtual.loop.time(), message))


def batch(value: str = "1.0") -> Readings:
    reading = Reading(meter=METER, at=Desk().clock.now(), quantity="volume", value=value, unit="m3")
    return Readings(gateway=G, journal="a" * 32, boot=1, first=1, readings=(reading,))


def test_a_command_is_repeated_until_the_gateways_application_keeps_it() -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        await asyncio.sleep(60)
        repeats = len(field.told(Command))
        assert repeats > 2
        field.say(Ack(gateway=G, at=field.desk.clock.now(), digests=(order.command or "",)))
        await asyncio.sleep(1)
        repeats = len(field.told(Command))
        await asyncio.sleep(100)
        assert len(field.told(Command)) == repeats

    play(story)


def test_I10_an_acknowledgement_counts_only_for_the_gateways_own() -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        ack = Ack(gateway=OTHER, at=field.desk.clock.now(), digests=(order.command or "",))
        field.say(ack, gateway=OTHER)
        field.say(ack, gateway=G)
        await asyncio.sleep(60)
        assert len(field.told(Command)) > 2

    play(story)


def test_what_was_held_before_the_sending_was_noted_is_not_sent_again() -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        now = field.desk.clock.now()
        with field.desk.engine.begin() as db:
            parcels = outbox.waiting(db, now).parcels
            outbox.acknowledged(db, G, (order.command or "",))
            outbox.sent(db, parcels, now)
            assert outbox.waiting(db, now + timedelta(days=1)).parcels == []

    play(story)


def test_repeats_come_ever_later_and_never_stop() -> None:
    async def story(field: Field) -> None:
        field.desk.enter()
        tomorrow = field.desk.clock.now() + timedelta(days=1)
        with field.desk.engine.begin() as db:
            (first,) = outbox.waiting(db, tomorrow).parcels
            outbox.sent(db, [first], tomorrow)
            assert outbox.waiting(db, tomorrow).parcels == []
            later = outbox.waiting(db, tomorrow + timedelta(seconds=outbox.FIRST_REPEAT_S * 4)).parcels
        assert [p.id for p in later] == [first.id]
        assert later[0].tries == first.tries + 1

    play(story)


@pytest.mark.parametrize("key", [PLANE, SigningKey(b"x" * 32)], ids=["our own key", "a stranger's"])
def test_a_request_that_another_key_signed_is_not_answered(key: SigningKey) -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        field.say(field.question(order), key=key)
        await asyncio.sleep(5)
        assert field.told(Permit) == []
        assert field.desk.state(order) is OrderState.DISPATCHED

    play(story)


def test_I10_a_gateway_does_not_speak_for_another() -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        field.say(field.question(order, gateway=OTHER), gateway=G)
        field.say(field.question(order, gateway=G), gateway=OTHER)
        await asyncio.sleep(5)
        assert field.desk.state(order) is OrderState.DISPATCHED

    play(story)


def test_a_revoked_gateway_is_not_heard() -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        with field.desk.engine.begin() as db:
            db.execute(update(gateways).values(revoked_at=field.desk.clock.now()))
        field.say(field.question(order))
        await asyncio.sleep(5)
        assert field.desk.state(order) is OrderState.DISPATCHED

    play(story)


def refuse(_db: Connection, _batch: Readings) -> ReadingsMark | None:
    raise ValueError("no such number")


def test_I12_a_message_that_can_not_be_taken_stops_nobody_and_is_not_acknowledged() -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        field.say(batch(), raw=codec.encode_plain(batch()))
        await asyncio.sleep(1)
        assert field.told(Ack) == []
        field.say(field.question(order))
        await asyncio.sleep(5)
        assert [p.granted for p in field.told(Permit) if isinstance(p, Permit)] == [True]

    play(story, refuse)


def test_I7_what_was_not_committed_is_not_acknowledged() -> None:
    kept: list[Readings] = []

    def take(_db: Connection, batch: Readings) -> ReadingsMark | None:
        if not kept:
            kept.append(batch)
            raise OSError("the disk is full")
        return ReadingsMark(batch.journal, batch.boot, batch.first)

    async def story(field: Field) -> None:
        for acknowledged in (0, 1):
            field.say(batch(), raw=codec.encode_plain(batch()))
            await asyncio.sleep(5)
            assert len(field.told(Ack)) == acknowledged

    play(story, take)


def test_I12_what_fails_at_one_order_fails_there_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    held = desk.enter()
    desk.stop("hold", until=desk.clock.now() + timedelta(minutes=5))
    calls: list[str] = []

    def broken(_db: Connection, _context: object, order: Order) -> None:
        calls.append(order.id)
        raise ArithmeticError("a number that is none")

    monkeypatch.setitem(deadlines.DOORS, OrderState.HELD, broken)
    desk.pass_s(600)
    assert calls == [held.id]
    assert desk.state(held) is OrderState.HELD
    monkeypatch.undo()
    desk.pass_s(1)
    assert desk.state(held) is OrderState.DISPATCHED


def test_I12_the_ticker_outlives_a_database_that_fails_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = deadlines.due

    def broken(_db: Connection, _context: object) -> None:
        raise OSError("the disk is full")

    async def story(field: Field) -> None:
        order = field.desk.enter()
        field.desk.stop("hold", until=field.desk.clock.now() + timedelta(seconds=30))
        monkeypatch.setattr(deadlines, "due", broken)
        await asyncio.sleep(60)
        monkeypatch.setattr(deadlines, "due", failing)
        await asyncio.sleep(60)
        assert field.desk.state(order) is OrderState.DISPATCHED

    play(story)


def test_an_idle_house_is_hardly_asked() -> None:
    async def story(field: Field) -> None:
        before, idle_s = field.writer.asked, 3600.0
        await asyncio.sleep(idle_s)
        assert field.writer.asked - before <= 2 * idle_s / UNHEARD_S + 2

    play(story)


def test_I8_what_is_due_is_done_at_its_time_once_a_commit_has_told() -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        until = field.desk.clock.now() + timedelta(seconds=300)
        field.desk.stop("hold", until=until)
        await field.writer.run(lambda _db: None)
        await asyncio.sleep((until - field.desk.clock.now()).total_seconds() - 0.1)
        assert field.desk.state(order) is OrderState.HELD
        await asyncio.sleep(0.2)
        assert field.desk.state(order) is OrderState.DISPATCHED

    play(story)


def test_I8_what_a_commit_has_made_due_is_done_soon_after() -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        field.desk.stop("hold", until=field.desk.clock.now())
        await field.writer.run(lambda _db: None)
        await asyncio.sleep(TICK_S + 0.1)
        assert field.desk.state(order) is OrderState.DISPATCHED

    play(story)


def test_I8_a_clock_that_is_set_forward_is_seen_though_nothing_is_heard() -> None:
    async def story(field: Field) -> None:
        order = field.desk.enter()
        field.desk.stop("hold", until=field.desk.clock.now() + timedelta(hours=5))
        await asyncio.sleep(60)
        field.virtual.clock.jump(6 * 3600)
        await asyncio.sleep(UNHEARD_S)
        assert field.desk.state(order) is OrderState.DISPATCHED

    play(story)


def test_a_connection_that_breaks_at_every_batch_does_not_make_it_be_sent_for_ever() -> None:
    async def story(field: Field) -> None:
        ack = Ack(gateway=G, at=field.desk.clock.now())
        with field.desk.engine.begin() as db:
            for _ in range(200):
                outbox.put(db, ack, field.desk.clock.now(), once=True)
        await asyncio.sleep(120)
        with field.desk.engine.begin() as db:
            assert outbox.waiting(db, field.desk.clock.now()).parcels == []

    play(story, faults=Faults(1, [Window(Fault.PUBLISH_CUT, 0.1)]))


def test_I7_an_account_that_is_kept_is_acknowledged_to_its_gateway() -> None:
    async def story(field: Field) -> None:
        order = field.desk.permitted()
        receipt = field.desk.account(order.command)
        field.say(receipt)
        await asyncio.sleep(5)
        told = [digest for ack in field.told(Ack) if isinstance(ack, Ack) for digest in ack.digests]
        assert told == [codec.digest(codec.encode(receipt))]

    play(story)
