"""The reference gas meter, maker CBS version 3: a valve that is closed from afar and armed, and opened by a hand alone.

Every byte is written by hand from the prose of the reference profile. Which steps the valve knows follows the control
modes of IEC 62056-6-2 class 70; the arm's expiry and the leak check after a local opening are the meter's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from protocols.ports import Clock
from protocols.types import ValvePosition
from simulators.physics import Supply
from simulators.reference.slave import Name, Slave
from simulators.reference.telegram import long_frame
from simulators.reference.water import (
    ANY_APPLICATION_ERROR,
    DATA_SEND,
    FLOW_DIGITS,
    INDEX_DIGITS,
    LONG_HEADER,
    MAKER_CBS,
    MORE_FOLLOWS,
    POSITION_BYTE,
    RSP_UD,
    Plate,
    bcd,
    type_f,
)
from simulators.valve import ML_PER_L, US_PER_S, By, Valve

GAS, VERSION = 0x03, 0x03
TAMPER, LEAK, LOW_BATTERY = 0x01, 0x04, 0x08
CLOSE = bytes.fromhex("02 FD 1F 0C C1")
ARM = bytes.fromhex("02 FD 1F A4 A4")
OPEN_OF_WATER = bytes.fromhex("02 FD 1F 50 0A")
STEPS_BY_MODE = {
    0: frozenset(""),
    1: frozenset("bcfgde"),
    2: frozenset("bcfgae"),
    3: frozenset("bcgde"),
    4: frozenset("bcgae"),
    5: frozenset("bcfgdeh"),
    6: frozenset("bcgdeh"),
}
"""Class 70: a, b, c, d from afar (a opens, b and c close, d arms), e and f by a hand, g and h by the meter itself."""
DL_PER_DM3 = 10


@dataclass(frozen=True, slots=True)
class Setting:
    """How it is set up: class 70's mode, how long an arm is good for, what may flow in the window after an opening.

    `obeys_open`: set up wrongly, it would take the water meters' open; whoever sends one must not count on a refusal.
    """

    mode: int = 3
    arm_expires_s: float = 86_400.0
    leak_window_s: float = 360.0
    leak_dm3: int = 12
    obeys_open: bool = False


USUAL = Setting()


class GasMeter:
    """A reference gas meter over a supply with a valve. `raised` are bits of the error flags, all but the leak's.

    `armed_upon` tells of each arm that was written to it when that came (boot time), how the valve stood and which
    error flags: whether or not the meter did it.
    """

    def __init__(self, clock: Clock, supply: Supply, plate: Plate, setting: Setting, *, telegrams: int = 1) -> None:
        if supply.valve is None:
            raise ValueError("a reference gas meter has a valve")
        self.supply = supply
        self.valve: Valve = supply.valve
        self.plate = plate
        self.setting = setting
        self.raised = 0
        self.refused = 0
        self.armed_upon: list[tuple[float, ValvePosition, int]] = []
        self._clock = clock
        self._telegrams = telegrams
        self._access = 0
        self._error = False
        self._leaks_reset = 0

    @property
    def name(self) -> Name:
        """The secondary address."""
        plate = self.plate
        return Name(bcd(int(plate.id), 8), MAKER_CBS, VERSION, GAS, bcd(int(plate.fabrication), 8))

    @property
    def alarms(self) -> int:
        """The error flags: what was raised, and a leak until a technician has reset it."""
        _ = self.valve.position
        leaks = sum(act.by is By.LEAK_CHECK for act in self.valve.history)
        return self.raised | (LEAK if leaks > self._leaks_reset else 0)

    def reset_leak(self) -> None:
        """A technician has found the installation tight, and resets the alarm with a key of his own."""
        self._leaks_reset = sum(act.by is By.LEAK_CHECK for act in self.valve.history)

    def press(self) -> None:
        """A hand at the meter's key: an armed valve opens, and the leak check begins. With a low battery nothing turns.

        Where the mode has it, an open valve is disconnected and may be opened again.
        """
        steps, position = STEPS_BY_MODE[self.setting.mode], self.valve.position
        if self.alarms & LOW_BATTERY:
            return
        if position is ValvePosition.ARMED and "e" in steps:
            self._open(By.BUTTON)
        elif position is ValvePosition.OPEN and "f" in steps:
            self.supply.actuate(ValvePosition.CLOSED, By.BUTTON)
            self._arm(By.BUTTON)

    def turn_open(self) -> None:
        """A technician turns it open with a key of his own, however it stands; the leak check begins."""
        self._open(By.HAND)

    def answers(self, address: int) -> Sequence[bytes]:
        """Return the RSP_UD of one readout; in two telegrams the first ends in 1F."""
        status = ANY_APPLICATION_ERROR if self._error else 0
        self._error = False
        records = self._records()
        if self._telegrams == 1:
            return [self._answer(address, status, b"".join(records))]
        return [
            self._answer(address, status, b"".join(records[:3]) + MORE_FOLLOWS),
            self._answer(address, status, b"".join(records[3:])),
        ]

    def write(self, ci: int, data: bytes) -> None:
        """Do one known verb where its mode has that step from where the valve stands; else set the error."""
        if ci == DATA_SEND and data == ARM:
            self.armed_upon.append((self._clock.boot(), self.valve.position, self.alarms))
        if ci == DATA_SEND and self._obeys(data):
            return
        self._error = True
        self.refused += 1

    def _obeys(self, data: bytes) -> bool:
        steps, position = STEPS_BY_MODE[self.setting.mode], self.valve.position
        if self.alarms & LOW_BATTERY:
            return False
        if data == CLOSE and "b" in steps:
            self.supply.actuate(ValvePosition.CLOSED)
        elif data == ARM and "a" in steps and position is ValvePosition.CLOSED:
            self._open(By.WIRE)
        elif data == ARM and "d" in steps and position in (ValvePosition.CLOSED, ValvePosition.ARMED):
            self._arm(By.WIRE)
        elif data == OPEN_OF_WATER and self.setting.obeys_open:
            self._open(By.WIRE)
        else:
            return False
        return True

    def _arm(self, by: By) -> None:
        """A second arm begins no second term: it stands as long as the first was good for."""
        if self.valve.position is ValvePosition.ARMED:
            return
        self.supply.actuate(ValvePosition.ARMED, by)
        self.valve.close_at(self._now_us() + round(self.setting.arm_expires_s * US_PER_S), By.EXPIRY)

    def _open(self, by: By) -> None:
        self.supply.actuate(ValvePosition.OPEN, by)
        leaks_us = self.supply.exceeded_us(self.setting.leak_dm3 * ML_PER_L, self.setting.leak_window_s)
        if leaks_us is not None:
            self.valve.close_at(leaks_us, By.LEAK_CHECK)

    def _now_us(self) -> int:
        return round(self._clock.boot() * US_PER_S)

    def _answer(self, address: int, status: int, records: bytes) -> bytes:
        self._access = (self._access + 1) & 0xFF
        name = self.name
        header = name.id + name.manufacturer + bytes([name.version, name.medium, self._access, status, 0, 0])
        return long_frame(RSP_UD, address, LONG_HEADER, header + records)

    def _records(self) -> list[bytes]:
        supply = self.supply
        return [
            bytes.fromhex("0C 78") + bcd(int(self.plate.fabrication), 8),
            bytes.fromhex("0C 13") + bcd(supply.index_dl() // DL_PER_DM3 % 10**INDEX_DIGITS, INDEX_DIGITS),
            bytes.fromhex("0A 3B") + bcd(min(supply.flow_l_h(), 10**FLOW_DIGITS - 1), FLOW_DIGITS),
            bytes.fromhex("04 6D") + type_f(self._clock.now()),
            bytes.fromhex("01 FD 1A") + POSITION_BYTE[self.valve.position],
            bytes.fromhex("02 FD 17") + self.alarms.to_bytes(2, "little"),
        ]


def slave(
    clock: Clock,
    supply: Supply,
    plate: Plate,
    setting: Setting = USUAL,
    *,
    address: int = 0,
    telegrams: int = 1,
) -> Slave:
    """Return a reference gas meter on its slave. ValueError where `supply` has no valve."""
    return Slave(GasMeter(clock, supply, plate, setting, telegrams=telegrams), address)
