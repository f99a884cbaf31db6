"""Rules of the valve that a plan keeps by itself, whatever spec, command or meter it is given."""

from dataclasses import replace

import pytest

from drivers import mbus
from drivers.plan import Plan, PlanError
from drivers.spec import Spec, Valve
from protocols.mbus.frame import Frame, Long
from protocols.types import Identity, Medium, ValvePosition, Verb
from protocols.uplink.reasons import Why
from tests.drivers.drive import ACK, CLOSED, GENERIC, NUMBER, OPEN, VALVE, WHO, answered, told, written

GAS = replace(WHO, medium=Medium.GAS)
ARM = bytes.fromhex("02 FD 1F A4 A4")


def arming() -> Spec:
    assert VALVE.valve is not None
    valve = Valve(VALVE.valve.position, {**VALVE.valve.verbs, Verb.ARM: ARM})
    return replace(VALVE, valve=valve)


def fails(plan: Plan[mbus.Moved], answers: list[Frame | None]) -> PlanError:
    with pytest.raises(PlanError) as caught:
        answered(plan, answers)
    return caught.value


def test_I4_a_gas_meter_is_never_opened_whatever_its_spec_says() -> None:
    for spec, who in ((VALVE, GAS), (replace(VALVE, medium=Medium.GAS), WHO), (replace(VALVE, medium=3), GAS)):
        error = fails(mbus.move_valve(spec, who, Verb.OPEN), [])
        assert error.why is Why.GAS_NEVER_OPENED


def test_I4_a_gas_meter_may_be_closed_and_armed() -> None:
    for verb, start in ((Verb.CLOSE, OPEN), (Verb.ARM, f"{CLOSED} 02 FD 17 00 00")):
        plan = mbus.move_valve(arming(), GAS, verb)
        next(plan)
        plan.send(ACK)
        assert getattr(plan.send(told(start, GAS)), "moves_valve", False)


@pytest.mark.parametrize(
    ("records", "says"),
    [
        (f"{OPEN} 02 FD 17 00 00", "stands open"),
        (f"{NUMBER} 01 FD 1A 02 02 FD 17 00 00", "stands armed"),
        (f"{NUMBER} 01 FD 1A 10 02 FD 17 00 00", "stands moving"),
        (f"{NUMBER} 02 FD 17 00 00", "stands unknown"),
        (f"{CLOSED} 02 FD 17 01 00", "tamper"),
        (f"{CLOSED} 02 FD 17 04 00", "leak"),
        (f"{CLOSED} 02 FD 17 08 00", "low_battery"),
        (CLOSED, "no alarms could be read"),
        (f"{CLOSED} 02 FD 17", "no alarms could be read"),
    ],
)
def test_an_arm_is_written_only_to_a_closed_meter_that_tells_no_alarm(records: str, says: str) -> None:
    error = fails(mbus.move_valve(arming(), WHO, Verb.ARM), [ACK, told(records)])
    assert error.why is Why.NOT_AS_WANTED
    assert says in error.detail


def test_an_arm_is_written_where_nothing_forbids_it() -> None:
    calm = f"{CLOSED} 02 FD 17 12 00"
    armed = f"{NUMBER} 01 FD 1A 02"
    moved, steps = answered(mbus.move_valve(arming(), WHO, Verb.ARM), [ACK, told(calm), ACK, ACK, told(armed)])
    assert moved.after is ValvePosition.ARMED
    assert written(steps) == [ARM]


def test_a_busy_meter_proves_no_position_and_is_not_written_to() -> None:
    busy = told(OPEN, status=0x01)
    assert fails(mbus.move_valve(VALVE, WHO, Verb.CLOSE), [ACK, busy]).why is Why.NO_ANSWER
    done, _ = answered(
        mbus.move_valve(VALVE, WHO, Verb.CLOSE),
        [ACK, told(OPEN), ACK, ACK, told(CLOSED, status=0x01), ACK, told(OPEN), *[ACK, told(CLOSED)]],
    )
    assert done.after is ValvePosition.CLOSED


@pytest.mark.parametrize("status", [0x02, 0x04, 0x08, 0x10, 0xE0])
def test_other_status_bits_do_not_hide_a_position(status: int) -> None:
    read, _ = answered(mbus.read_valve(VALVE, WHO), [ACK, told(OPEN, status=status)])
    assert read.position is ValvePosition.OPEN


@pytest.mark.parametrize("second", ["01 FD 1A 01", "01 FD 1A 80", "00 FD 1A"])
def test_two_records_that_contradict_prove_no_position(second: str) -> None:
    read, _ = answered(mbus.read_valve(VALVE, WHO), [ACK, told(f"{CLOSED} {second}")])
    assert read.position is ValvePosition.UNKNOWN


def test_a_position_told_twice_alike_is_a_position() -> None:
    read, _ = answered(mbus.read_valve(VALVE, WHO), [ACK, told(f"{CLOSED} 01 FD 1A 00")])
    assert read.position is ValvePosition.CLOSED


PLAIN = replace(VALVE, fabrication_number=False)


@pytest.mark.parametrize(
    ("record", "number"),
    [
        ("0C 78 21 43 65 07", "07654321"),
        ("04 78 15 CD 5B 07", "123456789"),
        ("0D 78 07 33 32 31 2D 43 42 41", "ABC-123"),
    ],
    ids=["bcd", "binary", "text"],
)
@pytest.mark.parametrize("spec", [VALVE, PLAIN, GENERIC], ids=["promised", "not promised", "any meter"])
def test_I13_a_number_that_was_given_and_is_told_must_be_the_same(spec: Spec, record: str, number: str) -> None:
    answers = [ACK, told(f"{record} 01 FD 1A 01")]
    read, _ = answered(mbus.read_meter(spec, replace(WHO, fabrication_number=number.lower())), answers)
    assert read.identity.fabrication_number == number
    with pytest.raises(PlanError) as caught:
        answered(mbus.read_meter(spec, replace(WHO, fabrication_number="99999999")), answers)
    assert caught.value.why is Why.WRONG_IDENTITY


def test_a_number_that_is_not_told_is_asked_for_only_where_the_spec_promises_it() -> None:
    who = Identity("12345678", "CBS", 1, 7, "87654321")
    read, _ = answered(mbus.read_valve(PLAIN, who), [ACK, told("01 FD 1A 01")])
    assert read.position is ValvePosition.OPEN
    with pytest.raises(PlanError):
        answered(mbus.read_valve(VALVE, who), [ACK, told("01 FD 1A 01")])


def test_a_valve_is_never_known_by_half_an_identity() -> None:
    """Fixed data tell no maker and no version."""
    fixed = Long(0x08, 5, 0x73, bytes.fromhex("78 56 34 12 0A 00 E9 7E 01 00 00 00 35 01 00 00"))
    assert fails(mbus.move_valve(PLAIN, WHO, Verb.CLOSE), [ACK, fixed]).why is Why.WRONG_IDENTITY
