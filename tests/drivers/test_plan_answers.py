"""Plans against answers written one by one: what is wrong, missing or late is never taken for success."""

from collections.abc import Sequence
from itertools import repeat

import pytest

from drivers import mbus
from drivers.plan import Plan, PlanError, Send, Wait
from protocols.errors import MalformedError
from protocols.mbus.frame import Control, Frame, Long, Short, decode
from protocols.types import Identity, Medium, ValvePosition, Verb
from protocols.uplink.reasons import Why
from tests.drivers.drive import (
    ACK,
    CLOSED,
    FAULT,
    GENERIC,
    MOVING,
    NONSENSE,
    NUMBER,
    OPEN,
    VALVE,
    WHO,
    answered,
    told,
    written,
)
from tests.simulators.talk import long

STRANGERS = {
    "id": Identity("12345679", "CBS", 1, 7),
    "maker": Identity("12345678", "ZZZ", 1, 7),
    "version": Identity("12345678", "CBS", 2, 7),
    "medium": Identity("12345678", "CBS", 1, Medium.GAS),
}


def fails(plan: Plan[object], answers: Sequence[Frame | None]) -> PlanError:
    with pytest.raises(PlanError) as caught:
        answered(plan, answers)
    return caught.value


BAD: list[tuple[str, list[Frame | None], Why]] = [
    ("nobody is selected", [None], Why.NO_ANSWER),
    ("a telegram answers the select", [told(OPEN)], Why.NO_ANSWER),
    ("the selected does not answer", [ACK, None], Why.NO_ANSWER),
    ("the selected has no data", [ACK, ACK], Why.NO_ANSWER),
    ("an application error", [ACK, decode(long(0x08, 5, 0x70, b"\x08"))], Why.MALFORMED),
    ("an application error without a code", [ACK, Control(0x08, 5, 0x70)], Why.MALFORMED),
    ("a short header tells nobody", [ACK, Long(0x08, 5, 0x7A, bytes.fromhex(f"01000000 {OPEN}"))], Why.WRONG_IDENTITY),
    ("no header tells nobody", [ACK, Long(0x08, 5, 0x78, bytes.fromhex(OPEN))], Why.WRONG_IDENTITY),
    ("alarm data tell nobody", [ACK, Long(0x08, 5, 0x71, b"\x00")], Why.WRONG_IDENTITY),
    ("a header cut off", [ACK, Long(0x08, 5, 0x72, bytes.fromhex("78 56 34 12 53 0C 01"))], Why.MALFORMED),
    ("too many extensions", [ACK, told("8C" + "80" * 11 + "12 00 00 00 00")], Why.MALFORMED),
    ("no fabrication number", [ACK, told("01 FD 1A 01")], Why.WRONG_IDENTITY),
    ("a fabrication number of another storage", [ACK, told("4C 78 21 43 65 87 01 FD 1A 01")], Why.WRONG_IDENTITY),
    ("the second telegram does not come", [ACK, told(f"{NUMBER} 1F"), None], Why.NO_ANSWER),
    ("an echo of the request", [ACK, Short(0x5B, 0xFD)], Why.WRONG_IDENTITY),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "why"), [pytest.param(a, w, id=i) for i, a, w in BAD])
def test_nothing_is_written_after_a_bad_answer(answers: list[Frame | None], why: Why) -> None:
    for plan in (mbus.read_meter(VALVE, WHO), mbus.read_valve(VALVE, WHO), mbus.move_valve(VALVE, WHO, Verb.CLOSE)):
        error = fails(plan, list(answers))
        assert error.why is why
        assert error.detail


@pytest.mark.parametrize("part", STRANGERS)
def test_I13_a_stranger_at_the_right_address_is_told_and_nothing_is_written(part: str) -> None:
    answer = told(OPEN, STRANGERS[part])
    assert fails(mbus.move_valve(VALVE, WHO, Verb.CLOSE), [ACK, answer]).why is Why.WRONG_IDENTITY
    assert fails(mbus.read_valve(VALVE, WHO), [ACK, answer]).why is Why.WRONG_IDENTITY


