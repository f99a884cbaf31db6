"""A meter's records go up one by one, exact, and nothing is left out: real meters' telegrams too."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from drivers import mbus
from drivers.mbus import MeterRead
from drivers.plan import PlanError
from drivers.readings import readings_of
from protocols.errors import MalformedError
from protocols.mbus.record import Record, decode_records
from protocols.mbus.telegram import decode_telegram
from protocols.types import Identity, MeterId
from protocols.uplink.messages import Reading
from simulators.reference import replay
from tests.drivers.drive import ACK, GENERIC, NUMBER, VALVE, WHO, Hall, answered, told
from tests.vectors import telegrams

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
METER = MeterId("cellar/1")


def of(records: tuple[Record, ...]) -> list[Reading]:
    return readings_of(METER, MeterRead(WHO, records, None, None), AT)


def test_each_record_of_the_reference_meter_is_a_reading() -> None:
    records = f"{NUMBER} 0C 12 56 34 12 00 0A 3B 00 06 04 6D 1E 0F 7B 13 01 FD 1A 01 02 FD 17 05 00"
    read, _ = answered(mbus.read_meter(VALVE, WHO), [ACK, told(records)])
    said = [(r.quantity, r.value, r.unit) for r in readings_of(METER, read, AT)]
    assert [value for _, value, _ in said] == ["87654321", "12.3456", "0.600", "2011-03-27T15:30", "1", "5"]
    assert [unit for _, _, unit in said][1:3] == ["m3", "m3/h"]
    assert {(r.meter, r.at, r.reason) for r in readings_of(METER, read, AT)} == {(METER, AT, None)}


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("04 13 00 00 00 00", "0.000"),
        ("04 13 FF FF FF FF", "-0.001"),
        ("07 00 FF FF FF FF FF FF FF 7F", "9223372036854775.807"),
        ("0E 13 99 99 99 99 99 99", "999999999.999"),
        ("04 07 01 00 00 00", "10000"),
        ("05 13 00 00 80 3F", "0.001"),
        ("42 6C 3F 1C", "2009-12-31"),
    ],
)
def test_values_are_exact_and_never_in_powers_of_ten(data: str, value: str) -> None:
    (reading,) = of(decode_records(bytes.fromhex(data)))
    assert reading.value is not None
    assert "e" not in reading.value.lower()
    if value[4:5] == "-":
        assert reading.value == value
    else:
        assert Decimal(reading.value) == Decimal(value)


@pytest.mark.parametrize("data", ["0A 13 1B 00", "00 13", "7F", "0F 01 02 03", "04 13 00", "3F", "0D 13 FF 01"])
def test_what_is_not_understood_goes_up_with_its_reason_and_its_bytes(data: str) -> None:
    (reading,) = of(decode_records(bytes.fromhex(data)))
    assert reading.value is None
    assert reading.reason
    assert f"[{bytes.fromhex(data).hex()}]" in reading.reason


def test_texts_are_bounded_and_numbers_are_never_cut() -> None:
    blob = decode_records(b"\x0f" + bytes(240))
    long_text = decode_records(bytes.fromhex("0D 78 BF") + b"A" * 0xBF)
    smallest = decode_records(bytes.fromhex("05 10 01 00 00 00"))
    (raw,), (text,), (number,) = of(blob), of(long_text), of(smallest)
    assert raw.reason is not None
    assert len(raw.reason) <= 200
    assert text.value == "A" * 0xBF
    assert number.value is not None
    assert isinstance(smallest[0].value, Decimal)
    assert Decimal(number.value) == smallest[0].value
    assert number.value.startswith("0.000000")


def test_what_a_record_is_of_is_kept() -> None:
    (reading,) = of(decode_records(bytes.fromhex("DC 71 13 78 56 34 12")))
    record = decode_records(bytes.fromhex("DC 71 13 78 56 34 12"))[0]
    assert (reading.storage, reading.tariff, reading.subunit) == (record.storage, record.tariff, record.subunit)
    assert reading.function == record.function == "maximum"


@pytest.mark.parametrize("path", telegrams(), ids=lambda p: p.stem)
def test_real_meters_telegrams_go_up_whole(path: Path) -> None:
    data = bytes.fromhex(path.read_text())
    try:
        records = decode_telegram(data).records
    except MalformedError:
        return
    readings = of(records)
    assert len(readings) == len(records)
    for record, reading in zip(records, readings, strict=True):
        assert (reading.value is None) == (record.value is None)
        assert reading.value is not None or reading.reason
        if isinstance(record.value, int | Decimal):
            assert Decimal(reading.value or "nan") == record.value
        again = msgspec.json.decode(msgspec.json.encode(reading), type=Reading)
        assert again == reading


@pytest.mark.parametrize("path", telegrams(), ids=lambda p: p.stem)
def test_real_meters_are_read_end_to_end_with_the_generic_spec(path: Path) -> None:
    """Selected by name, read by its slave's side, identified, told upward."""
    data = bytes.fromhex(path.read_text())
    try:
        meter = replay.slave([data])
        header = decode_telegram(data).header
    except (MalformedError, ValueError):
        return
    if header.identity is None:
        return
    read = Hall([meter]).run(mbus.read_meter(GENERIC, header.identity))
    assert len(readings_of(METER, read, AT)) == len(read.records) >= 1
    assert replace(read.identity, fabrication_number="") == header.identity


def test_a_real_meter_under_another_name_is_not_read() -> None:
    for path in telegrams("mbus/libmbus/*.hex")[:20]:
        header = decode_telegram(bytes.fromhex(path.read_text())).header
        if header.identity is None:
            continue
        stranger = Identity("90909090", header.identity.manufacturer, header.identity.version, header.identity.medium)
        with pytest.raises(PlanError):
            Hall([replay.slave([bytes.fromhex(path.read_text())])]).run(mbus.read_meter(GENERIC, stranger))
