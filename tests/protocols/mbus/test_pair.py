"""Both ends of a bad line: our master's link against a slave written by hand, which knows nothing of our codec."""

from collections.abc import Sequence
from enum import Enum

from hypothesis import given
from hypothesis import strategies as st

from protocols.mbus.frame import REQ_UD2, SELECTED, SND_UD, Ack, Frame, Long, Short
from protocols.mbus.link import Exchange, LinkMemory, reset_frame
from protocols.mbus.reader import FrameReader
from protocols.mbus.secondary import select
from protocols.mbus.telegram import decode_telegram, join
from protocols.types import Identity
from simulators.reference.slave import Name, Slave
from simulators.reference.telegram import long_frame, split

ADDRESS = 5
WHO = Identity("12345678", "CBS", 1, 7)
HEADER = bytes.fromhex("78563412530c010700000000")


class Fault(Enum):
    """What the line does to one try."""

    NONE = "none"
    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost"
    ANSWER_CUT = "answer cut"
    ANSWER_FLIPPED = "answer flipped"
    ECHO = "echo"
    NOISE = "noise"
    ONE_BY_ONE = "one by one"


class Memo:
    """A slave's application: keeps what it was told; each readout takes two telegrams."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.name = Name(HEADER[:4], HEADER[4:6], 1, 7)

    def answers(self, address: int) -> Sequence[bytes]:
        volumes = (b"\x01\x10\x01\x1f", b"\x01\x10\x02")
        return [long_frame(0x08, address, 0x72, HEADER + volume) for volume in volumes]

    def write(self, ci: int, data: bytes) -> None:
        assert ci == 0x51
        self.written.append(data)


class Line:
    """One master and one slave; `faults` are used up one a try, then the line is good."""

    def __init__(self, faults: list[Fault]) -> None:
        self.memo = Memo()
        self.slave = Slave(self.memo, ADDRESS)
        self.memory, self.reader, self.faults = LinkMemory(), FrameReader(), faults

    def ask(self, frame: Frame) -> Frame | None:
        exchange = Exchange(self.memory, frame, self.reader)
        while True:
            for piece in self._carry(exchange.to_send()):
                answer = exchange.receive_data(piece)
                if answer is not None:
                    return answer
            if not exchange.timed_out():
                return None

    def reach(self, frame: Frame) -> Frame | None:
        """Ask, resetting the link first where that is due."""
        if self.memory.needs_reset(ADDRESS) and self.ask(reset_frame(ADDRESS)) is None:
            return None
        return self.ask(frame)

    def _carry(self, request: bytes) -> list[bytes]:
        fault = self.faults.pop(0) if self.faults else Fault.NONE
        if fault is Fault.REQUEST_LOST:
            return []
        (heard,), rest = split(request)
        assert not rest
        answer = self.slave.receive(heard) or b""
        match fault:
            case Fault.ANSWER_LOST:
                return []
            case Fault.ANSWER_CUT:
                return [answer[: len(answer) // 2]]
            case Fault.ANSWER_FLIPPED:
                return [bytes([answer[0] ^ 0x08]) + answer[1:]] if answer else []
            case Fault.ECHO:
                return [request + answer]
            case Fault.NOISE:
                return [b"\x00\xff" + answer]
            case Fault.ONE_BY_ONE:
                return [bytes([b]) for b in request + answer]
            case _:
                return [answer]


FAULTS = st.lists(st.sampled_from(Fault), max_size=30)


@given(FAULTS, st.integers(1, 6))
def test_I2_an_acknowledged_write_was_done_once_and_none_twice(faults: list[Fault], count: int) -> None:
    line = Line(faults)
    for number in range(count):
        told = bytes([0x01, 0x7A, number])
        answer = line.reach(Long(SND_UD, ADDRESS, 0x51, told))
        assert line.memo.written.count(told) == 1 if answer == Ack() else line.memo.written.count(told) <= 1


@given(FAULTS)
def test_a_readout_in_two_telegrams_is_whole_or_not_there(faults: list[Fault]) -> None:
    line = Line(faults)
    first = line.reach(Short(REQ_UD2, ADDRESS))
    if not isinstance(first, Long):
        return
    telegrams = [decode_telegram(first)]
    while telegrams[-1].more_follows:
        more = line.ask(Short(REQ_UD2, ADDRESS))
        if not isinstance(more, Long):
            return
        telegrams.append(decode_telegram(more))
    values = [r.data for r in join(telegrams).records if r.vif == b"\x10"]
    assert values == [b"\x01", b"\x02"]


@given(FAULTS)
def test_a_selected_slave_is_written_to_as_its_primary_address_is(faults: list[Fault]) -> None:
    line = Line(faults)
    for number in range(3):
        told = bytes([0x01, 0x7A, number])
        if line.ask(select(WHO)) != Ack():
            continue
        if line.ask(Long(SND_UD, SELECTED, 0x51, told)) == Ack():
            assert line.memo.written.count(told) == 1
        assert line.memo.written.count(told) <= 1


def test_a_lost_acknowledgement_never_makes_the_next_order_a_repeat() -> None:
    line = Line([Fault.NONE, *[Fault.ANSWER_LOST] * 3])
    close, open_ = b"\x01\x7a\x01", b"\x01\x7a\x02"
    assert line.reach(Long(SND_UD, ADDRESS, 0x51, close)) is None
    assert line.memory.needs_reset(ADDRESS)
    assert line.reach(Long(SND_UD, ADDRESS, 0x51, open_)) == Ack()
    assert line.memo.written == [close, open_]
