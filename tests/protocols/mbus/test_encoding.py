"""What is written is read as it was meant, or was refused: records of all forms, everything masters and meters send."""

import struct
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocols.errors import OursError
from protocols.mbus import responses, values
from protocols.mbus.codes import APPLICATION_ERRORS, CI_BAUD, PRIMARY_VIF
from protocols.mbus.encoding import encode_head, encode_value
from protocols.mbus.extensions import DATE_TIMES, DURATIONS, FACTORS, FB, FD, OFFSETS, PER
from protocols.mbus.field import FUNCTIONS
from protocols.mbus.fixed import UNITS, encode_fixed
from protocols.mbus.frame import Control, Frame, Long, decode, encode
from protocols.mbus.record import Scalar, decode_records
from protocols.mbus.requests import (
    choose,
    choose_all,
    reset_application,
    set_address,
    set_clock,
    set_id,
    set_identity,
    switch_baud,
    write,
)
from protocols.mbus.telegram import Telegram, decode_telegram
from protocols.types import Identity
from tests.protocols.mbus.test_secondary import IDENTITIES

SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 6: 6, 7: 8}
BCD_SIZES = {9: 1, 0xA: 2, 0xB: 3, 0xC: 4, 0xE: 6}
NUMBERED = [bytes([code]) for code, m in PRIMARY_VIF.items() if m.kind == "number" and m.reason is None]
EXTENDED = [
    bytes([first, code])
    for first, table in ((0xFB, FB), (0xFD, FD))
    for code, m in table.items()
    if m.kind == "number" and m.reason is None
]
COMBINED = st.lists(st.sampled_from([*PER, *FACTORS, *OFFSETS, *DURATIONS]), max_size=3)
PLACES = st.fixed_dictionaries(
    {
        "storage": st.integers(0, (1 << 41) - 1),
        "tariff": st.integers(0, (1 << 20) - 1),
        "subunit": st.integers(0, (1 << 10) - 1),
        "function": st.sampled_from(FUNCTIONS),
    }
)


def chain(vif: bytes, vifes: list[int]) -> bytes:
    """VIF and VIFEs with the extension bits that they need."""
    codes = [*vif, *vifes]
    return bytes([*(code | 0x80 for code in codes[:-1]), codes[-1] & 0x7F])


@settings(max_examples=300)
@given(st.sampled_from(NUMBERED + EXTENDED), COMBINED, PLACES, st.sampled_from([*SIZES, *BCD_SIZES]), st.data())
def test_a_number_under_any_vif_comes_back(
    vif: bytes, vifes: list[int], places: dict[str, int | str], data_field: int, draw: st.DataObject
) -> None:
    head = encode_head(data_field, chain(vif, vifes), **places)  # type: ignore[arg-type]
    if data_field in SIZES:
        size = SIZES[data_field]
        sent = draw.draw(st.integers(-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1)).to_bytes(
            size, "little", signed=True
        )
    else:
        size = BCD_SIZES[data_field]
        sent = values.encode_bcd(draw.draw(st.integers(-(10 ** (2 * size - 1)) + 1, 10 ** (2 * size) - 1)), size)
    (meant,) = decode_records(head + sent)
    assert isinstance(meant.value, int | Decimal)
    (told,) = decode_records(encode_value(head, meant.value))
    assert told == meant
    assert {name: getattr(told, name) for name in places} == places
    assert told.raw == head + sent


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.sampled_from(NUMBERED))
def test_a_float_comes_back(number: float, vif: bytes) -> None:
    head = encode_head(values.REAL, vif)
    (meant,) = decode_records(head + struct.pack("<f", number))
    assert isinstance(meant.value, int | Decimal)
    assert decode_records(encode_value(head, meant.value)) == decode_records(head + struct.pack("<f", number + 0.0))


@given(st.text(st.characters(max_codepoint=255), max_size=60), st.sampled_from([b"\x78", b"\xfd\x11", b"\x13"]))
def test_a_text_comes_back(text: str, vif: bytes) -> None:
    head = encode_head(values.VARIABLE, vif, lvar=len(text.encode("latin-1")))
    assert [r.value for r in decode_records(encode_value(head, text))] == [text]


@given(st.integers(1, 9), st.booleans(), st.data())
def test_decimals_of_variable_length_come_back(size: int, negative: bool, draw: st.DataObject) -> None:
    number = draw.draw(st.integers(0, 10 ** (2 * size) - 1)) * (-1 if negative else 1)
    head = encode_head(values.VARIABLE, b"\x16", lvar=(0xD0 if negative else 0xC0) + size)
    assert [r.value for r in decode_records(encode_value(head, number) + b"\x01\x7a\x05")] == [number, 5]


