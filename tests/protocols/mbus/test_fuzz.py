"""Whatever comes: real telegrams changed anywhere, bytes of no sense. Nothing but MalformedError may be raised."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import MalformedError
from protocols.mbus.frame import Long, decode, encode
from protocols.mbus.present import to_json, to_lines
from protocols.mbus.reader import FrameReader, Noise
from protocols.mbus.telegram import Telegram, decode_telegram
from tests import vectors
from tests.protocols.mbus import fuzzing

FILES = vectors.telegrams()
KINDS = st.sampled_from([0x50, 0x51, 0x55, 0x6E, 0x6F, 0x70, 0x71, 0x72, 0x73, 0x76, 0x78, 0x7A, 0x7B])


def attempt(raw: bytes) -> Telegram | MalformedError:
    try:
        return decode_telegram(raw)
    except MalformedError as error:
        return error


def shown(telegram: Telegram) -> list[dict[str, object]]:
    """Both presentations hold, and each record has a value or says why not."""
    assert to_lines(telegram)
    found: list[dict[str, object]] = json.loads(to_json(telegram))["records"]
    for record in found:
        assert record["value"] is not None or record["reason"] or record["quantity"] == "global_readout_request"
        assert isinstance(record["value"], int | float | str | None)
        assert isinstance(record["unit"], str)
        assert record["unit"].isascii()
    return found


@given(st.integers(0, 255), KINDS, st.binary(min_size=1, max_size=252))
def test_any_user_data(c: int, ci: int, data: bytes) -> None:
    outcome = attempt(encode(Long(c, 1, ci, data)))
    if isinstance(outcome, Telegram):
        shown(outcome)
    else:
        assert 0 <= outcome.offset <= len(data) + 9
        assert outcome.expected


RECORDS = st.lists(
    st.tuples(st.integers(0, 255), st.lists(st.integers(0, 255), max_size=4), st.binary(max_size=9)).map(
        lambda r: bytes([r[0], *r[1]]) + r[2]
    ),
    max_size=12,
).map(b"".join)


@given(RECORDS)
def test_what_looks_like_records(data: bytes) -> None:
    try:
        telegram = decode_telegram(Long(0x08, 1, 0x78, data[:252] or b"\x2f"))
    except MalformedError:
        return
    shown(telegram)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
@settings(max_examples=20)
@given(draw=st.data())
def test_a_real_telegram_changed_where_no_checksum_sees_it(path: Path, draw: st.DataObject) -> None:
    frame = decode(bytes.fromhex(path.read_text()))
    assert isinstance(frame, Long)
    data = bytearray(frame.data)
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        telegram = decode_telegram(Long(frame.c, frame.a, frame.ci, bytes(data)))
    except MalformedError:
        return
    shown(telegram)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_real_telegram_with_any_byte_changed_is_refused(path: Path) -> None:
    raw = bytes.fromhex(path.read_text())
    for at in range(len(raw)):
        with pytest.raises(MalformedError):
            decode_telegram(raw[:at] + bytes([raw[at] ^ 0x21]) + raw[at + 1 :])


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_real_telegram_is_read_byte_by_byte_and_with_bytes_behind(path: Path) -> None:
    raw, reader = bytes.fromhex(path.read_text()), FrameReader()
    events = []
    for byte in b"\x00\x5a" + raw + b"\x00\x00":
        reader.receive_data(bytes([byte]))
        while (event := reader.next_event()) is not None:
            events.append(event)
    assert [e for e in events if not isinstance(e, Noise)] == [decode(raw)]
    assert b"".join(e.data for e in events if isinstance(e, Noise)) == b"\x00\x5a\x00\x00"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_record_less_never_changes_another(path: Path) -> None:
    telegram = decode_telegram(bytes.fromhex(path.read_text()))
    if telegram.header.ci != 0x72:
        return
    head, whole = telegram.raw[:12], telegram.records
    for count, record in enumerate(whole):
        cut = decode_telegram(Long(0x08, 1, 0x72, head + telegram.raw[12 : 12 + record.offset + len(record.raw)]))
        assert cut.records == whole[: count + 1]


def test_the_time_to_read_grows_with_the_bytes_only() -> None:
    reader, found = FrameReader(), 0
    reader.receive_data(b"\x10" * 4096)
    while reader.next_event() is not None:
        found += 1
    assert found <= 4096


@pytest.mark.parametrize("seed", range(10))
def test_300_000_mutated_frames_read_by_plan_as_they_are_walked(seed: int) -> None:
    """Ten fixed seeds, 2 s each; `make soak` goes on to five million."""
    assert fuzzing.run(30_000, seed) > 20_000
