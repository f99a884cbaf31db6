"""The way up and down: one session at the broker, births, receipts until they are held, readings in batches.

The broker's acknowledgement counts for nothing: a receipt is sent again until the control plane's application says that
it holds it, and readings are dropped here only then.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog

from gateway.births import Births
from gateway.conditions import Conditions
from gateway.edge import Edge
from gateway.inbox import Inbox
from gateway.journal.errors import StorageError
from gateway.journal.readings import ReadingStore
from gateway.liveness.duty import Duty
from gateway.pace import Pace
from gateway.remote.telling import Teller
from protocols.errors import MalformedError, TheirsError
from protocols.ports import Broker, Connect, Entropy, Message, Signer, Verifier
from protocols.uplink import codec, topics
from protocols.uplink.messages import Ack, Birth, Condition, Configuration, Death, Permit, Readings, ReadingsMark
from seams.backoff import delays
from seams.ending import apart
from seams.logs import Level
from seams.transient import first, transient

LOOK_EVERY_S = 5.0
REPEAT_FIRST_S, REPEAT_CAP_S = 5.0, 60.0
TERM_S = 120.0
"""A session is tried for, begun and left within this, and within it the pause before the next one is over."""
STEADY_S = 30.0
"""A session that has stood for so long has recovered; one that is dropped before is the same failure, going on."""
IN_FLIGHT = 50
log: structlog.stdlib.BoundLogger = structlog.get_logger("uplink")


@dataclass(slots=True)
class Uplink:
    """This gateway's end of the broker."""

    edge: Edge
    inbox: Inbox
    births: Births
    teller: Teller
    store: ReadingStore
    signer: Signer
    verifier: Verifier
    entropy: Entropy
    on_born: Callable[[], None]
    conditions: Conditions
    error: str = ""
    heard_s: float | None = None
    duty: Duty = field(default_factory=partial(Duty, "uplink", TERM_S))
    outbox_duty: Duty = field(default_factory=partial(Duty, "outbox", TERM_S))
    _steady: bool = False
    _broker: Broker | None = None
    _due: dict[str, tuple[float, float]] = field(default_factory=dict)
    _pace: Pace = field(default_factory=Pace)
    _readings_held: asyncio.Event = field(default_factory=asyncio.Event)
    _fresh_readings: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _level: Level = field(default_factory=Level)

    @property
    def connected(self) -> bool:
        """Whether there is a session at the broker."""
        return self._broker is not None

    @property
    def duties(self) -> tuple[Duty, ...]:
        """What the session owes, and what sends the accounts up."""
        return self.duty, self.outbox_duty

    async def run(self, way: Callable[[], Connect]) -> None:
        """Keep a session, for ever, each time by the way that holds then."""
        waits = delays(self.entropy)
        will = Message(topics.up(self.edge.gateway, Death.kind), self._death())
        while True:
            self._moved.clear()
            self.duty.got_on()
            try:
                await apart(self._one(way(), will))
            except (OSError, ExceptionGroup) as error:
                self._lost(error)
            finally:
                self._broker = None
                self.outbox_duty.rests()
            if self._steady:
                waits, self._steady = delays(self.entropy), False
            await asyncio.sleep(next(waits))

    async def _one(self, connect: Connect, will: Message) -> None:
        async with connect([topics.gateway_filter(self.edge.gateway)], will) as broker:
            await self._session(broker)

    def _lost(self, error: OSError | ExceptionGroup[Exception]) -> None:
        """Told once while it lasts; what does not pass by itself is the supervisor's."""
        if not transient(error):
            raise error
        self.error = str(first(error))
        log.log(self._level.failed(), "broker lost", error=self.error)

    def _death(self) -> bytes:
        return codec.encode_plain(Death(gateway=self.edge.gateway, boot=self.edge.journal.boot))

    async def _session(self, broker: Broker) -> None:
        self._broker = broker
        self._due.clear()
        self.births.forget()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._receive(broker), name="receive")
            group.create_task(self._announce(broker), name="announce")
            group.create_task(self._send_outbox(broker), name="outbox")
            group.create_task(self._send_readings(broker), name="readings")
            group.create_task(self._stands(), name="stands")
            group.create_task(self._tell(), name="standing")
            group.create_task(self._leave(), name="leaving")

    async def _stands(self) -> None:
        await asyncio.sleep(STEADY_S)
        self._steady, self.error = True, ""
        if (level := self._level.recovered()) is not None:
            log.log(level, "broker reached again")

    async def _tell(self) -> None:
        await self.births.born.wait()
        await self.teller.run(self.publish)

    async def _leave(self) -> None:
        await self._moved.wait()
        raise ConnectionError("the broker is another one now")

    def moved(self) -> None:
        """End this session, and begin the next one by another way."""
        self._moved.set()

    async def publish(self, kind: str, raw: bytes) -> None:
        """Publish on this gateway's way up; ConnectionError while there is no session."""
        if self._broker is None:
            raise ConnectionError("no session at the broker")
        await self._broker.publish(topics.up(self.edge.gateway, kind), raw)

    def fresh_readings(self) -> None:
        """There are new readings to send."""
        self._fresh_readings.set()

    # -- down

    async def _receive(self, broker: Broker) -> None:
        async for message in broker.messages():
            try:
                topic = topics.parse(message.topic)
            except MalformedError:
                log.log(logging.DEBUG, "a topic that is not ours", topic=message.topic)
                continue
            try:
                digest = self._take(topic.kind, message.payload)
            except StorageError as error:
                log.error("the disk refuses: nothing is acknowledged, nothing is closed", error=str(error))  # noqa: TRY400 - the text says it
                continue
            if digest is not None:
                ack = Ack(gateway=self.edge.gateway, at=self.edge.clock.now(), digests=(digest,))
                await self.publish(Ack.kind, codec.seal(ack, self.signer)[0])
        raise ConnectionError("the broker ended the session")

    def _take(self, kind: str, raw: bytes) -> str | None:
        """Give a message to its door; the digest, if it may be acknowledged."""
        if kind == Ack.kind:
            self._take_ack(raw)
            return None
        if kind == "freeze":
            return self.inbox.freeze(raw)
        if not self.births.born.is_set():
            return None
        if kind == Permit.kind:
            self._take_permit(raw)
            return None
        if kind == Configuration.kind:
            return self._configured(raw)
        return self.inbox.command(raw) if kind == "command" else self.inbox.look(raw)

    def _configured(self, raw: bytes) -> str | None:
        """New settings are proven by what is asked from now on."""
        before = self.teller.keeper.layer
        digest = self.teller.keeper.take(raw)
        if self.teller.keeper.layer is not before:
            self.births.forget()
        return digest

    def _take_permit(self, raw: bytes) -> None:
        try:
            opened = codec.open_signed(raw, Permit, self.verifier)
        except TheirsError as error:
            log.warning("a permit that is not believed", error=str(error))
            return
        if opened.message.gateway == self.edge.gateway:
            self.edge.permits.take(opened)

    def _take_ack(self, raw: bytes) -> None:
        try:
            ack = codec.open_signed(raw, Ack, self.verifier).message
        except TheirsError as error:
            log.warning("an acknowledgement that is not believed", error=str(error))
            return
        if ack.gateway != self.edge.gateway:
            return
        self.heard_s = self.edge.clock.boot()
        if ack.digests:
            self.teller.held(ack.digests)
            self.conditions.acknowledged(ack.digests)
            self.edge.journal.acknowledge(ack.digests)
            for digest in ack.digests:
                self._due.pop(digest, None)
        if ack.readings is not None:
            self._take_readings_mark(ack.readings)
        if self.births.take(ack):
            self.on_born()
            self.edge.outbox.set()
            self._fresh_readings.set()

    def _take_readings_mark(self, mark: ReadingsMark) -> None:
        self.store.acknowledge(mark)
        self._readings_held.set()

    # -- up

    async def _announce(self, broker: Broker) -> None:
        self.births.hurry()
        while True:
            self.duty.got_on()
            if self.births.due():
                raw, _ = codec.seal(self.births.make(), self.signer)
                await broker.publish(topics.up(self.edge.gateway, Birth.kind), raw)
            if self.births.born.is_set() and (condition := self.conditions.due()) is not None:
                await broker.publish(topics.up(self.edge.gateway, Condition.kind), condition)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _send_outbox(self, broker: Broker) -> None:
        """What is new at once, then what was sent before, in turn: one that nobody ever takes holds up no other."""
        await self.births.born.wait()
        newest = turn = 0
        while True:
            self.outbox_duty.got_on()
            self.edge.outbox.clear()
            while newest < (last := await self._send_after(broker, newest)):
                newest = last
            again = await self._send_after(broker, turn)
            turn = again if turn < again < newest else 0
            await _set_within(self.edge.outbox, REPEAT_FIRST_S)

    async def _send_after(self, broker: Broker, number: int) -> int:
        """Send what is due of the next few; return the last one's number, `number` itself where there is none."""
        few = self.edge.journal.unacknowledged(IN_FLIGHT, number)
        for sealed in few:
            self.outbox_duty.got_on()
            if self._is_due(sealed.digest):
                await broker.publish(topics.up(self.edge.gateway, sealed.kind), sealed.raw)
        return few[-1].number if few else number

    def _is_due(self, digest: str) -> bool:
        """Whether to send it now; if so, the next time is twice as far away."""
        now_s = self.edge.clock.boot()
        at_s, wait_s = self._due.get(digest, (now_s, REPEAT_FIRST_S))
        if at_s > now_s:
            return False
        self._due[digest] = (now_s + wait_s, min(wait_s * 2, REPEAT_CAP_S))
        return True

    async def _send_readings(self, broker: Broker) -> None:
        await self.births.born.wait()
        while True:
            self._readings_held.clear()
            self._fresh_readings.clear()
            batch, begun_s = self.store.batch(self._pace.size), self.edge.clock.boot()
            if batch is None:
                await self._fresh_readings.wait()
                continue
            boot, first, readings = batch
            message = Readings(
                gateway=self.edge.gateway, journal=self.edge.journal.id, boot=boot, first=first, readings=readings
            )
            await broker.publish(topics.up(self.edge.gateway, Readings.kind), codec.encode_plain(message))
            await _set_within(self._readings_held, REPEAT_FIRST_S)
            self._pace.took(self.edge.clock.boot() - begun_s)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
