import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.reference.telegram import Request, frame_size, long_frame, split
from tests.simulators.talk import long, select, short

REQUEST = short(0x7B, 0x05)
WRITE = long(0x73, 0xFD, 0x51, bytes.fromhex("02 FD 1F 0C C1"))


def test_printed_telegrams_of_the_public_document_are_understood() -> None:
    baud, write = bytes.fromhex("6803036853FEBD0E16"), bytes.fromhex("6806066853FE51017A082516")
    assert split(baud) == ([Request(0x53, 0xFE, 0xBD)], b"")
    assert split(write) == ([Request(0x53, 0xFE, 0x51, bytes.fromhex("01 7A 08"))], b"")
    assert split(bytes.fromhex("10 40 01 41 16")) == ([Request(0x40, 1)], b"")


def test_frames_one_after_the_other_are_told_apart() -> None:
    requests, rest = split(REQUEST + WRITE + REQUEST[:3])
    assert [request.a for request in requests] == [0x05, 0xFD]
    assert rest == REQUEST[:3]


@pytest.mark.parametrize("frame", [REQUEST, WRITE, select()], ids=["short", "write", "select"])
def test_a_frame_with_one_bit_wrong_is_never_that_request(frame: bytes) -> None:
    (right,), _ = split(frame)
    for bit in range(8 * len(frame)):
        wrong = bytearray(frame)
        wrong[bit // 8] ^= 1 << bit % 8
        assert right not in split(bytes(wrong))[0]


@pytest.mark.parametrize("frame", [REQUEST, WRITE], ids=["short", "write"])
def test_a_frame_cut_anywhere_is_no_request(frame: bytes) -> None:
    for size in range(1, len(frame)):
        assert split(frame[:size])[0] == []


def test_noise_before_a_frame_is_skipped() -> None:
    for noise in (b"\xff", b"\x10", b"\x68", b"\x68\x03\x03", b"\xe5\x16"):
        requests, _ = split(noise + REQUEST)
        assert requests == [Request(0x7B, 0x05)] or noise == b"\x68\x03\x03", noise


def test_a_slave_s_own_answer_is_no_request() -> None:
    assert split(long_frame(0x08, 5, 0x72, bytes(12))) == ([], b"")


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_any_bytes_at_all_are_survived(burst: bytes) -> None:
    requests, rest = split(burst)
    assert len(requests) * 5 + len(rest) <= len(burst)
    assert rest == b"" or frame_size(rest) is None
