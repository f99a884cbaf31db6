"""The control plane's end of the broker: sender, receiver, ticker, in one session that is kept for ever.

The sender publishes what a commit has just put into the outbox, and again until the gateway's application acknowledges.
The receiver acknowledges only after the commit. Nothing is believed but what a registered gateway's own key has signed.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Connection

from controlplane import outbox
from controlplane.bell import heard
from controlplane.dispatch.doors import Doors
from controlplane.orders import deadlines, waits
from controlplane.orders.context import Context
from controlplane.supervise import awaited, failure, why
from controlplane.writer import Writer
from protocols.errors import MalformedError
from protocols.ports import Broker, Connect, Signer
from protocols.types import GatewayId
from protocols.uplink import codec, envelope, topics
from seams.backoff import delays
from seams.ending import apart
from seams.logs import Level

TICK_S = 2.0
"""So soon after a commit it is asked anew what is due when, and so soon after a failure it is tried again."""
UNHEARD_S = 15.0
"""So often it is asked though nothing was heard: a wall clock that is set rings no bell, nor does another process."""
log: structlog.stdlib.BoundLogger = structlog.get_logger("dispatch")


@dataclass(slots=True)
class Dispatch:
    """One control plane's dispatch."""

    context: Context
    writer: Writer
    doors: Doors
    signer: Signer
    _to_send: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _level: Level = field(default_factory=Level)
    _reached: bool = False
    _sessions: int = 0

    def reached(self) -> bool:
        """Whether there is a session with the broker."""
        return self._reached

    async def run(self, connect: Connect) -> None:
        """Serve for ever: orders fall due whether or not the broker is there."""
        self.writer.on_commit(self._to_send.set)
        self.writer.on_commit(self._changed.set)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick(), name="ticker")
            group.create_task(self._keep_session(connect), name="broker session")

    async def _tick(self) -> None:
        while True:
            self._changed.clear()
            left_s, error = await awaited(self._do_what_is_due())
            if error is not None:
                log.error("what is due could not be done; tried again", **why(error))
            if await heard(self._changed, TICK_S if left_s is None else left_s):
                await asyncio.sleep(TICK_S)

    async def _do_what_is_due(self) -> float:
        """Do it; how long nothing more is due, in seconds."""
        left_s = self._left_s(await self.writer.read(lambda db: waits.next_due(db, self.context)))
        if left_s > 0:
            return left_s
        await self.writer.run(lambda db: deadlines.due(db, self.context))
        return TICK_S

    def _left_s(self, due_at: datetime | None) -> float:
        """Seconds until then, at most until the next look that nothing asks for."""
        return UNHEARD_S if due_at is None else min((due_at - self.context.now).total_seconds(), UNHEARD_S)

    async def _keep_session(self, connect: Connect) -> None:
        waits = delays(self.context.entropy)
        while True:
            sessions = self._sessions
            try:
                await apart(self._one(connect))
            except* ConnectionError as errors:
                log.log(self._level.failed(), "broker lost", error=str(errors.exceptions[0]))
            if self._sessions > sessions:
                waits = delays(self.context.entropy)
            await asyncio.sleep(next(waits))

    async def _one(self, connect: Connect) -> None:
        async with connect([topics.control_plane_filter()], None) as broker:
            if (level := self._level.recovered()) is not None:
                log.log(level, "broker reached again")
            self._sessions += 1
            self._reached = True
            try:
                await self._session(broker)
            finally:
                self._reached = False

    async def _session(self, broker: Broker) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send(broker), name="sender")
            group.create_task(self._receive(broker), name="receiver")

    async def _send(self, broker: Broker) -> None:
        """Publish what a commit has just put here, then note that it was: who falls in between says it twice."""
        while True:
            self._to_send.clear()
            waiting, error = await awaited(self.writer.read(lambda db: outbox.waiting(db, self.context.now)))
            if waiting is not None and waiting.parcels:
                error = await self._publish_and_note(broker, waiting)
            if error is not None:
                log.error("the outbox could not be read or written; tried again", **why(error))
                await asyncio.sleep(TICK_S)
            elif waiting is not None and not waiting.parcels:
                await heard(self._to_send, self._left_s(waiting.next_at))

    async def _publish_and_note(self, broker: Broker, waiting: outbox.Waiting) -> Exception | None:
        """Return why it could not be noted; ConnectionError where the broker is gone.

        Noted even then: what is wanted falls due again, and a link that breaks in every batch can't stop the next one.
        """
        try:
            await self._publish(broker, waiting.parcels)
        finally:
            error = await failure(self.writer.run(partial(outbox.sent, parcels=waiting.parcels, now=waiting.at)))
        return error

    async def _publish(self, broker: Broker, parcels: list[outbox.Parcel]) -> None:
        """In their order, without waiting for the broker between them; ConnectionError where it is gone."""
        async with asyncio.TaskGroup() as group:
            for parcel in parcels:
                raw = envelope.seal(codec.type_of(parcel.kind), parcel.payload, self.signer)
                group.create_task(broker.publish(topics.down(GatewayId(parcel.gateway), parcel.kind), raw))

    async def _receive(self, broker: Broker) -> None:
        async for message in broker.messages():
            try:
                topic = topics.parse(message.topic)
            except MalformedError:
                continue
            if topic.direction != "up":
                continue
            error = await failure(self.writer.run(partial(self._take, topic, message.payload)))
            if error is not None:
                log.error("a message was not taken", gateway=topic.gateway, kind=topic.kind, **why(error))
        raise ConnectionError("the broker ended the session")

    def _take(self, topic: topics.Topic, raw: bytes, db: Connection) -> None:
        self.doors.take(db, topic, raw)
