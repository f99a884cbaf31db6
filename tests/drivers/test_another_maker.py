"""Another maker's meter is one file: other verbs, another position record, another map, another way to be selected."""

from dataclasses import replace
from decimal import Decimal

import pytest

from drivers import mbus
from drivers.plan import PlanError, Send, Wait
from drivers.schema import load
from protocols.mbus.frame import Frame, Long, decode, encode
from protocols.types import Identity, ValvePosition, Verb
from protocols.uplink.reasons import Why
from tests.drivers.drive import ACK, answered, told, written
from tests.drivers.spec_text import OTHER

SPEC = load(OTHER, "zzz/meter")
MINE = Identity("11223344", "ZZZ", 0x2A, 7, "04030201")
NUMBER = "0C 78 01 02 03 04"
SHUT, UP, ON_ITS_WAY = (f"{NUMBER} 41 FD 61 {value}" for value in ("14", "0A", "28"))


def test_its_vectors_hold() -> None:
    read, _ = answered(mbus.read_meter(SPEC, MINE), [ACK, decode(SPEC.reads[0].telegram)])
    assert read.index == mbus.IndexRead(Decimal("123.456"), "m3")
    assert read.position is ValvePosition.CLOSED
    for vector in SPEC.writes:
        assert encode(mbus.write_frame(SPEC, vector.verb)) == vector.frame


@pytest.mark.parametrize(
    ("verb", "data"), [(Verb.CLOSE, "0F 01 02"), (Verb.LIMIT, "81 10 FD 1A 07"), (Verb.OPEN, "01 FD 1A 05")]
)
def test_its_own_bytes_are_written(verb: Verb, data: str) -> None:
    plan = mbus.move_valve(SPEC, MINE, verb)
    steps: list[Send | Wait] = [next(plan)]
    steps += [plan.send(event) for event in (ACK, told(UP, MINE))]
    plan.close()
    assert written(steps) == [bytes.fromhex(data)]


def test_the_selection_names_its_fabrication_number_too() -> None:
    step = next(mbus.read_meter(SPEC, MINE))
    assert isinstance(step, Send)
    assert step.frame == Long(0x43, 0xFD, 0x52, bytes.fromhex("44 33 22 11 5A 6B 2A 07 0C 78 01 02 03 04"))


def test_its_own_times_are_kept() -> None:
    going, there = [ACK, told(ON_ITS_WAY, MINE)], [ACK, told(SHUT, MINE)]
    moved, steps = answered(mbus.move_valve(SPEC, MINE, Verb.CLOSE), [ACK, told(UP, MINE), ACK, *going, *going, *there])
    assert moved.after is ValvePosition.CLOSED
    assert [s.seconds for s in steps if isinstance(s, Wait)] == [30, 10, 10]


REFUSED = Long(0x08, 7, 0x70, b"\x08")


def test_a_write_that_its_application_refuses_is_no_success_though_the_link_took_it() -> None:
    refused: list[Frame | None] = [ACK, REFUSED]
    stands = [ACK, told(UP, MINE, status=0x02)]
    plan = mbus.move_valve(SPEC, MINE, Verb.CLOSE)
    moved, _ = answered(plan, [ACK, told(UP, MINE), ACK, *refused, *stands, *stands, *stands])
    assert moved == mbus.Moved(MINE, acknowledged=True, after=ValvePosition.OPEN)
    with pytest.raises(PlanError) as caught:
        answered(mbus.move_valve(SPEC, MINE, Verb.CLOSE), [ACK, told(UP, MINE), ACK, *refused * 4])
    assert "refuses" in caught.value.detail


def test_the_reference_profiles_record_says_nothing_of_its_valve() -> None:
    read, _ = answered(mbus.read_valve(SPEC, MINE), [ACK, told(f"{NUMBER} 01 FD 1A 00 01 FD 61 14", MINE)])
    assert read.position is ValvePosition.UNKNOWN


def test_its_alarm_bits_have_its_names() -> None:
    read, _ = answered(mbus.read_valve(SPEC, MINE), [ACK, told(f"{SHUT} 02 FD 17 89 00", MINE)])
    assert read.alarms == {"leak", "low_battery"}


def test_what_it_does_not_know_is_not_written() -> None:
    plan = mbus.move_valve(SPEC, MINE, Verb.ARM)
    with pytest.raises(PlanError) as caught:
        next(plan)
    assert caught.value.why is Why.NOT_CAPABLE


def test_another_fabrication_number_at_its_address_is_another_meter() -> None:
    with pytest.raises(PlanError) as caught:
        answered(mbus.read_valve(SPEC, MINE), [ACK, told(SHUT.replace("04", "05", 1), MINE)])
    assert caught.value.why is Why.WRONG_IDENTITY
    assert replace(MINE, fabrication_number="05030201").fabrication_number in caught.value.detail


@pytest.mark.parametrize(
    ("dif", "code", "data"),
    [
        ("41", "80", "80"),
        ("41", "FF", "FF"),
        ("42", "8001", "01 80"),
        ("49", "12", "12"),
        ("4A", "1234", "34 12"),
    ],
)
def test_a_value_is_compared_without_a_sign_and_bcd_as_its_digits_stand(dif: str, code: str, data: str) -> None:
    spec = load(OTHER.replace('"0A" = "open"', f'"{code}" = "open"').replace("FD 61", "FD 3A"), "zzz/meter")
    read, _ = answered(mbus.read_valve(spec, MINE), [ACK, told(f"{NUMBER} {dif} FD 3A {data}", MINE)])
    assert read.position is ValvePosition.OPEN


@pytest.mark.parametrize("number", ["", "123", "1234567F", "ABC-1234"])
def test_a_number_that_no_selection_can_name_is_told_as_the_plans_own_error(number: str) -> None:
    with pytest.raises(PlanError) as caught:
        next(mbus.read_valve(SPEC, replace(MINE, fabrication_number=number)))
    assert caught.value.why is Why.WRONG_IDENTITY
