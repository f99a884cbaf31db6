"""The link: frame-count bits, repeats, and whose answer counts."""

import pytest

from protocols.errors import OursError
from protocols.mbus.frame import BROADCAST, REQ_UD2, SELECTED, SND_NKE, SND_UD, Ack, Frame, Long, Short, decode, encode
from protocols.mbus.link import Exchange, LinkMemory, duration_s, idle_s, reset_frame, response_timeout_s
from protocols.mbus.reader import FrameReader
from protocols.mbus.secondary import select
from protocols.types import Identity

WHO = Identity("12345678", "CBS", 1, 7)
WRITE = Long(SND_UD, 5, 0x51, b"\x01\x7a\x08")


def rsp(address: int, data: bytes = b"\x00") -> bytes:
    return encode(Long(0x08, address, 0x78, data))


def ask(memory: LinkMemory, frame: Frame, *answers: bytes) -> tuple[list[int], Frame | None]:
    """Send, answer each try with the next of `answers` (empty: silence); return the C fields sent and the answer."""
    exchange, sent = Exchange(memory, frame, FrameReader()), []
    for answer in answers:
        request = decode(exchange.to_send())
        assert not isinstance(request, Ack)
        sent.append(request.c)
        got = exchange.receive_data(answer)
        if got is not None or not exchange.timed_out():
            return sent, got
    return sent, None


def test_the_first_request_after_a_reset_carries_the_bit() -> None:
    memory = LinkMemory()
    assert memory.needs_reset(5)
    assert ask(memory, reset_frame(5), b"\xe5") == ([SND_NKE], Ack())
    assert not memory.needs_reset(5)
    assert ask(memory, Short(REQ_UD2, 5), rsp(5))[0] == [0x7B]
    assert ask(memory, Short(REQ_UD2, 5), rsp(5))[0] == [0x5B]
    assert ask(memory, Short(REQ_UD2, 5), rsp(5))[0] == [0x7B]


def test_each_direction_and_each_address_has_its_own_bit() -> None:
    memory = LinkMemory()
    memory.reset(5)
    memory.reset(6)
    assert ask(memory, Short(REQ_UD2, 5), rsp(5))[0] == [0x7B]
    assert ask(memory, WRITE, b"\xe5")[0] == [0x73]
    assert ask(memory, WRITE, b"\xe5")[0] == [0x53]
    assert ask(memory, Short(REQ_UD2, 6), rsp(6))[0] == [0x7B]


def test_I2_a_repeat_keeps_its_bit_so_that_nothing_is_done_twice() -> None:
    memory = LinkMemory()
    memory.reset(5)
    assert ask(memory, WRITE, b"", b"", b"\xe5") == ([0x73, 0x73, 0x73], Ack())
    assert ask(memory, WRITE, b"\xe5")[0] == [0x53]


def test_three_tries_and_no_more() -> None:
    memory = LinkMemory()
    memory.reset(5)
    assert ask(memory, WRITE, b"", b"", b"", b"\xe5") == ([0x73, 0x73, 0x73], None)


def test_an_unanswered_request_does_not_toggle() -> None:
    memory = LinkMemory()
    memory.reset(5)
    ask(memory, Short(REQ_UD2, 5), b"", b"", b"")
    assert ask(memory, Short(REQ_UD2, 5), rsp(5))[0] == [0x7B]


def test_e5_to_a_request_means_no_data_and_does_not_toggle() -> None:
    memory = LinkMemory()
    memory.reset(5)
    assert ask(memory, Short(REQ_UD2, 5), b"\xe5") == ([0x7B], Ack())
    assert ask(memory, Short(REQ_UD2, 5), rsp(5))[0] == [0x7B]


def test_a_select_clears_the_bits_of_the_selected_address() -> None:
    memory = LinkMemory()
    ask(memory, select(WHO), b"\xe5")
    assert ask(memory, Short(REQ_UD2, SELECTED), rsp(9))[0] == [0x7B]
    assert ask(memory, Short(REQ_UD2, SELECTED), rsp(9))[0] == [0x5B]
    ask(memory, select(WHO), b"\xe5")
    assert ask(memory, Short(REQ_UD2, SELECTED), rsp(9))[0] == [0x7B]


@pytest.mark.parametrize(
    "answer",
    [
        rsp(6),
        encode(Short(0x40, 5)),
        encode(Long(0x53, 5, 0x51, b"\x00")),
        b"\xe5\xe5",
        rsp(5)[:-1],
        b"\x00" * 10,
    ],
    ids=["another meter", "a short frame", "a master's frame", "two at once", "cut off", "garbage"],
)
def test_I13_what_is_no_answer_is_never_credited(answer: bytes) -> None:
    memory = LinkMemory()
    memory.reset(5)
    sent, got = ask(memory, Short(REQ_UD2, 5), answer, b"", b"")
    assert (sent, got) == ([0x7B, 0x7B, 0x7B], None)


def test_I13_data_never_answer_a_write() -> None:
    memory = LinkMemory()
    memory.reset(5)
    assert ask(memory, WRITE, rsp(5), b"", b"")[1] is None


def test_I13_what_came_before_the_request_is_forgotten() -> None:
    memory, reader = LinkMemory(), FrameReader()
    memory.reset(5)
    reader.receive_data(rsp(5, b"\x01"))
    exchange = Exchange(memory, Short(REQ_UD2, 5), reader)
    exchange.to_send()
    assert exchange.receive_data(b"") is None
    assert exchange.receive_data(rsp(5, b"\x02")) == Long(0x08, 5, 0x78, b"\x02")


def test_a_broadcast_is_sent_once_without_a_bit() -> None:
    memory = LinkMemory()
    assert ask(memory, Long(SND_UD, BROADCAST, 0x51, b"\x00"), b"", b"") == ([0x43], None)


def test_what_was_noise_is_kept_for_the_record() -> None:
    exchange = Exchange(LinkMemory(), Short(REQ_UD2, 5), FrameReader())
    exchange.to_send()
    assert exchange.receive_data(b"\x00\x01" + rsp(6)) is None
    assert b"".join(exchange.noise) == b"\x00\x01" + rsp(6)


def test_a_master_never_acknowledges() -> None:
    with pytest.raises(OursError):
        Exchange(LinkMemory(), Ack(), FrameReader())
    with pytest.raises(OursError):
        reset_frame(0xFB)


def test_times_are_those_of_the_standard() -> None:
    assert round(response_timeout_s(2400) * 1000, 1) == 187.5
    assert round(response_timeout_s(300) * 1000) == 1150
    assert round(duration_s(1, 2400) * 1000, 3) == 4.583
    assert round(idle_s(9600) * 1000, 2) == 3.44
