"""User data by CI field (facts/MBUS.md section 2), and sections 3 and 4 on rarer records: each rule by example."""

from decimal import Decimal

import pytest

from protocols.errors import MalformedError
from protocols.mbus import codes
from protocols.mbus.application import INTERPRETED
from protocols.mbus.frame import Control, Long, decode, encode
from protocols.mbus.header import encode_long
from protocols.mbus.record import Record, Scalar, decode_records
from protocols.mbus.secondary import Pattern, select, select_pattern
from protocols.mbus.telegram import Telegram, decode_telegram
from protocols.types import Identity

WHO = Identity("12345678", "CBS", 1, 7)
LONG, SHORT = encode_long(WHO, 9, 4), bytes.fromhex("09040000")


def heard(ci: int, data: bytes, c: int = 0x08) -> Telegram:
    return decode_telegram(encode(Long(c, 5, ci, data)))


def one(text: str) -> Record:
    (record,) = decode_records(bytes.fromhex(text))
    return record


@pytest.mark.parametrize(("ci", "head"), [(0x71, b""), (0x74, SHORT), (0x75, LONG)])
def test_section_2_an_alarm_is_one_byte_of_bits_behind_its_header(ci: int, head: bytes) -> None:
    telegram = heard(ci, head + b"\x81")
    assert [(r.quantity, r.value, r.raw) for r in telegram.records] == [("alarm", 0x81, b"\x81")]
    assert telegram.header.access_no == (9 if head else None)
    assert telegram.header.identity == (WHO if head == LONG else None)


def test_section_2_what_follows_an_alarm_is_kept() -> None:
    alarm, rest = heard(0x71, b"\x01\x02\x03").records
    assert (alarm.value, rest.value, rest.raw) == (1, None, b"\x02\x03")
    assert rest.reason == "not interpreted: more bytes than this kind has"


@pytest.mark.parametrize(
    ("code", "part"),
    [(0x00, "all"), (0x10, "user_data"), (0x53, "instantaneous"), (0xD0, "self_test"), (0x70, "reserved")],
)
def test_section_2_a_reset_says_which_telegrams_it_chooses(code: int, part: str) -> None:
    (record,) = heard(0x50, bytes([code]), 0x53).records
    assert (record.quantity, record.value, record.notes) == ("application_reset", code, (part,))


@pytest.mark.parametrize(
    ("frame", "whom"),
    [
        (select(WHO), ["12345678 CBS 1 7"]),
        (select_pattern(Pattern("12FFFFFF")), ["12FFFFFF * * *"]),
        (select_pattern(Pattern(manufacturer="CBS", version=2, medium=3)), ["FFFFFFFF CBS 2 3"]),
        (select(Identity("12345678", "CBS", 1, 7, "87654321"), enhanced=True), ["12345678 CBS 1 7", 87654321]),
    ],
)
def test_section_1_a_selection_says_whom_wildcards_included(frame: Long, whom: list[Scalar]) -> None:
    assert [r.value for r in decode_telegram(encode(frame)).records] == whom


def test_section_1_a_selection_cut_off_is_kept_raw() -> None:
    (record,) = heard(0x52, b"\x01\x02", 0x53).records
    assert (record.value, record.raw) == (None, b"\x01\x02")


def test_section_1_a_selection_with_too_many_extensions_is_refused_at_its_byte() -> None:
    with pytest.raises(MalformedError) as error:
        heard(0x52, bytes(8) + b"\x0c\xf8" + b"\xff" * 10 + b"\x7f" + bytes(4), 0x53)
    assert (error.value.code, error.value.offset) == ("too_many_vife", 7 + 8 + 12)


@pytest.mark.parametrize("ci", sorted(codes.LONG_HEADERS - INTERPRETED))
def test_section_2_kinds_with_a_long_header_say_who_speaks(ci: int) -> None:
    telegram = heard(ci, LONG + b"\x01\x02")
    assert telegram.header.identity == WHO
    assert [(r.value, r.raw, r.reason) for r in telegram.records] == [
        (None, b"\x01\x02", f"not interpreted: {codes.ci_name(ci)}")
    ]


@pytest.mark.parametrize("ci", sorted(codes.SHORT_HEADERS - INTERPRETED))
def test_section_2_kinds_with_a_short_header_say_how_the_meter_is(ci: int) -> None:
    telegram = heard(ci, SHORT + b"\x01\x02")
    assert (telegram.header.access_no, telegram.header.status) == (9, 4)
    assert [(r.value, r.raw) for r in telegram.records] == [(None, b"\x01\x02")]


