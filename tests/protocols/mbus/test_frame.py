"""Link frames: whole, cut anywhere, changed anywhere, any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import MalformedError, OursError
from protocols.mbus.frame import MAX_DATA, Ack, Control, Frame, Long, Short, decode, encode, size

BYTE = st.integers(0, 255)
FRAMES: st.SearchStrategy[Frame] = st.one_of(
    st.just(Ack()),
    st.builds(Short, BYTE, BYTE),
    st.builds(Control, BYTE, BYTE, BYTE),
    st.builds(Long, BYTE, BYTE, BYTE, st.binary(min_size=1, max_size=MAX_DATA)),
)


@given(FRAMES)
def test_what_is_encoded_decodes(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("E5", Ack()),
        ("10 40 05 45 16", Short(0x40, 5)),
        ("68 03 03 68 53 FE BD 0E 16", Control(0x53, 0xFE, 0xBD)),
        ("68 06 06 68 53 FE 51 01 7A 08 25 16", Long(0x53, 0xFE, 0x51, b"\x01\x7a\x08")),
    ],
)
def test_known_frames(text: str, frame: Frame) -> None:
    assert decode(bytes.fromhex(text)) == frame
    assert encode(frame) == bytes.fromhex(text)


@pytest.mark.parametrize(
    ("text", "code", "offset"),
    [
        ("", "empty", 0),
        ("E5 E5", "trailing", 1),
        ("00", "start", 0),
        ("10 40 05 45", "truncated", 4),
        ("10 40 05 45 16 00", "trailing", 5),
        ("10 40 05 46 16", "checksum", 3),
        ("10 40 05 45 17", "stop", 4),
        ("68 03", "truncated", 2),
        ("68 03 04 68 53 FE BD 0E 16", "length", 2),
        ("68 03 03 69 53 FE BD 0E 16", "start", 3),
        ("68 02 02 68 53 FE 51 16", "length", 1),
        ("68 03 03 68 53 FE BD 0E", "truncated", 8),
        ("68 03 03 68 53 FE BD 0F 16", "checksum", 7),
    ],
)
def test_what_is_wrong_is_told_where(text: str, code: str, offset: int) -> None:
    with pytest.raises(MalformedError) as error:
        decode(bytes.fromhex(text))
    assert (error.value.code, error.value.offset) == (code, offset)
    assert error.value.expected


@given(FRAMES, st.data())
def test_a_cut_frame_is_refused(frame: Frame, data: st.DataObject) -> None:
    raw = encode(frame)
    cut = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(MalformedError):
        decode(raw[:cut])


@given(FRAMES.filter(lambda f: not isinstance(f, Ack)), st.data())
def test_a_changed_byte_is_refused(frame: Frame, data: st.DataObject) -> None:
    raw = bytearray(encode(frame))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(MalformedError):
        decode(bytes(raw))


@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    try:
        frame = decode(raw)
    except MalformedError:
        return
    assert encode(frame) == raw


@given(FRAMES)
def test_the_size_is_known_from_the_head(frame: Frame) -> None:
    raw = encode(frame)
    assert size(raw[:4]) == len(raw)
    assert all(size(raw[:n]) in (None, len(raw)) for n in range(5))


@pytest.mark.parametrize("frame", [Short(256, 0), Control(0, -1, 0), Long(0, 0, 0, bytes(MAX_DATA + 1))])
def test_what_does_not_fit_is_our_fault(frame: Frame) -> None:
    with pytest.raises(OursError):
        encode(frame)
