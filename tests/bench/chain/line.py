"""The simulated lines as a process of their own, keeping when each was physically busy.

`python -m tests.bench.chain.line LINES METERS BAUD FILE`: prints the ports, serves until its input ends, then writes
the busy intervals to FILE, in seconds of CLOCK_MONOTONIC.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from seams.clock import SystemClock
from simulators.line import BITS_PER_CHARACTER, Line, Station
from simulators.physics import Constant, Supply
from simulators.reference.water import Plate, slave
from simulators.serve import serve_line
from simulators.valve import Valve

RESPONSE_S = 0.02
TRAVEL_S = 0.2
"""A quick valve: a bench can't wait 4 s for each of a hundred."""


def number(line: int, meter: int) -> str:
    """The identification of a meter: 8 digits."""
    return f"27{line:02d}{meter:04d}"


@dataclass
class Watched:
    """One line: from a request's first bit to its answer's last it is busy, and while a valve travels."""

    meters: int
    name: int
    baud: int
    busy: list[tuple[float, float]] = field(default_factory=list)
    valves: list[Valve] = field(default_factory=list)

    def make(self) -> Line:
        """Put the meters on the line."""
        clock, stations = SystemClock(), []
        for meter in range(self.meters):
            valve = Valve(clock, travel_s=TRAVEL_S)
            self.valves.append(valve)
            plate = Plate(number(self.name, meter), number(self.name, meter))
            supply = Supply(clock, Constant(0), valve=valve, index_dl=1000 + meter)
            stations.append(Station(slave(clock, supply, plate, address=meter + 1), response_s=RESPONSE_S))
        return Line(stations, baud=self.baud, tap=self._tap)

    @property
    def moving_s(self) -> float:
        """From the last bit of the write to the end of the travel, which begins when the meter has acknowledged."""
        return RESPONSE_S + BITS_PER_CHARACTER / self.baud + TRAVEL_S

    def _tap(self, end_s: float, direction: str, data: bytes) -> None:
        begin_s = end_s - len(data) * BITS_PER_CHARACTER / self.baud
        if direction == "down":
            self.busy.append((begin_s, end_s))
        else:
            asked_s, _ = self.busy.pop()
            self.busy.append((asked_s, end_s))

    def all_busy(self) -> list[tuple[float, float]]:
        """Exchanges and travels."""
        offset_s = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
        moves = [act.at_s - offset_s for valve in self.valves for act in valve.history]
        return [*self.busy, *((at, at + self.moving_s) for at in moves)]


async def serve(lines: int, meters: int, baud: int) -> str:
    """Serve until the input ends; the busy intervals as JSON."""
    watched = [Watched(meters, name, baud) for name in range(lines)]
    servers = [await serve_line(line.make()) for line in watched]
    print(json.dumps([server.port for server in servers]), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for server in servers:
        await server.close()
    return json.dumps([line.all_busy() for line in watched])


if __name__ == "__main__":
    wires, each, speed = map(int, sys.argv[1:4])
    Path(sys.argv[4]).write_text(asyncio.run(serve(wires, each, speed)))
