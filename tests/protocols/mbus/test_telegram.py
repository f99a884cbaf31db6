"""Whole telegrams: headers, fixed data, refusals, several in a row, and the bytes of known documents."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError, OursError
from protocols.mbus.codes import CI_NAMES, ci_name
from protocols.mbus.frame import MAX_DATA, Control, Long, decode, encode
from protocols.mbus.header import Header, decode_long, encode_long, status_words
from protocols.mbus.present import to_json, to_lines
from protocols.mbus.telegram import MAX_TELEGRAMS, Telegram, decode_telegram, join
from protocols.types import Identity
from tests import vectors
from tests.protocols.mbus.test_secondary import IDENTITIES

VARIABLE = "681F1F680802727856341224400107550000000313153100DA023B13018B60043718021816"
FIXED = "68131368080573785634120A00E97E01000000350100003C16"


def read(text: str) -> Telegram:
    return decode_telegram(bytes.fromhex(text))


def test_a_long_header_says_who_speaks() -> None:
    header = read(VARIABLE).header
    assert header.identity == Identity("12345678", "PAD", 1, 7)
    assert (header.address, header.access_no, header.status, header.ci) == (2, 0x55, 0, 0x72)
    assert (header.medium_word, header.encrypted) == ("water", False)


def test_records_are_found_by_their_bytes() -> None:
    record = read(VARIABLE).find(b"\x13")
    assert record is not None
    assert record.value == Decimal("12.565")
    assert read(VARIABLE).find(b"\x13", storage=1) is None


def test_fixed_data() -> None:
    telegram = read(FIXED)
    assert (telegram.header.id, telegram.header.medium_word, telegram.header.access_no) == ("12345678", "water", 10)
    assert [(r.quantity, r.value, r.unit, r.storage) for r in telegram.records] == [
        ("volume", Decimal("0.001"), "m3", 0),
        ("volume", Decimal("0.135"), "m3", 1),
    ]


@pytest.mark.parametrize("flip", [0, 1])
def test_fixed_data_may_be_binary_and_high_byte_first(flip: int) -> None:
    media = (0xE9 & 0x3F | (0x40 if flip else 0xC0), 0x7E & 0x3F | (0xC0 if flip else 0x40))
    counters = (1).to_bytes(4, "big" if flip else "little") + (135).to_bytes(4, "big" if flip else "little")
    data = bytes.fromhex("785634120A01") + bytes(media) + counters
    telegram = decode_telegram(Long(0x08, 5, 0x73, data))
    assert [r.value for r in telegram.records] == [Decimal("0.001"), Decimal("0.135")]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("680404680801700881 16", "application busy"),
        ("68 03 03 68 08 01 70 79 16", "unspecified"),
        ("68 04 04 68 08 01 70 63 DC 16", "application error 63"),
    ],
)
def test_a_refusal_is_a_valid_answer(text: str, error: str) -> None:
    assert read(text).error == error


def test_the_forms_that_are_not_interpreted_keep_their_bytes_and_name() -> None:
    telegram = decode_telegram(Long(0x08, 1, 0x7C, b"\x01\x02"))
    assert telegram.raw == b"\x01\x02"
    assert telegram.records[0].reason == "not interpreted: COSEM data from the meter, long header"
    assert ci_name(0xB7) == "manufacturer specific"
    assert ci_name(0xFF) == "CI FF"


def test_without_a_header_records_start_at_once() -> None:
    assert decode_telegram(Long(0x08, 1, 0x78, bytes.fromhex("0A3B1301"))).records[0].value == Decimal("0.113")
    short = decode_telegram(Long(0x08, 1, 0x7A, bytes.fromhex("55040000 0A3B1301")))
    assert (short.header.access_no, short.header.status, short.records[0].value) == (0x55, 4, Decimal("0.113"))


def test_a_header_cut_off_is_told_where() -> None:
    with pytest.raises(MalformedError) as error:
        decode_telegram(Long(0x08, 1, 0x72, b"\x01\x02"))
    assert (error.value.code, error.value.offset) == ("truncated", 9)


def test_several_telegrams_of_one_readout_are_joined() -> None:
    first = decode_telegram(Long(0x08, 1, 0x78, bytes.fromhex("0A3B1301 1F")))
    last = decode_telegram(Long(0x08, 1, 0x78, bytes.fromhex("0A3B1401")))
    assert first.more_follows
    joined = join([first, last])
    assert not joined.more_follows
    assert [r.value for r in joined.records if r.value is not None] == [Decimal("0.113"), Decimal("0.114")]
    assert [r["value"] for r in json.loads(to_json(joined))["records"]] == [0.113, None, 0.114]
    with pytest.raises(MalformedError, match=str(MAX_TELEGRAMS + 1)):
        join([first] * (MAX_TELEGRAMS + 1))


@given(IDENTITIES, st.integers(0, 255), st.integers(0, 255), st.integers(0, 0xFFFF))
def test_headers_round_trip(who: Identity, access: int, status: int, configuration: int) -> None:
    header = decode_long(Header(0x72, 1, 8), encode_long(who, access, status, configuration))
    assert (header.identity, header.access_no, header.status, header.configuration) == (
        who,
        access,
        status,
        configuration,
    )


def test_a_header_that_can_not_be_said_is_our_fault() -> None:
    with pytest.raises(OursError):
        encode_long(Identity("12345678", "CBS", 1, 256), 0, 0)


def test_the_status_byte_in_words() -> None:
    assert status_words(0) == []
    assert status_words(0b0101_1101) == [
        "application busy",
        "power low",
        "permanent error",
        "temporary error",
        "manufacturer bits 010",
    ]


@given(st.sampled_from(sorted(CI_NAMES)), st.integers(0, 255), st.binary(max_size=MAX_DATA))
def test_any_user_data_under_any_name(ci: int, c: int, data: bytes) -> None:
    frame = Long(c, 1, ci, data) if data else Control(c, 1, ci)
    try:
        telegram = decode_telegram(frame)
    except MalformedError:
        return
    json.loads(to_json(telegram))
    assert to_lines(telegram)


LINES = [json.loads(line) for path in vectors.telegrams("mbus/*.jsonl") for line in path.read_text().splitlines()]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["meaning"])
def test_the_user_groups_examples_are_read_and_written(line: dict[str, str]) -> None:
    raw = bytes.fromhex(line["hex"])
    assert encode(decode(raw)) == raw
    assert decode_telegram(raw).header.address is not None


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("6806066853FE51017A082516", {"bus_address": 8}),
        ("680F0F6853FE510C79785634120C06070100005516", {"identification": 12345678, "energy": 107000}),
        ("680D0D6853FE51077904030201244001049516", {"identification": "01020304 PAD 1 4"}),
    ],
)
def test_what_a_master_writes_is_read_too(text: str, shows: dict[str, object]) -> None:
    assert {r.quantity: r.value for r in read(text).records} == shows


def test_object_actions_are_named_when_the_master_speaks() -> None:
    (record,) = read("680A0A685301510C8601100000004816").records
    assert (record.notes, record.value) == (("action_add",), 10000)
