"""The reader: split anywhere, behind noise, behind our own echo; an ACK counts only alone."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from protocols.mbus.frame import Ack, Frame, Short, encode
from protocols.mbus.reader import MAX_BUFFER, FrameReader, Noise
from tests.protocols.mbus.test_frame import FRAMES

NOT_A_START = st.binary(max_size=20).map(lambda b: bytes(x for x in b if x not in (0x10, 0x68, 0xE5)))
LONGER = FRAMES.filter(lambda f: not isinstance(f, Ack))


def events(reader: FrameReader) -> list[Frame | Noise]:
    found = []
    while (event := reader.next_event()) is not None:
        found.append(event)
    return found


@given(FRAMES, st.lists(st.integers(0, 260), max_size=6))
def test_split_anywhere(frame: Frame, cuts: list[int]) -> None:
    raw, reader, found = encode(frame), FrameReader(), []
    edges = [0, *sorted(min(c, len(raw)) for c in cuts), len(raw)]
    for start, end in pairwise(edges):
        reader.receive_data(raw[start:end])
        found += events(reader)
    assert found == [frame]


@given(NOT_A_START, LONGER)
def test_noise_before_a_frame_is_told_and_passed_over(noise: bytes, frame: Frame) -> None:
    reader = FrameReader()
    reader.receive_data(noise + encode(frame))
    *before, last = events(reader)
    assert last == frame
    assert b"".join(e.data for e in before if isinstance(e, Noise)) == noise


@given(LONGER, FRAMES)
def test_our_own_echo_is_dropped(request: Frame, answer: Frame) -> None:
    reader = FrameReader()
    reader.clear(echo=encode(request))
    reader.receive_data(encode(request) + encode(answer))
    assert events(reader) == [answer]


@given(LONGER)
def test_an_answer_without_echo_is_not_taken_for_one(answer: Frame) -> None:
    reader = FrameReader()
    reader.clear(echo=encode(Short(0x5B, 0x01)) + b"\x00")
    reader.receive_data(encode(answer))
    assert events(reader) == [answer]


def test_I13_an_ack_within_noise_is_noise() -> None:
    for data in (b"\xe5\xe5", b"\x00\xe5", b"\xe5\x00", b"\xe5\xfd\xe5"):
        reader = FrameReader()
        reader.receive_data(data)
        assert Ack() not in events(reader)


def test_an_ack_after_noise_counts_only_after_clear() -> None:
    reader = FrameReader()
    reader.receive_data(b"\x00")
    assert events(reader) == [Noise(b"\x00")]
    reader.receive_data(b"\xe5")
    assert Ack() not in events(reader)
    reader.clear()
    reader.receive_data(b"\xe5")
    assert events(reader) == [Ack()]


def test_a_frame_that_never_ends_is_given_up_by_whoever_waited() -> None:
    reader = FrameReader()
    reader.receive_data(b"\x68\x20\x20\x68\x08")
    assert events(reader) == []
    assert reader.rest() == b"\x68\x20\x20\x68\x08"
    assert events(reader) == []


@given(st.lists(st.binary(max_size=400), max_size=30))
def test_any_bytes_never_hang_and_never_grow(chunks: list[bytes]) -> None:
    reader = FrameReader()
    for chunk in chunks:
        reader.receive_data(chunk)
        events(reader)
    assert len(reader.rest()) <= MAX_BUFFER
