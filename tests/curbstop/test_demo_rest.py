"""The demo's REST client: a POST whose answer was lost is sent again under the same key; a refusal is said in words."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from curbstop.demo.rest import TRIES, Api, RestError, client
from seams.clock import SystemEntropy


@dataclass
class Deaf:
    """Cuts the first calls without an answer, then gives one. `keys` are those it has seen."""

    cuts: int = 0
    status: str = "201 Created"
    body: str = '{"id": "o1"}'
    keys: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        await reader.readexactly(int(fields.get("content-length", 0)))
        self.keys.append(fields.get("idempotency-key", ""))
        if len(self.keys) > self.cuts:
            answer = (
                f"HTTP/1.1 {self.status}\r\ncontent-length: {len(self.body)}\r\nconnection: close\r\n\r\n{self.body}"
            )
            writer.write(answer.encode())
            await writer.drain()
        writer.close()


@asynccontextmanager
async def api_of(house: Deaf) -> AsyncIterator[Api]:
    server = await asyncio.start_server(house.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client(f"http://127.0.0.1:{port}") as http:
        yield Api(http, "t", SystemEntropy())


async def test_a_lost_answer_is_asked_for_again_under_the_same_key() -> None:
    house = Deaf(cuts=TRIES - 1)
    async with api_of(house) as api:
        assert await api.post("/orders", {}) == {"id": "o1"}
        assert len(house.keys) == TRIES
        assert len(set(house.keys)) == 1
        await api.post("/orders", {})
    assert house.keys[-1] != house.keys[0]


async def test_a_house_that_never_answers_is_told() -> None:
    async with api_of(Deaf(cuts=TRIES)) as api:
        with pytest.raises(RestError, match="POST /orders: the control plane does not answer"):
            await api.post("/orders", {})


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            "409 Conflict",
            json.dumps({"code": "code_taken", "detail": "there already"}),
            "GET /x: refused with 409 code_taken: there already",
        ),
        ("502 Bad Gateway", "<html>", "GET /x: answered 502 without a JSON object"),
        ("200 OK", "[]", "GET /x: answered 200 without a JSON object"),
    ],
)
async def test_a_refusal_is_said_in_words(status: str, body: str, said: str) -> None:
    async with api_of(Deaf(status=status, body=body)) as api:
        with pytest.raises(RestError) as caught:
            await api.get("/x")
    assert str(caught.value) == said
