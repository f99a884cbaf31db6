"""Records: each table's rows by example, exact values, and that one bad record never hides another."""

import struct
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError, OursError
from protocols.mbus import values
from protocols.mbus.codes import PRIMARY_VIF
from protocols.mbus.encoding import encode_record
from protocols.mbus.frame import Long
from protocols.mbus.manufacturer import manufacturer_bytes, manufacturer_name
from protocols.mbus.record import Record, Scalar, decode_records
from protocols.mbus.telegram import decode_telegram


def one(text: str) -> Record:
    (record,) = decode_records(bytes.fromhex(text))
    assert record.raw == bytes.fromhex(text)
    return record


@pytest.mark.parametrize(
    ("text", "quantity", "value", "unit"),
    [
        ("0C 13 27 04 85 02", "volume", Decimal("2850.427"), "m3"),
        ("0C 12 56 34 12 00", "volume", Decimal("12.3456"), "m3"),
        ("04 16 40 E2 01 00", "volume", 123456, "m3"),
        ("0C 78 78 56 34 12", "fabrication_number", 12345678, ""),
        ("0A 3B 13 01", "volume_flow", Decimal("0.113"), "m3/h"),
        ("02 3B FF FF", "volume_flow", Decimal("-0.001"), "m3/h"),
        ("0B 61 18 00 F0", "temperature_difference", Decimal("-0.18"), "K"),
        ("05 3B 00 00 80 3F", "volume_flow", Decimal("0.001"), "m3/h"),
        ("05 5B CD CC 4C 3E", "flow_temperature", Decimal("0.2"), "C"),
        ("04 07 02 00 00 00", "energy", 20000, "Wh"),
        ("04 FB 00 08 00 00 00", "energy", 800000, "Wh"),
        ("02 23 0A 00", "on_time", 864000, "s"),
        ("01 74 05", "actuality_duration", 5, "s"),
        ("02 6C 6F 1A", "date", "2011-10-15", ""),
        ("04 6D 27 0F 79 1A", "date_time", "2011-10-25T15:39", ""),
        ("06 6D 1E 27 0F 79 1A 00", "date_time", "2011-10-25T15:39:30", ""),
        ("03 6D 1E 27 0F", "date_time", "15:39:30", ""),
        ("01 FD 1A 01", "digital_output", 1, ""),
        ("02 FD 17 FF FF", "error_flags", 65535, ""),
        ("02 FD 48 D2 09", "voltage", Decimal("251.4"), "V"),
        ("02 FC 03 48 52 25 74 D4 11", "plain_text", Decimal("45.64"), "%RH"),
        ("0D 78 02 32 31", "fabrication_number", "12", ""),
        ("0D 78 C2 34 12", "fabrication_number", 1234, ""),
        ("0D 78 D2 34 12", "fabrication_number", -1234, ""),
        ("0D FD 11 03 43 42 41", "customer", "ABC", ""),
        ("07 79 04 03 02 01 24 40 01 04", "identification", "01020304 PAD 1 4", ""),
        ("02 BE 50 3C 00", "volume_flow_duration_of_first_lower_exceed", 60, "s"),
        ("04 BE 4B 27 0F 79 1A", "volume_flow_end_of_first_upper_exceed", "2011-10-25T15:39", ""),
        ("02 95 22 0A 00", "volume", Decimal("1.0"), "m3/h"),
        ("02 FD FD 02 0C 00", "remaining_battery", 12, "month"),
    ],
)
def test_what_a_record_says(text: str, quantity: str, value: Scalar, unit: str) -> None:
    record = one(text)
    assert (record.quantity, record.value, record.unit, record.reason) == (quantity, value, unit, None)
    assert type(record.value) is type(value)


def test_storage_tariff_subunit_function() -> None:
    record = one("DA 02 3B 13 01")
    assert (record.storage, record.tariff, record.subunit, record.function) == (5, 0, 0, "maximum")
    record = one("8B 60 04 37 18 02")
    assert (record.storage, record.tariff, record.subunit, record.value) == (0, 2, 1, 218370)
    assert [one(f"{d} 13 00 00 00 00").function for d in ("04", "14", "24", "34")] == [
        "instantaneous",
        "maximum",
        "minimum",
        "error",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0C 2A DD B4 EB DD", "not decimal: DDEBB4DD"),
        ("02 6C FF FF", "marked invalid"),
        ("04 6D A1 15 E9 17", "marked invalid"),
        ("02 6C 00 00", "no single date"),
        ("02 6C 1E 02", "no such date"),
        ("02 6C 1F 0D", "no such date"),
        ("04 6D 3C 0F 79 1A", "no such time"),
        ("05 3B 00 00 C0 7F", "no number"),
        ("00 13", "no data"),
        ("08 13", "selection"),
        ("04 6F 00 00 00 00", "reserved"),
        ("04 7D 00 00 00 00", "without its extension"),
        ("04 7B 00 00 00 00", "without its extension"),
        ("04 FD 2A 00 00 00 00", "operator specific"),
        ("01 FD 7C 00", "reserved or unknown"),
        ("04 95 7F 00 00 00 00", "manufacturer specific"),
        ("04 FF 01 00 00 00 00", "manufacturer specific"),
        ("04 93 15 00 00 00 00", "no data available"),
        ("04 93 16 00 00 00 00", "overflow"),
        ("04 93 1B 00 00 00 00", "VIFE 1B"),
        ("0F 01 02 03", "manufacturer specific"),
        ("3F 01 02", "reserved"),
        ("0D 13 CA 00", "length code CA is reserved"),
    ],
)
def test_what_is_not_understood_keeps_its_bytes_and_says_why(text: str, reason: str) -> None:
    record = one(text)
    assert record.value is None
    assert record.reason is not None
    assert reason in record.reason