@pytest.mark.parametrize("part", STRANGERS)
def test_I13_a_strangers_second_telegram_is_never_joined(part: str) -> None:
    answers = [ACK, told(f"{NUMBER} 1F"), told("01 FD 1A 00", STRANGERS[part])]
    assert fails(mbus.move_valve(VALVE, WHO, Verb.CLOSE), answers).why is Why.WRONG_IDENTITY


def test_a_readout_that_never_ends_is_cut_short() -> None:
    plan = mbus.read_meter(VALVE, WHO)
    event: Frame | None = None
    with pytest.raises(PlanError) as caught:
        for access in range(100):
            step = plan.send(event)
            event = ACK if access == 0 else told(f"{NUMBER} 1F", access=access)
            assert isinstance(step, Send)
    assert caught.value.why is Why.MALFORMED


def test_a_slave_that_promised_more_and_then_has_no_data_has_told_all() -> None:
    read, _ = answered(mbus.read_meter(VALVE, WHO), [ACK, told(f"{OPEN} 1F"), ACK])
    assert read.position is ValvePosition.OPEN


def test_a_slave_that_begins_to_repeat_itself_has_told_all() -> None:
    first, second = told(f"{OPEN} 1F"), told("0C 12 56 34 12 00 1F", access=2)
    read, _ = answered(mbus.read_meter(VALVE, WHO), [ACK, first, second, first])
    assert read.position is ValvePosition.OPEN
    assert len(read.records) == 5


@pytest.mark.parametrize(
    ("records", "position"),
    [
        (OPEN, ValvePosition.OPEN),
        (CLOSED, ValvePosition.CLOSED),
        (NONSENSE, ValvePosition.UNKNOWN),
        (NUMBER, ValvePosition.UNKNOWN),
        (f"{NUMBER} 01 FD 1A", ValvePosition.UNKNOWN),
        (f"{NUMBER} 00 FD 1A", ValvePosition.UNKNOWN),
        (f"{NUMBER} 41 FD 1A 00", ValvePosition.UNKNOWN),
        (f"{NUMBER} 11 FD 1A 00", ValvePosition.UNKNOWN),
        (f"{NUMBER} 81 10 FD 1A 00", ValvePosition.UNKNOWN),
        (f"{NUMBER} 81 40 FD 1A 00", ValvePosition.UNKNOWN),
        (f"{NUMBER} 01 FD 9A 0B 00", ValvePosition.UNKNOWN),
        (f"{NUMBER} 01 FD 1B 00", ValvePosition.UNKNOWN),
        (f"{NUMBER} 02 FD 1A 00 01", ValvePosition.UNKNOWN),
        (f"{NUMBER} 0F 01 FD 1A 00", ValvePosition.UNKNOWN),
    ],
)
def test_a_position_is_what_its_own_record_says_or_unknown(records: str, position: ValvePosition) -> None:
    read, _ = answered(mbus.read_valve(VALVE, WHO), [ACK, told(records)])
    assert read.position is position


def moved(answers: list[Frame | None], verb: Verb = Verb.CLOSE) -> tuple[mbus.Moved, list[Send | Wait]]:
    return answered(mbus.move_valve(VALVE, WHO, verb), [ACK, told(OPEN), *answers])


def test_a_write_that_nobody_acknowledged_is_judged_by_its_position() -> None:
    done, _ = moved([None, ACK, told(CLOSED)])
    assert done == mbus.Moved(WHO, acknowledged=False, after=ValvePosition.CLOSED)


def test_a_telegram_in_answer_to_the_write_acknowledges_nothing_and_proves_nothing() -> None:
    done, _ = moved([told(CLOSED), *[ACK, told(OPEN)] * 9])
    assert done == mbus.Moved(WHO, acknowledged=False, after=ValvePosition.OPEN)


def test_each_reading_back_selects_and_identifies_anew() -> None:
    _, steps = moved([ACK, ACK, told(MOVING), ACK, told(CLOSED)])
    kinds = ["wait" if isinstance(s, Wait) else "move" if s.moves_valve else "ask" for s in steps]
    assert kinds == ["ask", "ask", "move", "wait", "ask", "ask", "wait", "ask", "ask"]
    assert len(written(steps)) == 1


def test_reading_back_goes_on_until_nothing_sent_can_still_act() -> None:
    done, steps = moved([ACK, *[ACK, told(MOVING)] * 9])
    assert done.after is ValvePosition.MOVING
    waits = [s.seconds for s in steps if isinstance(s, Wait)]
    assert waits == [4.0] + [1.0] * 8
    assert sum(waits) >= VALVE.timing.act_max_s