@given(st.sampled_from([*range(0xE1, 0xF0), 0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6]), st.data())
def test_binaries_of_variable_length_come_back(lvar: int, draw: st.DataObject) -> None:
    bits = 8 * values.variable_size(lvar) - 1
    number = draw.draw(st.integers(-(1 << bits), (1 << bits) - 1))
    head = encode_head(values.VARIABLE, b"\x16", lvar=lvar)
    assert [r.value for r in decode_records(encode_value(head, number) + b"\x01\x7a\x05")] == [number, 5]


DAYS = st.dates(min_value=date(1981, 1, 1), max_value=date(2080, 12, 31))
TIMES = st.times()


@given(DAYS, TIMES, st.sampled_from([b"\x6c", b"\x6d", *[chain(b"\x13", [code]) for code in DATE_TIMES]]))
def test_dates_come_back(day: object, at: object, vif: bytes) -> None:
    long, short = f"{day}T{at:%H:%M:%S}", f"{day}T{at:%H:%M}"
    forms = [(2, str(day))] if vif == b"\x6c" else [(2, str(day)), (3, f"{at:%H:%M:%S}"), (4, short), (6, long)]
    for data_field, text in forms:
        assert [r.value for r in decode_records(encode_value(encode_head(data_field, vif), text))] == [text]


@given(IDENTITIES)
def test_names_come_back(who: Identity) -> None:
    told = f"{who.id} {who.manufacturer} {who.version} {who.medium}"
    assert [r.value for r in decode_records(encode_value(encode_head(7, b"\x79"), told))] == [told]
    maker = encode_value(encode_head(2, b"\xfd\x0a"), who.manufacturer)
    assert [r.value for r in decode_records(maker)] == [who.manufacturer]


def test_a_unit_spelled_out_comes_back() -> None:
    (record,) = decode_records(encode_value(encode_head(2, b"\xfc\x74", text="%RH"), Decimal("45.64")))
    assert (record.unit, record.value) == ("%RH", Decimal("45.64"))


@pytest.mark.parametrize(
    ("head", "value"),
    [
        (b"\x04\x13", Decimal("0.0001")),
        (b"\x01\x16", 128),
        (b"\x01\x7a", -1),
        (b"\x09\x16", 100),
        (b"\x02\x26", 61),
        (b"\x04\x6d", "2020-02-30T10:00"),
        (b"\x04\x6d", "2020-02-03T10:00:00"),
        (b"\x06\x6d", "2020-02-03T10:00"),
        (b"\x02\x6c", "1980-01-01"),
        (b"\x02\x6c", 5),
        (b"\x04\x13", "five"),
        (b"\x05\x13", Decimal("1e60")),
        (b"\x05\x13", Decimal("0.1234567891234")),
        (b"\x05\x13", Decimal("NaN")),
        (b"\x0d\x78\x02", "abc"),
        (b"\x0d\x78\x02", "\u20ac1"),
        (b"\x07\x79", "12345678 CBS"),
        (b"\x0f", 1),
        (b"\x00\x13", 1),
        (b"\x04\x6f", 1),
        (b"\x04", 1),
        (b"\x04\x13\x00", 1),
        (b"", 1),
    ],
)
def test_what_a_record_can_not_say_is_our_fault(head: bytes, value: int | Decimal | str) -> None:
    with pytest.raises(OursError):
        encode_value(head, value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"storage": 1 << 41},
        {"tariff": -1},
        {"subunit": 1 << 10},
        {"function": "average"},
        {"vif": b"\x93"},
        {"vif": b"\x93" + b"\xbb" * 10 + b"\x3b"},
        {"data_field": 0xF},
        {"data_field": 0xD},
        {"lvar": 3},
        {"vif": b"\x7c", "text": "x" * 192},
    ],
)
def test_a_head_that_no_record_can_have_is_our_fault(wrong: dict[str, object]) -> None:
    with pytest.raises(OursError):
        encode_head(**{"data_field": 4, "vif": b"\x13", **wrong})  # type: ignore[arg-type]


def heard(frame: Frame) -> Telegram:
    """What the other end reads, over the wire's bytes."""
    return decode_telegram(encode(decode(encode(frame))))


def said(frame: Frame) -> list[tuple[str, Scalar]]:
    return [(r.quantity, r.value) for r in heard(frame).records]


