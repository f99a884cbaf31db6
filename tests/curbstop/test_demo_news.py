"""The demo follows the control plane's events through a line that breaks, and misses and doubles none."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from curbstop.demo.news import News, Told, follow
from curbstop.demo.rest import Api, RestError, client
from seams.clock import SystemEntropy

PATIENCE_S = 20


@dataclass
class Cutter:
    """Tells events of the ids it has, a few a connection, then cuts the line in the middle of the next."""

    count: int = 5
    a_time: int = 2
    status: str = "200 OK"
    asked: list[str] = field(default_factory=list)
    twice: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        after = next((line.split(": ")[1] for line in request.split("\r\n") if line.startswith("last-event-id")), "0")
        self.asked.append(after)
        if len(self.asked) > 1:
            self.twice.set()
        writer.write(f"HTTP/1.1 {self.status}\r\ncontent-type: text/event-stream\r\n\r\nretry: 10\n\n".encode())
        told = range(int(after) + 1, min(int(after) + self.a_time, self.count) + 1)
        writer.writelines(event(number) for number in told)
        writer.write(event(self.count)[:30])
        await writer.drain()
        writer.close()


def event(number: int) -> bytes:
    row = {"id": number, "at": "2026-03-02T10:00:00+00:00", "type": "order", "subject": "o", "data": {"order": "o"}}
    return f"id: {number}\nevent: order\ndata: {json.dumps(row)}\n\n".encode()


@asynccontextmanager
async def api_of(cutter: Cutter) -> AsyncIterator[Api]:
    server = await asyncio.start_server(cutter.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client(f"http://127.0.0.1:{port}") as http:
        yield Api(http, "t", SystemEntropy())


async def test_cut_again_and_again_every_event_comes_once_and_in_order() -> None:
    cutter, news = Cutter(), News()
    async with api_of(cutter) as api:
        task = asyncio.create_task(follow(api, news))
        async with asyncio.timeout(PATIENCE_S):
            last = await news.first(lambda told: told.id == cutter.count)
        task.cancel()
    assert [told.id for told in news.seen] == [1, 2, 3, 4, 5]
    assert last is news.seen[-1]
    assert cutter.asked[:3] == ["0", "2", "4"]


async def test_a_token_that_no_longer_counts_ends_it() -> None:
    async with api_of(Cutter(status="401 Unauthorized")) as api:
        with pytest.raises(RestError, match="401"):
            async with asyncio.timeout(PATIENCE_S):
                await follow(api, News())


async def test_a_house_that_is_busy_is_asked_again() -> None:
    cutter = Cutter(status="503 Service Unavailable")
    async with api_of(cutter) as api:
        task = asyncio.create_task(follow(api, News()))
        async with asyncio.timeout(PATIENCE_S):
            await cutter.twice.wait()
        task.cancel()


async def test_who_begins_to_wait_late_misses_nothing() -> None:
    news = News()
    rows = [{"order": "o", "state": state, "event": "e"} for state in "abc"]
    told = [Told(n, datetime(2026, 3, 2, tzinfo=UTC), "order", "o", row) for n, row in enumerate(rows)]
    waiting = asyncio.create_task(news.first(lambda item: item.of_order("o", state="c")))
    for item in told:
        await news.add(item)
    assert await waiting is told[2]
    assert await news.first(lambda item: item.of_order("o", state="a")) is told[0]
