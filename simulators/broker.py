"""A broker in memory that means what MQTT 3.1.1 means, and misbehaves by name: ports.Connect without a network.

Persistent sessions, QoS 1, topic filters, wills on unclean loss. Not carried: retained messages and access control.
A message waits in its session until it was handed to whoever iterates; a lost connection keeps it there.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from protocols.ports import Broker, Connect, Message
from simulators.chance import stream
from simulators.faults import Fault, Faults

MOST_REMEMBERED = 500
"""From so many past messages a replay is drawn."""

SLOW = (
    (Fault.MESSAGE_DELAYED, 1.0, 30.0),
    (Fault.MESSAGE_HELD, 60.0, 6 * 3600.0),
    (Fault.MESSAGE_REORDERED, 0.0, 3.0),
)
"""What makes a message late, and between how many seconds."""
Tap = Callable[[float, str, str, Message], None]
"""Told what happened: loop time, `accepted` or `delivered`, the client, the message."""


def matches(topic_filter: str, topic: str) -> bool:
    """Whether an MQTT topic filter covers a topic: + is one level, # the rest and its parent; neither covers $SYS."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for at, level in enumerate(wanted):
        if level == "#":
            return True
        if at >= len(levels) or level not in ("+", levels[at]):
            return False
    return len(wanted) == len(levels)


@dataclass(slots=True)
class _Session:
    """What the broker keeps of a client, connected or not: messages with the time from which they are there."""

    client: str
    filters: set[str] = field(default_factory=set)
    queue: deque[tuple[float, Message]] = field(default_factory=deque)
    link: "_Link | None" = None
    will: Message | None = None


class _Link:
    """One connection, as ports.Broker."""

    def __init__(self, broker: "MemoryBroker", session: _Session) -> None:
        self.news = asyncio.Event()
        self.lost = ""
        self._broker = broker
        self._session = session

    async def publish(self, topic: str, payload: bytes) -> None:
        if not topic or "+" in topic or "#" in topic:
            raise ValueError(f"{topic!r} is no topic to publish to")
        await self._transit()
        self._broker.accept(self._session.client, Message(topic, payload))
        await self._transit()

    async def messages(self) -> AsyncIterator[Message]:
        while True:
            yield await self._next()

    async def _next(self) -> Message:
        queue = self._session.queue
        while True:
            self._check()
            wait_s = queue[0][0] - asyncio.get_running_loop().time() if queue else 0.0
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            elif queue:
                return self._broker.handed(self._session.client, queue.popleft()[1])
            else:
                self.news.clear()
                await self.news.wait()

    async def _transit(self) -> None:
        self._check()
        await asyncio.sleep(self._broker.transit_s)
        self._check()

    def _check(self) -> None:
        if self.lost:
            raise ConnectionError(f"broker: {self.lost}")


