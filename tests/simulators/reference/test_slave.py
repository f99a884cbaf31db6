"""The rules of EN 13757-2's slave, one by one."""

from dataclasses import replace

import pytest

from protocols.types import ValvePosition
from simulators.reference.slave import Name, Slave
from simulators.reference.telegram import ACK, Request, split
from tests.simulators.talk import (
    CLOSE,
    LIMIT,
    NKE,
    OPEN,
    REQ_A,
    REQ_B,
    SELECT_FULL,
    UD_A,
    UD_B,
    HandClock,
    long,
    meter_of,
    select,
    short,
    valve_meter,
    valve_of,
)

ID, MAKER, VERSION, MEDIUM = "78563412", "530C", "01", "07"


def ask(slave: Slave, frame: bytes) -> bytes | None:
    (request,), rest = split(frame)
    assert rest == b""
    return slave.receive(request)


def access_number(answer: bytes | None) -> int:
    assert answer is not None
    return answer[15]


def selection(hexadecimal: str) -> bytes:
    return select(bytes.fromhex(hexadecimal))


def test_nke_is_acknowledged_at_the_own_address_only() -> None:
    slave = valve_meter(HandClock(), address=5)
    assert ask(slave, short(NKE, 5)) == ACK
    assert ask(slave, short(NKE, 6)) is None


def test_254_is_answered_from_the_own_address_and_255_is_obeyed_in_silence() -> None:
    slave = valve_meter(HandClock(), address=5)
    answer = ask(slave, short(REQ_A, 0xFE))
    assert answer is not None
    assert answer[5] == 5
    assert ask(slave, long(UD_B & ~0x30, 0xFF, 0x51, CLOSE)) is None
    assert [a.wanted for a in valve_of(slave).history] == [ValvePosition.CLOSED]


def test_253_is_for_the_selected_and_answered_from_the_own_address() -> None:
    slave = valve_meter(HandClock(), address=5)
    assert ask(slave, short(REQ_A, 0xFD)) is None
    assert ask(slave, select()) == ACK
    answer = ask(slave, short(REQ_A, 0xFD))
    assert answer is not None
    assert answer[5] == 5


@pytest.mark.parametrize(
    "data",
    [
        ID + MAKER + VERSION + MEDIUM,
        "FFFFFFFF" + MAKER + VERSION + MEDIUM,
        "FFFFFF1F" + MAKER + VERSION + MEDIUM,
        "F8FFFFFF" + "FFFF" + "FF" + "FF",
        ID + "FFFF" + VERSION + MEDIUM,
        ID + MAKER + "FF" + MEDIUM,
        ID + MAKER + VERSION + "FF",
        ID + MAKER + VERSION + MEDIUM + "0C78" + "21436587",
        ID + MAKER + VERSION + MEDIUM + "0C78" + "FFFFFF8F",
    ],
)
def test_selections_that_mean_this_meter(data: str) -> None:
    slave = valve_meter(HandClock())
    assert ask(slave, selection(data)) == ACK
    assert slave.selected


@pytest.mark.parametrize(
    "data",
    [
        "79563412" + MAKER + VERSION + MEDIUM,
        "12345678" + MAKER + VERSION + MEDIUM,
        "FFFFFF2F" + MAKER + VERSION + MEDIUM,
        ID + "0C53" + VERSION + MEDIUM,
        ID + "FF0C" + VERSION + MEDIUM,
        ID + MAKER + "02" + MEDIUM,
        ID + MAKER + VERSION + "03",
        ID + MAKER + VERSION,
        ID + MAKER + VERSION + MEDIUM + "0C78" + "22436587",
        ID + MAKER + VERSION + MEDIUM + "0C79" + "21436587",
        ID + MAKER + VERSION + MEDIUM + "0C78" + "214365",
    ],
)
def test_selections_that_mean_another_deselect_silently(data: str) -> None:
    slave = valve_meter(HandClock())
    assert ask(slave, select()) == ACK
    assert ask(slave, selection(data)) is None
    assert not slave.selected
    assert ask(slave, short(REQ_A, 0xFD)) is None


def test_a_slave_without_a_fabrication_number_is_deselected_by_an_enhanced_selection() -> None:
    name = replace(meter_of(valve_meter(HandClock())).name, fabrication=None)
    assert name == Name(bytes.fromhex(ID), bytes.fromhex(MAKER), 1, 7)
    assert name.answers_to(SELECT_FULL)
    assert not name.answers_to(SELECT_FULL + bytes.fromhex("0C 78 FF FF FF FF"))