def test_what_masters_write_is_read_as_meant() -> None:
    who = Identity("01020304", "PAD", 1, 4)
    assert encode(set_address(0xFE, 8)).hex() == "680606684" + "3fe51017a081516"
    assert said(set_address(0xFE, 8)) == [("bus_address", 8)]
    assert said(set_id(1, "12345678")) == [("identification", 12345678)]
    assert said(set_identity(1, who)) == [("identification", "01020304 PAD 1 4")]
    assert said(set_clock(1, "2026-11-24T20:15")) == [("date_time", "2026-11-24T20:15")]
    assert said(set_clock(1, "2026-11-24T20:15:07")) == [("date_time", "2026-11-24T20:15:07")]
    assert said(write(1, encode_value(b"\x01\xfd\x1a", 1))) == [("digital_output", 1)]
    assert said(reset_application(1, 0x10)) == [("application_reset", 0x10)]
    assert heard(reset_application(1)).header.ci == 0x50
    assert said(choose_all(1)) == [("global_readout_request", None)]
    (record,) = heard(choose_all(1, storages=True)).records
    assert (record.quantity, record.reason, record.raw.hex()) == ("any_vif", "selection for readout", "c83f7e")
    (record,) = heard(choose(1, encode_head(values.SELECTION, b"\x13", storage=5))).records
    assert (record.quantity, record.storage, record.reason) == ("volume", 5, "selection for readout")


@pytest.mark.parametrize("baud", CI_BAUD.values())
def test_each_baud_rate_has_its_frame(baud: int) -> None:
    frame = switch_baud(0xFE, baud)
    assert CI_BAUD[frame.ci] == baud
    assert decode(encode(frame)) == frame == Control(0x43, 0xFE, frame.ci)


def test_what_masters_must_not_write_is_our_fault() -> None:
    makes = list[Callable[[], object]](
        [
            lambda: set_address(1, 251),
            lambda: set_id(1, "1234567"),
            lambda: set_identity(1, Identity("12345678", "pad", 1, 7)),
            lambda: set_clock(1, "now"),
            lambda: choose(1, b"\x04\x13"),
            lambda: choose(1),
            lambda: reset_application(1, 256),
            lambda: switch_baud(1, 1201),
            lambda: responses.refusal(1, 256),
            lambda: responses.without_header(1, b""),
        ]
    )
    for make in makes:
        with pytest.raises(OursError):
            make()


@given(IDENTITIES, st.integers(0, 255), st.integers(0, 255))
def test_meters_telegrams_are_read_as_meant(who: Identity, access_no: int, status: int) -> None:
    volume = encode_value(b"\x0c\x13", Decimal("2850.427"))
    long = heard(responses.with_long_header(5, who, volume, access_no=access_no, status=status))
    assert (long.header.identity, long.header.access_no, long.header.status) == (who, access_no, status)
    short = heard(responses.with_short_header(5, volume, access_no=access_no, status=status))
    assert (short.header.access_no, short.header.status, short.header.address) == (access_no, status, 5)
    for telegram in (long, short, heard(responses.without_header(5, volume))):
        assert [r.value for r in telegram.records] == [Decimal("2850.427")]


@given(st.sampled_from(sorted(APPLICATION_ERRORS)), st.integers(0, 255))
def test_refusals_and_alarms_are_read_as_meant(code: int, bits: int) -> None:
    assert heard(responses.refusal(5, code)).error == APPLICATION_ERRORS[code]
    assert said(responses.alarm(5, bits)) == [("alarm", bits)]


COUNTERS = st.tuples(st.sampled_from(sorted(UNITS)), st.integers(0, 99999999))


@given(st.text("0123456789", min_size=8, max_size=8), st.integers(0, 255), st.integers(0, 14), COUNTERS, COUNTERS)
def test_fixed_data_are_read_as_meant(
    digits: str, status: int, medium: int, one: tuple[int, int], two: tuple[int, int]
) -> None:
    assume(medium != 9)
    telegram = heard(responses.fixed_data(5, encode_fixed(digits, 7, status, medium, (one, two))))
    assert (telegram.header.id, telegram.header.access_no) == (digits, 7)
    assert [(r.quantity, r.unit, r.mantissa) for r in telegram.records] == [
        (UNITS[unit][0], UNITS[unit][1], number) for unit, number in (one, two)
    ]
    assert {r.storage for r in telegram.records} == {status >> 1 & 1}


def test_fixed_data_that_do_not_fit_are_our_fault() -> None:
    for status, medium, number in ((0, 16, 0), (0, 7, 10**8), (1, 7, 1 << 31), (256, 7, 0)):
        with pytest.raises(OursError):
            encode_fixed("12345678", 0, status, medium, ((0x2C, number), (0x2C, 0)))


def test_an_empty_write_is_still_a_frame_of_its_kind() -> None:
    assert heard(Long(0x43, 1, 0x51, b"\x2f")).records == ()