class MemoryBroker:
    """The broker. `transit_s` is the way of every packet; `dropped` counts what found its session's queue full."""

    def __init__(
        self,
        *,
        seed: int = 0,
        faults: Faults | None = None,
        transit_s: float = 0.005,
        max_queued: int = 1_000,
        tap: Tap | None = None,
    ) -> None:
        self.up = True
        self.dropped = 0
        self.transit_s = transit_s
        self._faults = faults or Faults()
        self._chance = stream(seed, "broker")
        self._max_queued = max_queued
        self._tap = tap
        self._sessions: dict[str, _Session] = {}
        self._past: deque[Message] = deque(maxlen=MOST_REMEMBERED)
        self._held: dict[asyncio.TimerHandle, Message] = {}

    def connector(self, client: str) -> Connect:
        """Return what connects as `client`; a second connection takes the session over."""

        @asynccontextmanager
        async def connect(topics: list[str], will: Message | None) -> AsyncIterator[Broker]:
            await asyncio.sleep(self.transit_s)
            if not self.up or self._faults.strikes(Fault.BROKER_DOWN):
                raise ConnectionError("broker: can't be reached")
            link = self._enter(client, topics, will)
            try:
                yield link
            finally:
                self._leave(client, link)

        return connect

    def cut(self, client: str, why: str = "connection lost") -> None:
        """Lose a client's connection uncleanly: its will is published."""
        session = self._sessions.get(client)
        if session is None or session.link is None:
            return
        session.link.lost = why
        session.link.news.set()
        session.link = None
        if session.will is not None:
            will, session.will = session.will, None
            self.accept(client, will)

    def go_down(self) -> None:
        """Cut everybody, publish no will, and let nobody in until `come_up`."""
        self.up = False
        self._cut_all_without_will("the broker went down")

    def come_up(self) -> None:
        """Let clients in again."""
        self.up = True

    def restart_empty(self) -> None:
        """Come back without memory, as after a kill: acknowledged messages, sessions and subscriptions are gone."""
        self._cut_all_without_will("the broker was restarted")
        self._sessions.clear()

    def inject(self, message: Message) -> None:
        """Route a message that nobody here published."""
        self._route(message)

    def release(self) -> int:
        """Let everything that is held come now, in any order; how many messages that were."""
        held = list(self._held.items())
        self._held.clear()
        self._chance.shuffle(held)
        for timer, message in held:
            timer.cancel()
            self._route(message)
        return len(held)

    def accept(self, client: str, message: Message) -> None:
        """Take one published message; what then happens to it is the faults' to say."""
        self._told("accepted", client, message)
        self._past.append(message)
        strikes, chance, about = self._faults.strikes, self._faults.chance, message.topic
        if strikes(Fault.PUBLISH_CUT, about):
            delivered = chance(Fault.PUBLISH_CUT).randrange(2)
            self.cut(client, "connection cut while publishing")
            if not delivered:
                return
        if not strikes(Fault.MESSAGE_LOST, about):
            self._later(message)
        if strikes(Fault.MESSAGE_DOUBLED, about):
            self._later(message)
        if strikes(Fault.MESSAGE_REPLAYED, about):
            self._route(chance(Fault.MESSAGE_REPLAYED).choice(self._past))
        self._upset()

    def handed(self, client: str, message: Message) -> Message:
        """Note that `message` reached the client, and return it."""
        self._told("delivered", client, message)
        return message

    def _later(self, message: Message) -> None:
        delay_s, about = 0.0, message.topic
        for fault, least_s, most_s in SLOW:
            if self._faults.strikes(fault, about):
                delay_s += self._faults.chance(fault).uniform(least_s, most_s)
        if delay_s:
            timer = asyncio.get_running_loop().call_later(delay_s, self._come, message)
            self._held[timer] = message
        else:
            self._route(message)

    def _come(self, message: Message) -> None:
        """A held message's time has come."""
        now_s = asyncio.get_running_loop().time()
        for timer in [t for t, m in self._held.items() if m is message and t.when() <= now_s]:
            del self._held[timer]
        self._route(message)

    def _route(self, message: Message) -> None:
        there_s = asyncio.get_running_loop().time() + self.transit_s
        for session in self._sessions.values():
            if any(matches(topic_filter, message.topic) for topic_filter in session.filters):
                self._queue(session, there_s, message)

    def _queue(self, session: _Session, there_s: float, message: Message) -> None:
        if len(session.queue) >= self._max_queued:
            self.dropped += 1
            return
        session.queue.append((there_s, message))
        if session.link is not None:
            session.link.news.set()

    def _upset(self) -> None:
        """Faults that strike connections, at the occasion of a message."""
        connected = sorted(client for client, session in self._sessions.items() if session.link is not None)
        if connected and self._faults.strikes(Fault.SESSION_TAKEN_OVER):
            self.cut(self._chance.choice(connected), "session taken over")
        if self._faults.strikes(Fault.BROKER_DOWN):
            self._cut_all_without_will("the broker went down")
        if self._faults.strikes(Fault.BROKER_RESTARTED):
            self.restart_empty()

    def _enter(self, client: str, topics: list[str], will: Message | None) -> _Link:
        self.cut(client, "session taken over")
        session = self._sessions.setdefault(client, _Session(client))
        session.filters.update(topics)
        session.link, session.will = _Link(self, session), will
        return session.link

    def _leave(self, client: str, link: _Link) -> None:
        """Disconnect cleanly: no will. Nothing to do where the link was lost before."""
        session = self._sessions.get(client)
        if session is not None and session.link is link:
            link.lost = "left"
            session.link = session.will = None

    def _cut_all_without_will(self, why: str) -> None:
        for session in self._sessions.values():
            session.will = None
            self.cut(session.client, why)

    def _told(self, what: str, client: str, message: Message) -> None:
        if self._tap is not None:
            self._tap(asyncio.get_running_loop().time(), what, client, message)
