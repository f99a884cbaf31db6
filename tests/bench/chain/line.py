"""The simulated lines of the command chain, in their own process: the time of each exchange is kept exactly.

Time on the wire is what the characters take at this speed and what the meter takes to begin its answer. Timers are
late by some 0.1 ms here; that, too, is kept, so that nobody takes it for the chain's own.
"""

import asyncio
import json
import selectors
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from seams.clock import SystemClock
from simulators.line import Line, Station
from simulators.physics import Constant, Supply
from simulators.reference.water import Plate, slave
from simulators.serve import LineServer, serve_line
from simulators.valve import Valve

BAUD = 38400
RESPONSE_S = 0.002
FLOW_L_H = 600


class Exchanges:
    """What passed on one line: when it began (wall clock), how long it should have taken, how long it took."""

    def __init__(self, line: int, character_s: float, into: list[tuple[float, int, float, float]]) -> None:
        self._line, self._character_s, self._into = line, character_s, into
        self._asked: tuple[float, float] | None = None

    def tap(self, at_s: float, direction: str, data: bytes) -> None:
        """Take note; an answer closes the exchange that its request began."""
        late_s = time.monotonic() - at_s
        length_s = len(data) * self._character_s
        if direction == "down":
            self._end(self._asked, 0.0)
            self._asked = (at_s - length_s, length_s)
        elif self._asked is not None:
            self._end((self._asked[0], at_s - self._asked[0]), late_s)
            self._asked = None

    def _end(self, asked: tuple[float, float] | None, late_s: float) -> None:
        if asked is not None:
            began_s, ideal_s = asked
            self._into.append((began_s + time.time() - time.monotonic(), self._line, ideal_s, ideal_s + late_s))


def identity(number: int) -> str:
    """The printed number of the meter with this running number."""
    return f"{30_000_000 + number:08d}"


def _line(clock: SystemClock, number: int, meters: range, into: list[tuple[float, int, float, float]]) -> Line:
    stations = []
    for address, meter in enumerate(meters, 1):
        supply = Supply(clock, Constant(FLOW_L_H), valve=Valve(clock, travel_s=0.0))
        plate = Plate(identity(meter), identity(meter))
        stations.append(Station(slave(clock, supply, plate, address=address), RESPONSE_S))
    line = Line(stations, baud=BAUD)
    line._tap = Exchanges(number, line.character_s, into).tap
    return line


async def serve(lines: int, each: int, told: Callable[[list[int]], object]) -> list[tuple[float, int, float, float]]:
    """Serve until SIGTERM; the ports are told once all listen, the exchanges at the end."""
    into: list[tuple[float, int, float, float]] = []
    clock, servers, ended = SystemClock(), list[LineServer](), asyncio.Event()
    for number in range(lines):
        meters = range(number * each, (number + 1) * each)
        servers.append(await serve_line(_line(clock, number, meters, into)))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    told([server.port for server in servers])
    await ended.wait()
    for server in servers:
        await server.close()
    return into


def main(arguments: list[str]) -> None:
    """`LINES METERS-ON-EACH PORTS-FILE EXCHANGES-FILE`; a selector that does not round timers up to milliseconds."""
    lines, each, ports, exchanges = arguments
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        into = runner.run(serve(int(lines), int(each), lambda all_: Path(ports).write_text(json.dumps(all_))))
    Path(exchanges).write_text(json.dumps(into))


if __name__ == "__main__":
    main(sys.argv[1:])
