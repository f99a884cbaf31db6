"""A line of meters behind a transparent converter: paced characters, answers that collide, faults.

Deadlines are absolute and accumulated: each transmission ends at an exact time computed from the end of the one before,
however late a timer ran. Runs on any event loop; on a virtual one the pacing is exact.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from simulators.chance import stream
from simulators.collision import Answer, Cluster
from simulators.faults import Fault, Faults
from simulators.reference.slave import Slave
from simulators.reference.telegram import split
from simulators.wire import LineWire

BITS_PER_CHARACTER = 11
"""8E1: start, 8 data, even parity, stop."""
REST_BITS = 33
"""A pause of so many bits ends a frame."""
USUAL_RESPONSE_S = 0.02
SAME_INSTANT_S = 1e-6

Tap = Callable[[float, str, bytes], None]
"""Told what passed: loop time in seconds, `down` (to meters) or `up`, and the bytes."""


@dataclass(slots=True)
class Station:
    """A slave on the line, and how long after a request's last bit it begins to answer. Meanwhile it hears nothing."""

    slave: Slave
    response_s: float = USUAL_RESPONSE_S
    busy_until_s: float = 0.0


@dataclass(slots=True)
class _Burst:
    begin_s: float
    end_s: float
    data: bytes


class Line:
    """Stations on one wire. `dial` opens the only connection; a new one ends the one before."""

    def __init__(
        self,
        stations: Sequence[Station],
        *,
        baud: int = 2400,
        echo: bool = False,
        faults: Faults | None = None,
        seed: int = 0,
        tap: Tap | None = None,
        stall_max_s: float = 20.0,
    ) -> None:
        self.stations = list(stations)
        self.character_s = BITS_PER_CHARACTER / baud
        self.up = True
        self._echo = echo
        self._faults = faults or Faults()
        self._chance = stream(seed, "line")
        self._tap = tap
        self._stall_max_s = stall_max_s
        self._hold_next_s = 0.0
        self._wire: LineWire | None = None
        self._bursts: list[_Burst] = []
        self._clusters: list[Cluster] = []
        self._released_s = 0.0
        self._sent_s = 0.0
        self._rest = b""
        self._rest_until_s = 0.0

    async def dial(self) -> LineWire:
        """Open the connection; `OSError` while the line is down. Satisfies ports.Dial."""
        if not self.up or self._faults.strikes(Fault.LINE_DOWN):
            raise ConnectionRefusedError("the simulated converter can't be reached")
        if self._wire is not None:
            self._wire.end()
        self._wire = LineWire(self._send)
        return self._wire

    def go_down(self) -> None:
        """Break the connection, and let none be made until `come_up`."""
        self.up = False
        self._break("the simulated converter went away")

    def come_up(self) -> None:
        """Let connections be made again."""
        self.up = True

    def stall(self, seconds: float) -> None:
        """Put no new bytes on the line for so long: they go later, whoever's connection it is by then."""
        self._released_s = max(self._released_s, asyncio.get_running_loop().time() + seconds)

    def hold_next(self, seconds: float) -> None:
        """Hold what is written next back for so long, alone: what a later connection writes may pass it."""
        self._hold_next_s = seconds

    def _break(self, why: str) -> None:
        if self._wire is not None:
            self._wire.fail(why)
            self._wire = None

    def _send(self, wire: LineWire, data: bytes) -> None:
        """Take bytes into the converter, whoever's connection that is by now."""
        if self._faults.strikes(Fault.LINE_DOWN):
            wire.fail("the simulated converter reset the connection")
            if self._faults.chance(Fault.LINE_DOWN).randrange(2):
                return
        if not data:
            return
        data, hold_s, self._hold_next_s = self._faults_on_the_way(data), self._hold_next_s, 0.0
        if hold_s:
            asyncio.get_running_loop().call_later(hold_s, self._transmit, data)
        else:
            self._transmit(data)

    def _transmit(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        begin_s = max(loop.time(), self._release(loop.time()), self._sent_s)
        self._sent_s = end_s = begin_s + len(data) * self.character_s
        last = self._bursts[-1] if self._bursts else None
        if last is not None and begin_s <= last.end_s + SAME_INSTANT_S:
            last.data, last.end_s = last.data + data, end_s
            return
        burst = _Burst(begin_s, end_s, data)
        self._bursts.append(burst)
        loop.call_at(end_s, self._end_of_burst, burst)

    def _release(self, now_s: float) -> float:
        """When the converter puts new bytes on the line: never before older ones."""
        if self._faults.strikes(Fault.STALLED_CONVERTER):
            hold_s = self._faults.chance(Fault.STALLED_CONVERTER).uniform(0.5, self._stall_max_s)
            self._released_s = max(self._released_s, now_s + hold_s)
        return self._released_s

    def _end_of_burst(self, burst: _Burst) -> None:
        loop = asyncio.get_running_loop()
        if burst.end_s > loop.time() + SAME_INSTANT_S:
            loop.call_at(burst.end_s, self._end_of_burst, burst)
            return
        self._bursts.remove(burst)
        self._told(burst.end_s, "down", burst.data)
        if self._echo and self._wire is not None:
            self._wire.feed(burst.data)
        self._hear(burst)

    def _hear(self, burst: _Burst) -> None:
        kept = self._rest if burst.begin_s <= self._rest_until_s else b""
        requests, self._rest = split(kept + burst.data)
        self._rest_until_s = burst.end_s + REST_BITS * self.character_s / BITS_PER_CHARACTER
        for request in requests:
            for station in self.stations:
                if burst.end_s < station.busy_until_s:
                    continue
                answer = station.slave.receive(request)
                if answer is not None:
                    self._answer(station, burst.end_s, answer)

    def _answer(self, station: Station, heard_s: float, data: bytes) -> None:
        station.busy_until_s = begin_s = heard_s + station.response_s
        if self._faults.strikes(Fault.LOST_ANSWER):
            return
        if self._faults.strikes(Fault.LATE_ANSWER):
            begin_s += self._faults.chance(Fault.LATE_ANSWER).uniform(0.1, 5.0)
        answer = Answer(begin_s, begin_s + len(data) * self.character_s, data)
        for cluster in self._clusters:
            if cluster.overlaps(answer):
                cluster.add(answer)
                return
        cluster = Cluster([answer])
        self._clusters.append(cluster)
        asyncio.get_running_loop().call_at(cluster.end_s, self._end_of_cluster, cluster)

    def _end_of_cluster(self, cluster: Cluster) -> None:
        loop = asyncio.get_running_loop()
        if cluster.end_s > loop.time() + SAME_INSTANT_S:
            loop.call_at(cluster.end_s, self._end_of_cluster, cluster)
            return
        self._clusters.remove(cluster)
        data = self._noise() + self._faults_on_the_way(cluster.heard(self.character_s, self._chance))
        self._told(cluster.end_s, "up", data)
        self._deliver(data, cluster.end_s)

    def _deliver(self, data: bytes, at_s: float) -> None:
        """Hand bytes to whoever is connected, in one piece or, on a fault, in several over some time."""
        if self._wire is None:
            return
        if not self._faults.strikes(Fault.SPLIT_DELIVERY):
            self._wire.feed(data)
            return
        loop, chance = asyncio.get_running_loop(), self._faults.chance(Fault.SPLIT_DELIVERY)
        cut = 0
        while cut < len(data):
            size = chance.randrange(1, 9)
            loop.call_at(at_s, partial(self._wire.feed, data[cut : cut + size]))
            cut, at_s = cut + size, at_s + chance.uniform(0.001, 0.02)

    def _noise(self) -> bytes:
        if not self._faults.strikes(Fault.NOISE):
            return b""
        chance = self._faults.chance(Fault.NOISE)
        return chance.randbytes(chance.randrange(1, 5))

    def _faults_on_the_way(self, data: bytes) -> bytes:
        if data and self._faults.strikes(Fault.FLIPPED_BIT):
            data = flip(data, self._faults.chance(Fault.FLIPPED_BIT).randrange(8 * len(data)))
        if data and self._faults.strikes(Fault.DROPPED_BYTE):
            at = self._faults.chance(Fault.DROPPED_BYTE).randrange(len(data))
            data = data[:at] + data[at + 1 :]
        return data

    def _told(self, at_s: float, direction: str, data: bytes) -> None:
        if self._tap is not None:
            self._tap(at_s, direction, data)


def flip(data: bytes, bit: int) -> bytes:
    """Return `data` with one bit changed, counted from the first byte's least significant."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
