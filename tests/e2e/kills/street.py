"""Simulated meters over real TCP, in a process that survives; each valve keeps its own diary, which is the truth.

`python -m tests.e2e.kills.street LINES METERS-ON-EACH DIARY` says the lines' ports first. Each line of the diary is one
act at one valve, written before the meter answers; it is said on standard output as well.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from protocols.types import ValvePosition
from seams.clock import SystemClock
from simulators.line import Line, Station
from simulators.physics import Constant, Supply
from simulators.reference.water import Plate, slave
from simulators.serve import serve_line
from simulators.valve import Actuation, By, Valve

BAUD, RESPONSE_S, TRAVEL_S, FLOW_L_H = 38_400, 0.002, 0.5, 3_600


@dataclass(frozen=True, slots=True)
class Deed:
    """One act, as the valve has written it down; `at_s` in seconds since the machine's boot."""

    meter: str
    at_s: float
    wanted: ValvePosition
    by: By


class Diary(list[Actuation]):
    """A valve's history that is also written down at once."""

    def __init__(self, meter: str, file: int) -> None:
        super().__init__()
        self._meter, self._file = meter, file

    def append(self, act: Actuation) -> None:
        """Write it down before anybody can be answered."""
        super().append(act)
        line = json.dumps([self._meter, act.at_s, act.wanted, act.by])
        os.write(self._file, f"{line}\n".encode())
        print(line, flush=True)


def read(diary: Path) -> list[Deed]:
    """All deeds, in order."""
    rows = (json.loads(line) for line in diary.read_text().splitlines())
    return [Deed(meter, at_s, ValvePosition(wanted), By(by)) for meter, at_s, wanted, by in rows]


def name_of(number: int) -> str:
    """The meter's name at gateway and control plane."""
    return f"m{number}"


def identity(number: int) -> str:
    """The printed number of the meter with this running number."""
    return f"{40_000_000 + number:08d}"


def _line(clock: SystemClock, meters: range, diary: int) -> Line:
    stations = []
    for address, number in enumerate(meters, 1):
        valve = Valve(clock, travel_s=TRAVEL_S)
        valve.history = Diary(name_of(number), diary)
        supply = Supply(clock, Constant(FLOW_L_H), valve=valve)
        stations.append(Station(slave(clock, supply, Plate(identity(number), identity(number)), address=address)))
        stations[-1].response_s = RESPONSE_S
    return Line(stations, baud=BAUD)


async def serve(lines: int, each: int, diary: int) -> None:
    """Serve until SIGTERM."""
    clock, ended = SystemClock(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    serving = [await serve_line(_line(clock, range(n * each, (n + 1) * each), diary)) for n in range(lines)]
    print(json.dumps([server.port for server in serving]), flush=True)
    await ended.wait()
    for server in serving:
        await server.close()


if __name__ == "__main__":
    written = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), written))
