"""Plans are held to the walk: whatever comes, both say the same, or refuse with the same words."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import MalformedError
from protocols.mbus import values
from protocols.mbus.application import RECORD_HEAD
from protocols.mbus.frame import Long, checksum, decode, encode
from protocols.mbus.plan import MAX_IN_ALL, MAX_PLANS, MAX_SEEN, Plans, plannable
from protocols.mbus.present import json_of_records, to_json
from protocols.mbus.telegram import Telegram, decode_telegram, walk_telegram
from tests import vectors

FILES = vectors.telegrams()
CIS = st.sampled_from([0x72, 0x78, 0x7A])
VOLUME, ENERGY = bytes.fromhex("0C1327048502"), bytes.fromhex("0407 0A000000")


def outcome(source: bytes, read: object) -> object:
    assert callable(read)
    try:
        return read(source)
    except MalformedError as error:
        return (error.code, error.offset, error.expected, str(error))


def same(wire: bytes) -> None:
    """Both ways of reading agree, also in the header and in the text."""
    planned, walked = outcome(wire, decode_telegram), outcome(wire, walk_telegram)
    assert planned == walked
    if isinstance(planned, Telegram) and isinstance(walked, Telegram):
        assert (planned.header, planned.more_follows) == (walked.header, walked.more_follows)
        assert to_json(planned) == to_json(walked) == json_of_records(walked)


def closed(wire: bytes | bytearray) -> bytes:
    """With its checksum made right."""
    return bytes(wire[:-2]) + bytes([checksum(bytes(wire[4:-2])), wire[-1]])


def frame(data: bytes, ci: int = 0x78) -> bytes:
    return encode(Long(0x08, 1, ci, data))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
@settings(max_examples=40)
@given(draw=st.data())
def test_a_real_telegram_mutated_anywhere_reads_by_plan_as_it_is_walked(path: Path, draw: st.DataObject) -> None:
    wire = bytes.fromhex(path.read_text())
    for _ in range(3):
        same(wire)
    changed = bytearray(wire)
    for _ in range(draw.draw(st.integers(1, 4))):
        changed[draw.draw(st.integers(0, len(changed) - 1))] = draw.draw(st.integers(0, 255))
    same(bytes(changed))
    for _ in range(3):
        same(closed(changed))


@settings(max_examples=200)
@given(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=8), CIS, st.integers(0, 255))
def test_any_bytes_read_by_plan_as_they_are_walked(records: list[bytes], ci: int, c: int) -> None:
    wire = encode(Long(c, 1, ci, bytes(14) + b"".join(records)))
    for _ in range(3):
        same(wire)


FIELDS = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0A, 0x0B, 0x0C, 0x0E, 0x00, 0x0D]
VIFS = ["13", "06", "25", "6C", "6D", "FD1A", "78", "79", "FD0A", "9379", "9070", "BE50", "5B", "6F"]
BYTES = st.binary(min_size=9, max_size=9)
ROWS = st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(VIFS), BYTES, BYTES), min_size=2, max_size=9)


@settings(max_examples=300)
@given(ROWS)
def test_other_data_in_the_same_shape_read_by_plan_as_walked(rows: list[tuple[int, str, bytes, bytes]]) -> None:
    """The second frame differs from the first in its data alone: error digits, floats that are none, invalid dates."""
    first, second = (b"".join(record(dif, vif, row[which]) for dif, vif, *row in rows) for which in (0, 1))
    for _ in range(3):
        same(frame(first))
    same(frame(second))


def record(dif: int, vif: str, data: bytes) -> bytes:
    lvar, size = (b"\xc3", 3) if dif == values.VARIABLE else (b"", values.SIZES[dif])
    return bytes([dif]) + bytes.fromhex(vif) + lvar + data[:size]


def test_a_shape_has_a_plan_on_second_sight_and_not_before() -> None:
    plans, wire = Plans(), frame(VOLUME + ENERGY)
    shape = walk_telegram(wire).shape
    assert plans.match(wire) is None
    plans.saw(wire, shape)
    assert (len(plans), plans.match(wire)) == (0, None)
    plans.saw(wire, walk_telegram(wire).shape)
    assert len(plans) == 1
    other = frame(VOLUME[:2] + b"\x01\x00\x00\x00" + ENERGY)
    plan = plans.match(other)
    assert plan is not None
    assert plan.cells(other) == (1, 10)


def test_frames_of_a_shape_share_its_fields() -> None:
    one, other = (frame(VOLUME[:2] + bytes([n, 0, 0, 0]) + ENERGY) for n in (1, 2))
    for _ in range(3):
        decode_telegram(one)
    assert decode_telegram(one).shape is decode_telegram(other).shape


def test_plans_are_few_whatever_comes() -> None:
    plans = Plans()
    for n in range(600):
        wire = frame(bytes([0x04, n & 0x7F, 0, 0, 0, 0, 0x84, n >> 7, 0x13, 0, 0, 0, 0]))
        for _ in range(2):
            plans.saw(wire, walk_telegram(wire).shape)
    assert len(plans) == MAX_PLANS
    assert all(len(seen) <= MAX_SEEN for seen in plans._seen.values())


def test_plans_of_all_lengths_are_few_too() -> None:
    plans, most = Plans(), 0
    for n in range(1000):
        text = bytes([0x0D, 0x78, n % 180]) + bytes(n % 180)
        wire = frame(bytes([0x04, n // 180, 0, 0, 0, 0]) + text)
        for _ in range(2):
            plans.saw(wire, walk_telegram(wire).shape)
        most = max(most, len(plans))
    assert most == MAX_IN_ALL


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (frame(b"\x2f"), "no record"),
        (frame(VOLUME + b"\x04\x13"), "cut off"),
        (frame(VOLUME + ENERGY, 0x51), "not a meter's"),
        (encode(Long(0x53, 1, 0x78, VOLUME + ENERGY)), "from a master"),
        (encode(Long(0x08, 1, 0x7A, bytes.fromhex("01000005") + bytes(20))), "encrypted"),
    ],
)
def test_what_bytes_alone_do_not_tell_has_no_plan(wire: bytes, why: str) -> None:
    assert not plannable(wire, walk_telegram(wire).shape), why


@pytest.mark.parametrize("high", [0x00, 0x05, 0x07])
def test_the_security_mode_is_of_the_shape(high: int) -> None:
    """The same bytes as data and as ciphertext: what was read plain before is not read so once it is encrypted."""
    head, data = bytes.fromhex("0100"), VOLUME + ENERGY + VOLUME
    for _ in range(3):
        same(encode(Long(0x08, 1, 0x7A, head + b"\x00\x00" + data)))
    same(encode(Long(0x08, 1, 0x7A, head + bytes([0x10, high]) + data)))


def test_a_plan_never_excuses_a_checksum() -> None:
    wire = frame(VOLUME + ENERGY)
    for _ in range(3):
        decode_telegram(wire)
    bad = wire[:-2] + bytes([wire[-2] ^ 1]) + wire[-1:]
    with pytest.raises(MalformedError) as error:
        decode_telegram(bad)
    assert error.value.code == "checksum"


def test_the_address_and_the_header_are_of_no_shape() -> None:
    wire = bytearray(encode(Long(0x08, 1, 0x72, bytes(12) + VOLUME + ENERGY)))
    for _ in range(3):
        decode_telegram(bytes(wire))
    shape = decode_telegram(bytes(wire)).shape
    wire[4:6] = b"\x38\x07"
    wire[RECORD_HEAD : RECORD_HEAD + 8] = bytes.fromhex("7856341224400107")
    other = decode_telegram(closed(wire))
    assert other.shape is shape
    assert other.header.id == "12345678"
    assert decode(other.wire) == Long(0x38, 7, 0x72, other.raw)
