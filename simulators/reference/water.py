"""The reference water meters, maker CBS: one with a valve (version 1), one that only reads (version 2).

Every byte is written by hand from the prose of the reference valve profile: a driver or a spec with another polarity
must fail against these meters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from protocols.ports import Clock
from protocols.types import ValvePosition
from simulators.physics import Supply
from simulators.reference.slave import Name, Slave
from simulators.reference.telegram import long_frame

MAKER_CBS = bytes.fromhex("53 0C")
"""C = 3, B = 2, S = 19: 3 x 1024 + 2 x 32 + 19 = 0C53."""
WATER, COLD_WATER = 0x07, 0x16
WITH_VALVE, READ_ONLY = 0x01, 0x02
RSP_UD, LONG_HEADER, DATA_SEND = 0x08, 0x72, 0x51
ANY_APPLICATION_ERROR = 0x02
MORE_FOLLOWS = b"\x1f"
INDEX_DIGITS, FLOW_DIGITS = 8, 4

POSITION_BYTE = {
    ValvePosition.CLOSED: b"\x00",
    ValvePosition.OPEN: b"\x01",
    ValvePosition.ARMED: b"\x02",
    ValvePosition.LIMITED: b"\x03",
    ValvePosition.MOVING: b"\x10",
    ValvePosition.FAULT: b"\x80",
}
VERB_BYTES = {
    bytes.fromhex("02 FD 1F 0C C1"): ValvePosition.CLOSED,
    bytes.fromhex("02 FD 1F 50 0A"): ValvePosition.OPEN,
    bytes.fromhex("02 FD 1F B1 11"): ValvePosition.LIMITED,
    bytes.fromhex("02 FD 1F A4 A4"): ValvePosition.ARMED,
}
TAMPER, BACKFLOW, LEAK, LOW_BATTERY, MAGNETIC = 0x01, 0x02, 0x04, 0x08, 0x10


@dataclass(frozen=True, slots=True)
class Plate:
    """What is printed on the meter: two numbers of 8 decimal digits, and the medium."""

    id: str
    fabrication: str
    medium: int = WATER


class WaterMeter:
    """A reference meter over a supply; it has the verbs of its version. `alarms` are bits of the error flags.

    Where the valve is not `its_own`, that is a curb stop in the street: the meter neither moves nor sees it.
    """

    def __init__(self, clock: Clock, supply: Supply, plate: Plate, *, telegrams: int = 1, its_own: bool = True) -> None:
        self.supply = supply
        self.plate = plate
        self.alarms = 0
        self.refused = 0
        self._clock = clock
        self._telegrams = telegrams
        self._valve = supply.valve if its_own else None
        self._access = 0
        self._error = False

    @property
    def version(self) -> int:
        """01 with a valve, 02 without."""
        return READ_ONLY if self._valve is None else WITH_VALVE

    @property
    def name(self) -> Name:
        """The secondary address."""
        plate = self.plate
        return Name(bcd(int(plate.id), 8), MAKER_CBS, self.version, plate.medium, bcd(int(plate.fabrication), 8))

    def answers(self, address: int) -> Sequence[bytes]:
        """Return the RSP_UD of one readout; in two telegrams the first ends in 1F."""
        status = ANY_APPLICATION_ERROR if self._error else 0
        self._error = False
        records = self._records()
        if self._telegrams == 1:
            return [self._answer(address, status, b"".join(records))]
        first, rest = records[:3], records[3:]
        return [
            self._answer(address, status, b"".join(first) + MORE_FOLLOWS),
            self._answer(address, status, b"".join(rest)),
        ]

    def write(self, ci: int, data: bytes) -> None:
        """Move the valve where `data` is exactly one known verb; anything else changes nothing and sets the error."""
        wanted = VERB_BYTES.get(data) if ci == DATA_SEND else None
        if wanted is None or self._valve is None:
            self._error = True
            self.refused += 1
            return
        self.supply.actuate(wanted)

    def _answer(self, address: int, status: int, records: bytes) -> bytes:
        self._access = (self._access + 1) & 0xFF
        name = self.name
        header = name.id + name.manufacturer + bytes([name.version, name.medium, self._access, status, 0, 0])
        return long_frame(RSP_UD, address, LONG_HEADER, header + records)

    def _records(self) -> list[bytes]:
        supply = self.supply
        records = [
            bytes.fromhex("0C 78") + bcd(int(self.plate.fabrication), 8),
            bytes.fromhex("0C 12") + bcd(supply.index_dl() % 10**INDEX_DIGITS, INDEX_DIGITS),
            bytes.fromhex("0A 3B") + bcd(min(supply.flow_l_h(), 10**FLOW_DIGITS - 1), FLOW_DIGITS),
            bytes.fromhex("04 6D") + type_f(self._clock.now()),
        ]
        if self._valve is not None:
            records.append(bytes.fromhex("01 FD 1A") + POSITION_BYTE[self._valve.position])
        return [*records, bytes.fromhex("02 FD 17") + self.alarms.to_bytes(2, "little")]


def bcd(number: int, digits: int) -> bytes:
    """Return `number` in BCD of `digits` digits, the two least significant first."""
    return bytes.fromhex(f"{number:0{digits}d}")[::-1]


def type_f(at: datetime) -> bytes:
    """Return date and time of type F: minute, hour, day and month with the year's 7 bits spread over the last two."""
    year = at.year % 100
    return bytes([at.minute, at.hour, at.day | (year & 0b111) << 5, at.month | (year >> 3) << 4])


def slave(
    clock: Clock, supply: Supply, plate: Plate, *, address: int = 0, telegrams: int = 1, its_own: bool = True
) -> Slave:
    """Return a reference meter on its slave; its version says whether `supply` has a valve that is `its_own`."""
    return Slave(WaterMeter(clock, supply, plate, telegrams=telegrams, its_own=its_own), address)