@pytest.mark.parametrize("ci", sorted((codes.LONG_HEADERS | codes.SHORT_HEADERS) - INTERPRETED))
def test_section_2_a_header_cut_off_hides_no_byte_of_what_we_do_not_interpret(ci: int) -> None:
    telegram = heard(ci, b"\x01\x02")
    assert (telegram.header.access_no, telegram.records[0].raw) == (None, b"\x01\x02")


@pytest.mark.parametrize("ci", sorted(set(range(0x50, 0xC6)) - INTERPRETED))
def test_section_2_every_kind_that_is_not_interpreted_keeps_its_bytes_and_name(ci: int) -> None:
    (record,) = heard(ci, b"\x01\x02").records
    assert (record.value, record.raw) == (None, b"\x01\x02")
    assert codes.ci_name(ci) in (record.reason or "")


def test_section_2_ci_73_is_fixed_data_by_its_length_alone() -> None:
    fixed = bytes.fromhex("785634120A00E97E0100000035010000")
    assert [r.value for r in heard(0x73, fixed).records] == [Decimal("0.001"), Decimal("0.135")]
    (record,) = heard(0x73, LONG + b"\x01\x02\x03").records
    assert record.reason == "not interpreted: compact frame, long header"


@pytest.mark.parametrize("frame", [Control(0x08, 5, 0x70), Control(0x08, 5, 0x6E)])
def test_section_4_a_refusal_without_a_code_is_unspecified(frame: Control) -> None:
    assert decode_telegram(encode(frame)).error == "unspecified"


def test_section_4_codes_beyond_the_table_are_told_by_number() -> None:
    assert heard(0x70, b"\x10").error == "application error 10"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("04 FD 72 01 02 03 04", "type K"),
        ("01 FD 73 01", "type L"),
        ("07 6D 01 02 03 04 05 06 07 08", "no date type has 8 bytes"),
        ("04 93 13 01 02 03 04", "inverse compact profile"),
        ("04 93 1E 01 02 03 04", "compact profile with register numbers"),
        ("04 93 1F 01 02 03 04", "compact profile"),
        ("0D 13 C0", "a number of no bytes"),
        ("0D 13 D0", "a number of no bytes"),
        ("0D 13 E0", "a number of no bytes"),
        ("03 6D FF FF FF", "no such time"),
        ("02 6C E1 F1", "every year"),
        ("04 6D 00 00 81 C1", "no such year: 100"),
        ("04 6D 00 20 E1 F1", "every year"),
        ("02 6C 6F 1F", "every month"),
        ("04 6D 27 1F 79 1A", "every hour"),
        ("04 6D 3F 0F 79 1A", "every minute"),
        ("06 6D 00 80 00 00 00 00", "marked invalid"),
    ],
)
def test_section_4_what_has_no_layout_or_no_bytes_is_raw_with_its_reason(text: str, reason: str) -> None:
    record = one(text)
    assert (record.value, record.raw) == (None, bytes.fromhex(text))
    assert reason in (record.reason or "")


@pytest.mark.parametrize(
    ("text", "quantity", "value", "unit"),
    [
        ("01 93 FC 11 FF", "volume", Decimal("0.255"), "m3"),
        ("01 93 FC 12 FF", "volume", Decimal("0.255"), "m3"),
        ("04 93 FC 13 27 0F 79 1A", "volume_end_of", "2011-10-25T15:39", ""),
        ("02 93 FC 13 6F 1A", "volume_end_of", "2011-10-15", ""),
        ("05 93 70 00 00 80 3F", "volume", Decimal("1E-9"), "m3"),
        ("05 93 78 00 00 80 3F", "volume", Decimal("0.002"), "m3"),
        ("05 25 00 00 C0 3F", "operating_time", 90, "s"),
        ("02 93 7D 05 00", "volume", 5, "m3"),
        ("0D 78 00", "fabrication_number", "", ""),
    ],
)
def test_section_4_vifes_that_change_type_or_scale(text: str, quantity: str, value: Scalar, unit: str) -> None:
    record = one(text)
    assert (record.quantity, record.value, record.unit) == (quantity, value, unit)


def test_a_value_is_a_mantissa_and_an_exponent_and_a_float_only_when_asked() -> None:
    record = one("0C 13 27 04 85 02")
    assert (record.mantissa, record.exponent, record.value, record.approximate) == (
        2850427,
        -3,
        Decimal("2850.427"),
        2850.427,
    )
    single = one("05 5B CD CC 4C 3E")
    assert (single.mantissa, single.exponent, single.value) == (2, -1, Decimal("0.2"))
    assert one("0C 2A DD B4 EB DD").approximate is None


def test_baud_switches_are_named() -> None:
    for ci, baud in codes.CI_BAUD.items():
        frame = decode(encode(Control(0x53, 0xFE, ci)))
        assert codes.ci_name(frame.ci if isinstance(frame, Control) else 0) == f"switch to {baud} baud"
