"""The reference meter's bytes, written out whole: whoever changes one polarity fails here."""

import pytest

from protocols.types import ValvePosition
from simulators.physics import Constant, Supply
from simulators.reference import water
from simulators.reference.telegram import Request
from simulators.valve import By, Valve
from tests.simulators.talk import ARM, CLOSE, LIMIT, OPEN, PLATE, HandClock, meter_of, valve_meter, valve_of

READOUT = Request(0x7B, 5)
ANSWER = bytes.fromhex(
    "68 2E 2E 68  08 05 72"
    "78 56 34 12  53 0C  01 07  01 00  00 00"
    "0C 78 21 43 65 87"
    "0C 12 40 23 01 00"
    "0A 3B 00 06"
    "04 6D 1E 09 58 3B"
    "01 FD 1A 01"
    "02 FD 17 05 00"
)


def test_the_telegram_with_a_valve_byte_by_byte() -> None:
    slave = valve_meter(HandClock())
    meter_of(slave).alarms = water.TAMPER | water.LEAK
    answer = slave.receive(READOUT)
    assert answer is not None
    assert answer == ANSWER + bytes([sum(ANSWER[4:]) & 0xFF, 0x16])


def test_the_telegram_without_a_valve_has_version_2_and_no_position() -> None:
    clock = HandClock()
    slave = water.slave(clock, Supply(clock, Constant(0), index_dl=12340), PLATE, address=5)
    answer = slave.receive(READOUT)
    assert answer is not None
    assert answer[13] == 2
    assert bytes.fromhex("FD 1A") not in answer
    assert bytes.fromhex("0A 3B 00 00") in answer


@pytest.mark.parametrize(
    ("position", "byte"),
    [("closed", 0x00), ("open", 0x01), ("armed", 0x02), ("limited", 0x03)],
)
def test_the_byte_of_each_position(position: str, byte: int) -> None:
    answer = valve_meter(HandClock(), position=ValvePosition(position)).receive(READOUT)
    assert answer is not None
    assert bytes.fromhex("01 FD 1A") + bytes([byte]) in answer


def test_the_bytes_of_moving_and_fault() -> None:
    slave = valve_meter(HandClock())
    slave.receive(Request(0x73, 5, 0x51, CLOSE))
    moving = slave.receive(READOUT)
    valve_of(slave).fault = True
    fault = slave.receive(Request(0x5B, 5))
    assert moving is not None
    assert fault is not None
    assert bytes.fromhex("01 FD 1A 10") in moving
    assert bytes.fromhex("01 FD 1A 80") in fault


@pytest.mark.parametrize(
    ("verb", "position"), [(CLOSE, "closed"), (OPEN, "open"), (LIMIT, "limited"), (ARM, "armed")], ids=str
)
def test_the_bytes_of_each_verb(verb: bytes, position: str) -> None:
    clock = HandClock()
    slave = valve_meter(clock, position=ValvePosition.CLOSED)
    slave.receive(Request(0x73, 5, 0x51, verb))
    clock.seconds = 4
    assert valve_of(slave).position == position


def test_no_single_bit_turns_one_verb_into_another() -> None:
    codes = [int.from_bytes(verb[3:], "little") for verb in (CLOSE, OPEN, LIMIT, ARM)]
    assert codes == [0xC10C, 0x0A50, 0x11B1, 0xA4A4]
    assert min((a ^ b).bit_count() for a in codes for b in codes if a != b) > 1


@pytest.mark.parametrize(
    ("ci", "data"),
    [
        (0x51, bytes.fromhex("02 FD 1F 00 00")),
        (0x51, bytes.fromhex("02 FD 1F C1 0C")),
        (0x51, bytes.fromhex("01 FD 1A 00")),
        (0x51, CLOSE + OPEN),
        (0x51, CLOSE[:-1]),
        (0x51, b""),
        (0x55, CLOSE),
        (0xB8, b""),
    ],
)
def test_an_unknown_write_changes_nothing_and_is_told_in_the_next_answer_only(ci: int, data: bytes) -> None:
    slave = valve_meter(HandClock())
    assert slave.receive(Request(0x73, 5, ci, data)) == b"\xe5"
    assert valve_of(slave).history == []
    statuses = [answer[16] for c in (0x7B, 0x7B, 0x5B) if (answer := slave.receive(Request(c, 5))) is not None]
    assert statuses == [0x02, 0x02, 0x00]


def test_a_meter_without_a_valve_refuses_a_verb() -> None:
    clock = HandClock()
    slave = water.slave(clock, Supply(clock, Constant(0)), PLATE, address=5)
    assert slave.receive(Request(0x73, 5, 0x51, CLOSE)) == b"\xe5"
    assert meter_of(slave).refused == 1


def test_a_meter_without_a_valve_neither_sees_nor_moves_the_curb_stop_that_its_index_feels() -> None:
    clock = HandClock()
    stop = Valve(clock)
    supply = Supply(clock, Constant(600), valve=stop, index_dl=12340)
    slave = water.slave(clock, supply, PLATE, address=5, its_own=False)
    slave.receive(Request(0x73, 5, 0x51, CLOSE))
    assert (meter_of(slave).refused, stop.history) == (1, [])
    answer = slave.receive(READOUT)
    assert answer is not None
    assert answer[13] == 2
    assert bytes.fromhex("FD 1A") not in answer
    stop.actuate(ValvePosition.CLOSED, By.HAND)
    clock.seconds = 10
    before = supply.index_dl()
    clock.seconds = 100
    assert supply.index_dl() == before


def test_two_telegrams_hold_what_one_holds() -> None:
    whole = valve_meter(HandClock()).receive(READOUT)
    slave = valve_meter(HandClock(), telegrams=2)
    first, second = slave.receive(READOUT), slave.receive(Request(0x5B, 5))
    assert whole is not None
    assert first is not None
    assert second is not None
    assert first[-3] == 0x1F
    assert whole[19:-2] == first[19:-3] + second[19:-2]


def test_a_sticking_meter_acknowledges_and_stays() -> None:
    clock = HandClock()
    slave = valve_meter(clock, sticks=True)
    assert slave.receive(Request(0x73, 5, 0x51, CLOSE)) == b"\xe5"
    clock.seconds = 100
    answer = slave.receive(READOUT)
    assert answer is not None
    assert bytes.fromhex("01 FD 1A 01") in answer


def test_G5_a_passing_valve_reads_closed_while_its_index_moves() -> None:
    clock = HandClock()
    valve = Valve(clock, ValvePosition.CLOSED, passes_l_h=36)
    slave = water.slave(clock, Supply(clock, Constant(600), valve=valve, index_dl=12340), PLATE, address=5)
    first = slave.receive(READOUT)
    clock.seconds = 60
    second = slave.receive(Request(0x5B, 5))
    assert first is not None
    assert second is not None
    assert bytes.fromhex("0C 12 40 23 01 00") in first
    assert bytes.fromhex("0C 12 46 23 01 00") in second
    assert bytes.fromhex("01 FD 1A 00") in first
    assert bytes.fromhex("01 FD 1A 00") in second
