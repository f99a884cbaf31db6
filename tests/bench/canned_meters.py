"""Forty lines of canned meters on real TCP ports, in a process of their own: cheap answers at the pace of the wire."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from seams.clock import SystemClock
from simulators.physics import Constant, Supply
from simulators.reference.telegram import ACK, Request, split
from simulators.reference.water import Plate, WaterMeter, bcd
from simulators.valve import Valve

BAUD, RESPONSE_S = 2400, 0.02
CHARACTER_S = 11 / BAUD
SELECT, NETWORK, READ, SEND, RESET = 0x52, 0xFD, 0xB, 0x3, 0x0


def identity(number: int) -> str:
    """The printed number of the meter with this running number."""
    return f"{30_000_000 + number:08d}"


class Line:
    """What one line's meters say; at most one is selected."""

    def __init__(self, clock: SystemClock, meters: range) -> None:
        self._telegrams: dict[bytes, bytes] = {}
        for meter in meters:
            supply = Supply(clock, Constant(600), valve=Valve(clock))
            answers = WaterMeter(clock, supply, Plate(identity(meter), identity(meter))).answers(0)
            self._telegrams[bcd(int(identity(meter)), 8)] = answers[0]
        self._selected: bytes | None = None

    def answer(self, request: Request) -> bytes:
        """The bytes that the line gives back, empty for silence."""
        function = request.c & 0xF
        if request.a == NETWORK and request.ci == SELECT and function == SEND:
            self._selected = self._telegrams.get(request.data[:4])
            return ACK if self._selected else b""
        if self._selected is None:
            return b""
        if function == RESET:
            self._selected = None
            return ACK
        return self._selected if function == READ else b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take requests and answer them when the characters of both have passed."""
        with suppress(ConnectionError):
            await self._talk(reader, writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest = b""
        while data := await reader.read(4096):
            requests, rest = split(rest + data)
            for request in requests:
                answer = self.answer(request)
                asked = 5 if request.ci is None else 9 + len(request.data)
                await asyncio.sleep((asked + len(answer)) * CHARACTER_S + RESPONSE_S)
                writer.write(answer)


async def serve(lines: int, each: int, told: Callable[[list[int]], object]) -> None:
    """Serve until the process is ended; the ports are told once all listen."""
    clock, ports = SystemClock(), list[int]()
    for number in range(lines):
        line = Line(clock, range(number * each, (number + 1) * each))
        server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
        ports.append(int(server.sockets[0].getsockname()[1]))
    told(ports)
    await asyncio.get_running_loop().create_future()


def main(arguments: list[str]) -> None:
    """`LINES METERS-ON-EACH PORTS-FILE`; the file is there when all lines listen."""
    lines, each, ports = arguments

    def told(numbers: list[int]) -> None:
        fresh = Path(f"{ports}.new")
        fresh.write_text(json.dumps(numbers))
        fresh.replace(ports)

    asyncio.run(serve(int(lines), int(each), told))


if __name__ == "__main__":
    main(sys.argv[1:])
