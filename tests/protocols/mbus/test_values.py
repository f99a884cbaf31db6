"""What bytes mean exactly: no overflow, no sign that isn't there, no date made of what is none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import OursError
from protocols.mbus import values
from protocols.mbus.record import Record, Scalar, decode_records


def one(text: str) -> Record:
    (record,) = decode_records(bytes.fromhex(text))
    return record


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("05 2B FF FF 7F 7F", Decimal(340282350000000000000000000000000000000)),
        ("05 2B FF FF 7F FF", Decimal(-340282350000000000000000000000000000000)),
        ("05 2B 01 00 00 00", Decimal("1E-45")),
        ("05 2B 00 00 00 80", Decimal("-0")),
    ],
)
def test_floats_at_the_edges(text: str, value: Decimal) -> None:
    assert one(text).value == value


@pytest.mark.parametrize(
    ("text", "quantity", "value"),
    [
        ("01 7A FA", "bus_address", 250),
        ("01 FD 08 FF", "access_number", 255),
        ("01 FD 0E 80", "firmware_version", 128),
        ("02 FD 60 FF FF", "reset_counter", 65535),
        ("01 93 41 FF", "volume_lower_limit_exceeds", 255),
        ("01 FD 1B 80", "digital_input", 128),
    ],
)
def test_what_counts_or_names_has_no_sign(text: str, quantity: str, value: int) -> None:
    assert (one(text).quantity, one(text).value) == (quantity, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0D 13 E4 01 00 00 00", Decimal("0.001")),
        ("0D 13 E2 FF FF", Decimal("-0.001")),
        ("0D FD 1A E1 80", 128),
        ("0D 78 E2 CD AB", "abcd"),
        ("0D 2E F0" + "FF" * 16, -1000),
        ("0D 13 C9" + "99" * 9, Decimal("999999999999999.999")),
        ("0D 93 79 E1 01", Decimal("0.011")),
        ("0D 93 78 F6" + "FF" * 63 + "7F", Decimal(f"{1 << 511}").scaleb(-3, values.EXACT)),
    ],
)
def test_a_binary_of_variable_length_is_a_number_where_the_vif_wants_one(text: str, value: Scalar) -> None:
    assert (one(text).value, one(text).reason) == (value, None)


def test_a_maker_is_told_as_in_the_header() -> None:
    assert one("02 FD 0A 24 40").value == "PAD"


@pytest.mark.parametrize(
    "text", ["0A 6C 12 34", "05 6D 00 00 80 3F", "0C 6D 12 34 56 78", "0D 6C E2 6F 1A", "04 6C 00 00 00 00", "01 6D 00"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert one(text).value is None
    assert "date" in (one(text).reason or "")


@pytest.mark.parametrize(
    "text",
    [
        "2020-13-01T10:00",
        "2020-00-01T10:00",
        "2020-02-30T10:00",
        "2020-01-01T24:00",
        "2020-01-01T10:300",
        "2020-01-01T10:-5",
        "2020-01-01",
        "yesterday",
        "2081-01-01T00:00",
    ],
)
def test_a_date_that_does_not_exist_is_never_written(text: str) -> None:
    with pytest.raises(OursError):
        values.encode_date_time(text)


@given(st.binary(min_size=4, max_size=4))
def test_type_f_never_rolls_over(data: bytes) -> None:
    try:
        text = values.date_time(data)
    except values.NoValueError:
        return
    assert int(text[8:10]) == data[2] & 0x1F
    assert int(text[5:7]) == data[3] & 0x0F
    assert (int(text[11:13]), int(text[14:16])) == (data[1] & 0x1F, data[0] & 0x3F)


def test_a_unit_spelled_out_is_ascii() -> None:
    assert one("01 7C 02 43 B0 05").unit == "C"
    assert one("01 7C 02 B3 6D 05").unit == "m3"
    assert one("01 7C 01 DF 05").unit == "?"
