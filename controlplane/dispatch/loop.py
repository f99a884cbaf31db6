"""The control plane's end of the broker: sender, receiver, ticker, in one session that is kept for ever.

The sender publishes what a commit has just put into the outbox, and again until the gateway's application acknowledges.
The receiver acknowledges only after the commit. Nothing is believed but what a registered gateway's own key has signed.
"""

import asyncio
from dataclasses import dataclass, field
from functools import partial

import structlog
from sqlalchemy import Connection

from controlplane import outbox
from controlplane.dispatch.doors import Doors
from controlplane.orders import deadlines
from controlplane.orders.context import Context
from controlplane.supervise import failure
from controlplane.writer import Writer
from protocols.errors import MalformedError
from protocols.ports import Broker, Connect, Signer
from protocols.types import GatewayId
from protocols.uplink import envelope, topics
from seams.backoff import delays
from seams.logs import Level

TICK_S = 2.0
REPEAT_LOOK_S = 5.0
log: structlog.stdlib.BoundLogger = structlog.get_logger("dispatch")


@dataclass(slots=True)
class Dispatch:
    """One control plane's dispatch."""

    context: Context
    writer: Writer
    doors: Doors
    signer: Signer
    _due: asyncio.Event = field(default_factory=asyncio.Event)
    _level: Level = field(default_factory=Level)

    async def run(self, connect: Connect) -> None:
        """Serve for ever: orders fall due whether or not the broker is there."""
        self.writer.on_commit(self._due.set)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick(), name="ticker")
            group.create_task(self._keep_session(connect), name="broker session")

    async def _tick(self) -> None:
        while True:
            error = await failure(self._do_what_is_due())
            if error is not None:
                log.error("what is due could not be done; tried again", exc_info=error)
            await asyncio.sleep(TICK_S)

    async def _do_what_is_due(self) -> None:
        if await self.writer.read(lambda db: deadlines.pending(db, self.context)):
            await self.writer.run(lambda db: deadlines.due(db, self.context))

    async def _keep_session(self, connect: Connect) -> None:
        waits = delays(self.context.entropy)
        while True:
            try:
                async with connect([topics.control_plane_filter()], None) as broker:
                    waits = delays(self.context.entropy)
                    if (level := self._level.recovered()) is not None:
                        log.log(level, "broker reached again")
                    await self._session(broker)
            except* ConnectionError as errors:
                log.log(self._level.failed(), "broker lost", error=str(errors.exceptions[0]))
            await asyncio.sleep(next(waits))

    async def _session(self, broker: Broker) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send(broker), name="sender")
            group.create_task(self._receive(broker), name="receiver")

    async def _send(self, broker: Broker) -> None:
        while True:
            self._due.clear()
            parcels: list[outbox.Parcel] = []
            error = await failure(self._collect(parcels))
            if error is not None:
                log.error("the outbox could not be read; tried again", exc_info=error)
            for parcel in parcels:
                raw = envelope.seal(_payload_type(parcel.kind), parcel.payload, self.signer)
                await broker.publish(topics.down(GatewayId(parcel.gateway), parcel.kind), raw)
            if not parcels:
                await _within(self._due, REPEAT_LOOK_S)

    async def _collect(self, into: list[outbox.Parcel]) -> None:
        due_at = await self.writer.read(outbox.next_due)
        if due_at is not None and due_at <= self.context.now:
            into.extend(await self.writer.run(lambda db: outbox.collect(db, self.context.now)))

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
                log.error("a message was not taken", gateway=topic.gateway, kind=topic.kind, exc_info=error)
        raise ConnectionError("the broker ended the session")

    def _take(self, topic: topics.Topic, raw: bytes, db: Connection) -> None:
        self.doors.take(db, topic, raw)


def _payload_type(kind: str) -> str:
    return f"application/vnd.curbstop.{kind}.v1+json"


async def _within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