def test_one_bad_record_hides_no_other() -> None:
    records = decode_records(bytes.fromhex("0C2ADDB4EBDD 0C13 27048502 2F 026CFFFF 0A3B1301"))
    assert [r.value for r in records] == [None, Decimal("2850.427"), None, Decimal("0.113")]
    assert [r.offset for r in records] == [0, 6, 13, 17]


def test_variable_bcd_is_n_bytes_long_so_that_the_rest_stays_framed() -> None:
    records = decode_records(
        bytes.fromhex("0D78C23412 0D78D21234 0D7801 41 0D78F0 00112233445566778899AABBCCDDEEFF 0A3B1301")
    )
    assert [r.value for r in records[:3]] == [1234, -3412, "A"]
    assert records[3].value == "ffeeddccbbaa99887766554433221100"
    assert records[4].value == Decimal("0.113")


@pytest.mark.parametrize(("text", "follows"), [("0A3B1301 1F00", True), ("0A3B1301 0F1F", False), ("2F", False)])
def test_more_telegrams_follow_only_after_1f(text: str, follows: bool) -> None:
    assert decode_telegram(Long(0x08, 1, 0x78, bytes.fromhex(text))).more_follows is follows


@pytest.mark.parametrize(
    ("code", "ten", "eleven"),
    [
        ("too_many_dife", "84" + "80" * 9 + "00 13 00000000", "84" + "80" * 10 + "00 13 00000000"),
        ("too_many_vife", "04 93" + "BB" * 9 + "3B 00000000", "04 93" + "BB" * 10 + "3B 00000000"),
    ],
)
def test_ten_extensions_and_no_more(code: str, ten: str, eleven: str) -> None:
    assert one(ten).value == 0
    with pytest.raises(MalformedError) as error:
        decode_records(bytes.fromhex(eleven))
    assert error.value.code == code


@given(st.binary(max_size=250), st.booleans())
def test_any_bytes_are_accounted_for(data: bytes, from_master: bool) -> None:
    try:
        records = decode_records(data, from_master=from_master)
    except MalformedError:
        return
    assert b"".join(r.raw for r in records).replace(b"\x2f", b"") == data.replace(b"\x2f", b"")
    assert all(r.value is not None or r.reason is not None or r.quantity == "global_readout_request" for r in records)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_cut_never_makes_another_value(data: bytes, draw: st.DataObject) -> None:
    try:
        whole = {r.offset: r for r in decode_records(data)}
    except MalformedError:
        return
    cut = decode_records(data[: draw.draw(st.integers(0, len(data) - 1))])
    for record in cut:
        assert record == whole[record.offset] or record.value is None


NUMERIC = [code for code, meaning in PRIMARY_VIF.items() if meaning.kind == "number" and meaning.reason is None]


@given(st.sampled_from(NUMERIC), st.sampled_from([1, 2, 3, 4, 6, 7]), st.data())
def test_integers_round_trip_exactly(vif: int, data_field: int, draw: st.DataObject) -> None:
    size = values.SIZES[data_field]
    number = draw.draw(st.integers(-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1))
    raw = encode_record(bytes([data_field]), bytes([vif]), number.to_bytes(size, "little", signed=True))
    (record,) = decode_records(raw)
    meaning = PRIMARY_VIF[vif]
    assert isinstance(record.value, int | Decimal)
    assert Decimal(record.value) == Decimal(number) * meaning.factor * Decimal(10) ** meaning.exponent


@given(st.sampled_from([1, 2, 3, 4, 6]), st.data())
def test_bcd_round_trips(size: int, draw: st.DataObject) -> None:
    number = draw.draw(st.integers(-(10 ** (2 * size - 1) - 1), 10 ** (2 * size) - 1))
    assert values.bcd(values.encode_bcd(number, size)) == number


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2199, 1, 1)))  # noqa: DTZ001 - type F has no zone
def test_date_times_round_trip(at: datetime) -> None:
    text = f"{at:%Y-%m-%dT%H:%M}"
    try:
        raw = values.encode_date_time(text)
    except OursError:
        assert not "1981" <= text <= "2081"
        return
    assert values.date_time(raw) == text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_is_its_shortest_decimal(number: float) -> None:
    told = values.real(struct.pack("<f", number))
    assert struct.unpack("<f", struct.pack("<f", float(told))) == (number,)
    assert len(told.as_tuple().digits) <= len(Decimal(repr(number)).as_tuple().digits)


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3))
def test_manufacturers_round_trip(name: str) -> None:
    assert manufacturer_name(manufacturer_bytes(name)) == name


@pytest.mark.parametrize("name", ["", "AB", "abc", "AB1", "ABCD"])
def test_what_names_no_manufacturer(name: str) -> None:
    with pytest.raises(OursError):
        manufacturer_bytes(name)


@pytest.mark.parametrize(
    ("dif", "vif", "data"),
    [(b"\x84", b"\x13", bytes(4)), (b"\x04", b"\x93", bytes(4)), (b"\x04", b"\x13", bytes(3)), (b"", b"\x13", b"")],
)
def test_records_that_do_not_fit_together_are_our_fault(dif: bytes, vif: bytes, data: bytes) -> None:
    with pytest.raises(OursError):
        encode_record(dif, vif, data)
