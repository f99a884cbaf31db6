"""Requests and worlds for these tests, written by hand like the meters themselves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from protocols.types import ValvePosition
from simulators.physics import Constant, Flow, Supply
from simulators.reference.slave import Slave
from simulators.reference.water import Plate, WaterMeter, slave
from simulators.valve import Valve

NKE, REQ_A, REQ_B, UD_A, UD_B = 0x40, 0x7B, 0x5B, 0x73, 0x53
ACK = b"\xe5"
PLATE = Plate("12345678", "87654321")
SELECT_FULL = bytes.fromhex("78 56 34 12 53 0C 01 07")
CLOSE = bytes.fromhex("02 FD 1F 0C C1")
OPEN = bytes.fromhex("02 FD 1F 50 0A")
LIMIT = bytes.fromhex("02 FD 1F B1 11")
ARM = bytes.fromhex("02 FD 1F A4 A4")


def short(c: int, a: int) -> bytes:
    return bytes([0x10, c, a, (c + a) & 0xFF, 0x16])


def long(c: int, a: int, ci: int, data: bytes = b"") -> bytes:
    size = 3 + len(data)
    return bytes([0x68, size, size, 0x68, c, a, ci]) + data + bytes([(c + a + ci + sum(data)) & 0xFF, 0x16])


def select(data: bytes = SELECT_FULL) -> bytes:
    return long(UD_B, 0xFD, 0x52, data)


@dataclass
class HandClock:
    """ports.Clock that a test moves by hand."""

    seconds: float = 0.0
    start: datetime = field(default=datetime(2026, 11, 24, 9, 30, tzinfo=UTC))

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def boot(self) -> float:
        return self.seconds


def valve_meter(
    clock: HandClock,
    *,
    position: ValvePosition = ValvePosition.OPEN,
    flow: Flow | None = None,
    address: int = 5,
    telegrams: int = 1,
    sticks: bool = False,
    plate: Plate = PLATE,
) -> Slave:
    valve = Valve(clock, position, sticks=sticks)
    supply = Supply(clock, flow or Constant(600), valve=valve, index_dl=12340)
    return slave(clock, supply, plate, address=address, telegrams=telegrams)


def meter_of(some: Slave) -> WaterMeter:
    assert isinstance(some.application, WaterMeter)
    return some.application


def valve_of(some: Slave) -> Valve:
    valve = meter_of(some).supply.valve
    assert valve is not None
    return valve
