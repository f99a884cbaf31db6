"""What has arrived from a broker and waits to be taken: a lane for each topic, served in turn.

So no flood of one sender delays what another says. It is bounded: what comes beyond that is dropped, and told of once.
Whatever counts is sent again until the other side's application acknowledges it.
"""

import asyncio
from collections import deque

import structlog

from protocols.errors import MalformedError
from protocols.ports import Message
from protocols.uplink import topics
from seams.logs import Level

MIB = 1024 * 1024
LARGEST, LANE_BYTES, ALL_BYTES = MIB, 8 * MIB, 64 * MIB
LANE_MESSAGES, ALL_MESSAGES = 2_000, 20_000
log: structlog.stdlib.BoundLogger = structlog.get_logger("broker")


class Arrivals:
    """The lanes of one session."""

    def __init__(self) -> None:
        self._lanes: dict[str, deque[bytes]] = {}
        self._turns: deque[str] = deque()
        self._lane_bytes: dict[str, int] = {}
        self._messages = self._bytes = 0
        self._ended = False
        self._news: asyncio.Future[None] | None = None
        self._level = Level()

    def put(self, topic: str, payload: bytes) -> None:
        """Let it wait for its turn, unless there is no room for it or its topic is none of ours."""
        lane = self._lanes.get(topic)
        if not self._room(topic, len(payload), 0 if lane is None else len(lane)):
            log.log(
                self._level.failed(), "messages are dropped", topic=topic, size=len(payload), waiting=self._messages
            )
            return
        if lane is None:
            if not _ours(topic):
                return
            lane = self._lanes[topic] = deque()
            self._turns.append(topic)
        lane.append(payload)
        self._count(topic, 1, len(payload))
        self._wake()

    def _room(self, topic: str, size: int, waiting: int) -> bool:
        mine = size <= LARGEST and waiting < LANE_MESSAGES and self._lane_bytes.get(topic, 0) + size <= LANE_BYTES
        return mine and self._messages < ALL_MESSAGES and self._bytes + size <= ALL_BYTES

    def _count(self, topic: str, messages: int, size: int) -> None:
        self._messages += messages
        self._bytes += size
        self._lane_bytes[topic] = self._lane_bytes.get(topic, 0) + size

    def end(self) -> None:
        """Nothing more will come: what waits is still given, then None."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def get(self) -> Message | None:
        """The next one, of the next lane in turn; None once nothing waits and nothing more will come."""
        while not self._turns:
            if self._ended:
                return None
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        return self._take()

    def _take(self) -> Message:
        topic = self._turns.popleft()
        lane = self._lanes[topic]
        payload = lane.popleft()
        self._count(topic, -1, -len(payload))
        if lane:
            self._turns.append(topic)
        else:
            del self._lanes[topic], self._lane_bytes[topic]
        if not self._turns:
            self._level.recovered()
        return Message(topic, payload)


def _ours(topic: str) -> bool:
    try:
        topics.parse(topic)
    except MalformedError:
        return False
    return True