def test_a_reading_back_that_fails_is_asked_again() -> None:
    done, _ = moved([ACK, None, ACK, None, ACK, told(FAULT.replace("80", "10")), ACK, told(CLOSED)])
    assert done.after is ValvePosition.CLOSED


def test_a_strangers_position_after_the_write_never_counts() -> None:
    stranger = told(CLOSED, STRANGERS["id"])
    error = fails(mbus.move_valve(VALVE, WHO, Verb.CLOSE), [ACK, told(OPEN), ACK, *[ACK, stranger] * 9])
    assert error.why is Why.WRONG_IDENTITY


def test_a_meter_that_falls_silent_after_the_write_is_no_success() -> None:
    error = fails(mbus.move_valve(VALVE, WHO, Verb.CLOSE), [ACK, told(OPEN), ACK, *repeat(None, 9)])
    assert error.why is Why.NO_ANSWER


@pytest.mark.parametrize("early", [MOVING, OPEN, NONSENSE])
def test_I15_what_stood_there_before_the_valve_must_be_done_is_not_how_it_ended(early: str) -> None:
    """The valve may close after the last read that could be had: told as `open`, nobody would open it again."""
    answers = [ACK, told(OPEN), ACK, ACK, told(early), *repeat(None, 8)]
    assert fails(mbus.move_valve(VALVE, WHO, Verb.CLOSE), answers).why is Why.NO_ANSWER


def test_of_readings_back_that_differ_the_last_one_counts() -> None:
    done, _ = moved([ACK, ACK, told(MOVING), *[None] * 7, ACK, told(OPEN)])
    assert done.after is ValvePosition.OPEN


@pytest.mark.parametrize("verb", Verb)
def test_a_verb_is_the_same_bytes_wherever_the_valve_stands(verb: Verb) -> None:
    """Absolute, never a toggle."""
    if VALVE.valve is None or verb not in VALVE.valve.verbs:
        with pytest.raises(PlanError):
            mbus.write_frame(VALVE, verb)
        return
    frames = set()
    for position in (OPEN, CLOSED, MOVING, NONSENSE):
        plan = mbus.move_valve(VALVE, WHO, verb)
        next(plan)
        plan.send(ACK)
        step = plan.send(told(position))
        assert isinstance(step, Send)
        assert step.moves_valve
        frames.add(step.frame)
    assert frames == {mbus.write_frame(VALVE, verb)}


def test_a_wildcard_in_an_identity_is_never_selected() -> None:
    for who in (
        Identity("1234567F", "CBS", 1, 7),
        Identity("12345678", "CBS", 0xFF, 7),
        Identity("12345678", "CBS", 1, 0xFF),
    ):
        with pytest.raises(PlanError, match="wildcard"):
            next(mbus.move_valve(VALVE, who, Verb.CLOSE))


def test_fixed_data_at_a_primary_address_are_read_by_id_and_medium() -> None:
    fixed = bytes.fromhex("78 56 34 12 0A 00 E9 7E 01 00 00 00 35 01 00 00")
    answer = Long(0x08, 5, 0x73, fixed)
    read, _ = answered(mbus.read_meter(GENERIC, Identity("12345678", "CBS", 1, 7), 5), [answer])
    assert read.identity.id == "12345678"
    error = fails(mbus.read_meter(GENERIC, Identity("12345679", "CBS", 1, 7), 5), [answer])
    assert error.why is Why.WRONG_IDENTITY
    assert fails(mbus.read_meter(VALVE, WHO, 5), [answer]).why is Why.WRONG_IDENTITY


def test_any_bytes_as_an_answer_end_in_a_result_or_a_plan_error() -> None:
    whole = bytes.fromhex("78 56 34 12 53 0C 01 07 01 00 00 00" + OPEN)
    for end in range(1, len(whole)):
        try:
            read, _ = answered(mbus.read_valve(VALVE, WHO), [ACK, Long(0x08, 5, 0x72, whole[:end])])
        except PlanError:
            continue
        except MalformedError:
            pytest.fail("a plan speaks of its own errors")
        assert read.position is ValvePosition.UNKNOWN
