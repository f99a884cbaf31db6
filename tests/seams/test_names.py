"""A resolver that hangs, with real threads: it holds up who asked for that name, and nobody else."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from gateway.lines import tcp
from seams import names
from seams.mqtt import Address, connector
from seams.names import Names

REAL = socket.getaddrinfo


class Hanging:
    """The system's resolver, for names that end in .dead as if no server answered."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **rest: Any) -> Sequence[names.Address]:
        if host.endswith(".dead") and not rest.get("flags"):
            self.asked.append(host)
            self.over.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "no server answers")
        return REAL(host, port, **rest)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    monkeypatch.setattr(names, "ANSWER_S", 0.05)
    hanging = Hanging()
    yield hanging
    hanging.over.set()


def test_I12_forty_lines_behind_a_dead_resolver_starve_nobody(resolver: Hanging) -> None:
    """Each asks twice. The loop's own pool, which others need, stays free, and a name that lives is found meanwhile."""

    async def story() -> None:
        asked = Names(resolver)
        dials = [tcp(f"line-{n}.dead", 10_001, asked) for n in range(40)]
        for _ in range(2):
            ends = await asyncio.gather(*(dial() for dial in dials), return_exceptions=True)
            assert all(isinstance(end, TimeoutError) for end in ends)
        assert asked.asking == 40
        assert len(resolver.asked) == 40, "one thread for each name, however often it is asked for"
        assert await asyncio.get_running_loop().run_in_executor(None, lambda: "free") == "free"
        assert await asked.addresses("localhost", 80)
        under_way = list(asked._under_way.values())
        resolver.over.set()
        await asyncio.wait(under_way)

    asyncio.run(story())


def test_a_name_that_was_known_serves_while_its_resolver_hangs() -> None:
    over = threading.Event()

    def lookup(host: str, port: int, **rest: Any) -> Sequence[names.Address]:
        if over.is_set() and not rest.get("flags"):
            raise socket.gaierror(socket.EAI_AGAIN, "no server answers")
        return socket.getaddrinfo(host if rest.get("flags") else "127.0.0.1", port, **rest)

    async def story() -> None:
        asked = Names(lookup)
        before = await asked.addresses("converter.example", 80)
        over.set()
        assert await asked.addresses("converter.example", 80) == before
        with pytest.raises(socket.gaierror):
            await asked.addresses("converter.example", 80, kept=False)
        with pytest.raises(socket.gaierror):
            await asked.addresses("other.example", 80)

    asyncio.run(story())


def test_a_number_needs_no_resolver(resolver: Hanging) -> None:
    async def story() -> None:
        asked = Names(resolver)
        assert (await asked.addresses("127.0.0.1", 80))[0][4] == ("127.0.0.1", 80)
        assert asked.asking == 0

    asyncio.run(story())


def test_a_broker_s_name_that_nobody_tells_is_a_lost_connection_and_keeps_nobody_from_stopping(
    resolver: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncio.run waits for the threads of the loop's own pool before it ends."""
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(Names.__init__, "__defaults__", (resolver,))
    connect = connector(Address("broker.dead", 1883, "cellar", "cellar"))

    async def story() -> None:
        with pytest.raises(ConnectionError, match=r"broker\.dead"):
            async with connect([], None):
                pass

    asyncio.run(story())
    assert resolver.asked == ["broker.dead"]
    assert not resolver.over.is_set(), "it hangs still"
