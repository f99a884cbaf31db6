"""What the control plane tells, as it happens: followed over server-sent events, and again from there when cut off."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from curbstop.demo.rest import Api, RestError
from curbstop.demo.sse import Reader, Sent

SILENT_S = 40.0
"""The control plane says at least something every 15 s."""
FIRST_RETRY_MS = 500
REFUSED_FOR_GOOD = range(400, 500)


@dataclass(frozen=True, slots=True)
class Told:
    """One piece of news."""

    id: int
    at: datetime
    kind: str
    subject: str
    data: dict[str, Any]

    def of_order(self, order: str, *, state: str | None = None, event: str | None = None) -> bool:
        """Whether it tells that this order came to a state, or by an event."""
        if self.kind != "order" or self.data["order"] != order:
            return False
        return state in (None, self.data["state"]) and event in (None, self.data["event"])


def told(sent: Sent) -> Told:
    """The news in an event; RestError if it is none."""
    try:
        row = json.loads(sent.data)
        return Told(row["id"], datetime.fromisoformat(row["at"]), row["type"], row["subject"], row["data"])
    except (ValueError, KeyError, TypeError):
        raise RestError(f"GET /events: event {sent.id} is no news") from None


@dataclass(slots=True)
class News:
    """Everything told so far. Nobody misses what came before they began to wait."""

    seen: list[Told] = field(default_factory=list)
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def add(self, item: Told) -> None:
        """Keep it, and wake whoever waits."""
        async with self._more:
            self.seen.append(item)
            self._more.notify_all()

    async def next(self, number: int) -> Told:
        """The item of that number, from 0; waits until it has been told."""
        async with self._more:
            await self._more.wait_for(lambda: len(self.seen) > number)
        return self.seen[number]

    async def first(self, wanted: Callable[[Told], bool]) -> Told:
        """The first that is wanted, told already or yet to come."""
        number = 0
        while not wanted(item := await self.next(number)):
            number += 1
        return item


async def follow(api: Api, news: News) -> None:
    """Read the events for ever, connecting again where it was cut off; RestError where it is refused for good."""
    reader = Reader()
    while True:
        with contextlib.suppress(httpx.TransportError):  # the last id says where to go on
            await _read(api, reader, news)
        await asyncio.sleep((reader.retry_ms or FIRST_RETRY_MS) / 1000)


async def _read(api: Api, reader: Reader, news: News) -> None:
    reader.begin()
    headers = {**api.credentials, **({"Last-Event-ID": reader.last_id} if reader.last_id else {})}
    timeout = httpx.Timeout(SILENT_S)
    async with api.http.stream("GET", "/api/v1/events", params={"after": 0}, headers=headers, timeout=timeout) as flow:
        if flow.status_code in REFUSED_FOR_GOOD:
            raise RestError(f"GET /events: refused with {flow.status_code}")
        if flow.is_error:
            return
        async for data in flow.aiter_bytes():
            for sent in reader.feed(data):
                await news.add(told(sent))