def test_nke_to_253_is_acknowledged_by_the_selected_and_deselects() -> None:
    slave = valve_meter(HandClock())
    assert ask(slave, short(NKE, 0xFD)) is None
    ask(slave, select())
    assert ask(slave, short(NKE, 0xFD)) == ACK
    assert ask(slave, short(REQ_A, 0xFD)) is None


def test_a_request_repeated_with_the_same_bit_gets_the_same_telegram() -> None:
    clock = HandClock()
    slave = valve_meter(clock)
    first = ask(slave, short(REQ_A, 5))
    clock.seconds = 3600
    assert ask(slave, short(REQ_A, 5)) == first
    second = ask(slave, short(REQ_B, 5))
    assert access_number(second) == access_number(first) + 1
    assert ask(slave, short(REQ_B, 5)) == second


def test_a_write_repeated_with_the_same_bit_acts_once() -> None:
    slave = valve_meter(HandClock())
    assert [ask(slave, long(UD_A, 5, 0x51, CLOSE)) for _ in range(3)] == [ACK] * 3
    assert len(valve_of(slave).history) == 1
    assert ask(slave, long(UD_B, 5, 0x51, OPEN)) == ACK
    assert [a.wanted for a in valve_of(slave).history] == [ValvePosition.CLOSED, ValvePosition.OPEN]


def test_I2_another_write_with_the_old_bit_is_taken_for_a_repeat() -> None:
    slave = valve_meter(HandClock())
    ask(slave, long(UD_A, 5, 0x51, CLOSE))
    assert ask(slave, long(UD_A, 5, 0x51, LIMIT)) == ACK
    assert [a.wanted for a in valve_of(slave).history] == [ValvePosition.CLOSED]


def test_reading_and_writing_have_a_bit_each() -> None:
    slave = valve_meter(HandClock())
    ask(slave, short(REQ_A, 5))
    ask(slave, long(UD_A, 5, 0x51, CLOSE))
    assert len(valve_of(slave).history) == 1


def test_the_own_address_and_253_have_bits_of_their_own() -> None:
    slave = valve_meter(HandClock())
    ask(slave, select())
    ask(slave, long(UD_A, 5, 0x51, CLOSE))
    ask(slave, long(UD_A, 0xFD, 0x51, OPEN))
    assert len(valve_of(slave).history) == 2


@pytest.mark.parametrize("address", [5, 0xFE, 0xFF])
def test_nke_clears_the_memory_of_the_own_address(address: int) -> None:
    slave = valve_meter(HandClock())
    first = ask(slave, short(REQ_A, 5))
    ask(slave, short(NKE, address))
    assert access_number(ask(slave, short(REQ_A, 5))) == access_number(first) + 1


def test_a_selection_clears_the_memory_of_253_only() -> None:
    slave = valve_meter(HandClock())
    own = ask(slave, short(REQ_A, 5))
    for _ in range(2):
        ask(slave, select())
        ask(slave, long(UD_A, 0xFD, 0x51, CLOSE))
    assert len(valve_of(slave).history) == 2
    assert ask(slave, short(REQ_A, 5)) == own


def test_a_request_whose_bit_does_not_count_is_always_new() -> None:
    slave = valve_meter(HandClock())
    seen = [access_number(ask(slave, short(0x4B, 5))) for _ in range(3)]
    assert seen == [1, 2, 3]


def test_telegrams_follow_one_another_with_the_bit_and_begin_again() -> None:
    slave = valve_meter(HandClock(), telegrams=2)
    seen = [ask(slave, short(c, 5)) for c in (REQ_A, REQ_B, REQ_B, REQ_A)]
    assert seen[0] is not None
    assert seen[0][-3] == 0x1F
    assert seen[1] == seen[2]
    assert [access_number(answer) for answer in seen] == [1, 2, 2, 3]


@pytest.mark.parametrize("breaks_off", [short(NKE, 5), long(UD_A, 5, 0x50)], ids=["nke", "application reset"])
def test_a_readout_broken_off_begins_with_its_first_telegram(breaks_off: bytes) -> None:
    slave = valve_meter(HandClock(), telegrams=2)
    first = ask(slave, short(REQ_A, 5))
    ask(slave, breaks_off)
    again = ask(slave, short(REQ_B, 5))
    assert first is not None
    assert again is not None
    assert again[-3] == first[-3] == 0x1F


def test_an_alarm_request_says_that_there_is_none() -> None:
    assert ask(valve_meter(HandClock()), short(0x7A, 5)) == ACK


@pytest.mark.parametrize(
    "request_", [Request(0x53, 5), Request(0x40, 5, 0x51), Request(0x46, 5), Request(0x7B, 5, 0x51)]
)
def test_what_no_slave_knows_is_met_with_silence(request_: Request) -> None:
    assert valve_meter(HandClock()).receive(request_) is None
