"""`python -m tests.e2e.floods.flood KIND REST-PORT BROKER-PORT GATEWAY`: one kind of flood, until its input ends.

A megabyte a second at the most, from a seed: random bytes, and messages that look almost like ours.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random

from protocols.uplink import codec, topics
from protocols.uplink.examples import EXAMPLES
from protocols.uplink.keys import SigningKey
from protocols.uplink.messages import DOWN, UP
from seams.mqtt import Address, connector
from simulators.chance import stream

LOOPBACK = "127.0.0.1"
RATE_BYTES_S, PIECE, TURN_S = 1_000_000, 4_000, 0.02
SLOW_ONES, SLOW_EVERY_S = 300, 1.0
COMERS, COMES_EVERY_S = 40, 0.4


async def turns(size: int) -> AsyncIterator[None]:
    """As often as `size` bytes may be sent, no faster; what was not sent in time is not made up for."""
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    while True:
        yield
        due_s = max(due_s + size / RATE_BYTES_S, loop.time() - TURN_S)
        await asyncio.sleep(max(due_s - loop.time(), 0))


async def junk_at(port: int, chance: Random) -> None:
    """Random bytes into a port, by a new connection whenever the last one was ended."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            with contextlib.closing(writer):
                async for _ in turns(PIECE):
                    writer.write(chance.randbytes(PIECE))
                    await writer.drain()
        await asyncio.sleep(TURN_S)


async def slowly(port: int, chance: Random) -> None:
    """Ask for something, and never come to the end of it."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            with contextlib.closing(writer):
                writer.write(b"POST /api/v1/orders HTTP/1.1\r\nHost: here\r\nX-Slow: ")
                while not writer.is_closing():
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(SLOW_EVERY_S * chance.uniform(0.5, 1.5))
        await asyncio.sleep(SLOW_EVERY_S)


def forged(key: SigningKey) -> list[bytes]:
    """Messages that look like ours, signed by nobody that anybody knows; and some that are cut short."""
    whole = [codec.seal(each, key)[0] for each in EXAMPLES] + [codec.encode_plain(each) for each in EXAMPLES]
    return whole + [raw[: len(raw) // 2] for raw in whole] + [b"[" * 2_000]


async def at_topics(port: int, gateway: str, chance: Random) -> None:
    """Junk and forged messages at every topic of a gateway, up and down."""
    places = [f"{topics.ROOT}/{gateway}/{way}/{kind}" for way, kinds in (("up", UP), ("down", DOWN)) for kind in kinds]
    alike = forged(SigningKey(chance.randbytes(32)))
    async with connector(Address(LOOPBACK, port, "flood", "flood"))([], None) as broker:
        async for _ in turns(PIECE):
            left = PIECE
            while left > 0:
                place = chance.choice(places)
                junk = chance.randbytes(chance.choice([0, 20, 200, 2_000]))
                raw = junk if chance.randrange(2) else chance.choice(alike)
                left -= len(raw) + len(place)
                await broker.publish(place, raw)


async def comes_and_goes(port: int, number: int, chance: Random) -> None:
    """A client that connects, subscribes to much, and goes."""
    connect = connector(Address(LOOPBACK, port, f"comer-{number}", f"comer-{number}"))
    while True:
        with contextlib.suppress(ConnectionError):
            async with connect([f"{topics.ROOT}/+/+/+"], None) as broker:
                await broker.publish(f"{topics.ROOT}/comer-{number}/up/birth", chance.randbytes(200))
        await asyncio.sleep(COMES_EVERY_S * chance.uniform(0.5, 1.5))


async def many(count: int, one: Callable[[int], Awaitable[None]]) -> None:
    """So many of them at once."""
    await asyncio.gather(*(one(number) for number in range(count)))


def flood(kind: str, rest: int, broker: int, gateway: str, chance: Random) -> Awaitable[None]:
    """The flood of this kind."""
    kinds: dict[str, Callable[[], Awaitable[None]]] = {
        "junk-at-the-api": lambda: junk_at(rest, chance),
        "junk-at-the-broker": lambda: junk_at(broker, chance),
        "slow-requests": lambda: many(SLOW_ONES, lambda _: slowly(rest, chance)),
        "junk-at-topics": lambda: at_topics(broker, gateway, chance),
        "reconnects": lambda: many(COMERS, lambda number: comes_and_goes(broker, number, chance)),
    }
    return kinds[kind]()


async def main(kind: str, rest: str, broker: str, gateway: str) -> None:
    flooding = asyncio.ensure_future(flood(kind, int(rest), int(broker), gateway, stream(0, kind)))
    ended = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
    await asyncio.wait([flooding, ended], return_when=asyncio.FIRST_COMPLETED)
    flooding.cancel()
    if not ended.done():
        await flooding  # it fell: say why


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
