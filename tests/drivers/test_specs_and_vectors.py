"""Every spec that is installed proves itself: what it claims to read and to write, byte by byte."""

import pytest

from drivers import mbus
from drivers.catalogue import installed
from drivers.spec import ReadVector, Spec, WriteVector
from protocols.mbus.frame import decode, encode
from protocols.mbus.telegram import decode_telegram
from protocols.types import Identity, ValvePosition, Verb
from tests.drivers.drive import ACK, GENERIC, VALVE, WATER, answered

CATALOGUE = installed()
SPECS = [CATALOGUE.by_name(name) for name in CATALOGUE.names()]
READS = [pytest.param(s, v, id=f"{s.name} {n}") for s in SPECS for n, v in enumerate(s.reads)]
WRITES = [pytest.param(s, v, id=f"{s.name} {v.verb}") for s in SPECS for v in s.writes]


def whose(telegram: bytes) -> Identity:
    decoded = decode_telegram(telegram)
    number = decoded.find(b"\x78")
    assert decoded.header.identity is not None
    said = decoded.header.identity
    return Identity(said.id, said.manufacturer, said.version, said.medium, number.data[::-1].hex() if number else "")


@pytest.mark.parametrize(("spec", "vector"), READS)
def test_each_vectors_telegram_reads_as_it_says(spec: Spec, vector: ReadVector) -> None:
    plan = mbus.read_meter(spec, whose(vector.telegram))
    read, _ = answered(plan, [ACK, decode(vector.telegram)])
    assert (str(read.index.value) if read.index else "") == vector.index
    assert (read.position or "") == vector.position
    if spec.valve is not None:
        seen, _ = answered(mbus.read_valve(spec, whose(vector.telegram)), [ACK, decode(vector.telegram)])
        assert seen.alarms == vector.alarms


@pytest.mark.parametrize(("spec", "vector"), WRITES)
def test_each_vectors_verb_writes_the_bytes_it_says(spec: Spec, vector: WriteVector) -> None:
    assert encode(mbus.write_frame(spec, vector.verb)) == vector.frame


@pytest.mark.parametrize(("spec", "vector"), READS)
def test_each_vectors_telegram_comes_from_a_device_the_spec_claims(spec: Spec, vector: ReadVector) -> None:
    assert CATALOGUE.match(whose(vector.telegram)) is spec


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.name)
def test_each_verb_has_a_vector_and_each_model_with_a_valve_shows_a_position_it_does_not_know(spec: Spec) -> None:
    if spec.valve is None:
        assert spec.writes == ()
        return
    assert {v.verb for v in spec.writes} == set(spec.valve.verbs)
    assert "unknown" in {v.position for v in spec.reads}


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.name)
def test_each_alarm_and_each_position_is_shown_by_itself(spec: Spec) -> None:
    """Two that are shown only together could be each other's."""
    alone = {name for v in spec.reads if len(v.alarms) == 1 for name in v.alarms}
    assert alone == (set(spec.alarms.bits.values()) if spec.alarms else set())
    positions = {v.position for v in spec.reads} - {"", "unknown"}
    assert positions == (set(spec.valve.position.values.values()) if spec.valve else set())


def test_the_reference_profile_in_the_specs_is_the_one_in_the_prose() -> None:
    """The bytes of the decision on the reference profile, once more by hand."""
    assert VALVE.valve is not None
    assert VALVE.valve.verbs == {
        Verb.CLOSE: bytes.fromhex("02 FD 1F 0C C1"),
        Verb.OPEN: bytes.fromhex("02 FD 1F 50 0A"),
        Verb.LIMIT: bytes.fromhex("02 FD 1F B1 11"),
    }
    assert VALVE.valve.position.values == {
        0x00: ValvePosition.CLOSED,
        0x01: ValvePosition.OPEN,
        0x02: ValvePosition.ARMED,
        0x03: ValvePosition.LIMITED,
        0x10: ValvePosition.MOVING,
        0x80: ValvePosition.FAULT,
    }
    assert (VALVE.timing.travel_s, VALVE.timing.act_max_s) == (4.0, 12.0)


def test_a_digest_is_that_of_the_files_bytes_and_differs_between_models() -> None:
    assert len({spec.digest for spec in SPECS}) == len(SPECS)
    assert all(len(spec.digest) == 64 for spec in SPECS)


def test_the_models_without_a_valve_have_no_verbs() -> None:
    for spec in (WATER, GENERIC):
        assert spec.capabilities == {"read"}
