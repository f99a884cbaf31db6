"""The master's side of the link: frame-count bits, repeats, and which answer counts. No clock, no line.

Source: MBDOC48 rev. 4.8, link layer. Two next-bits stand per address, one for REQ_UD2 and one for SND_UD; the address
of the selected slave (FD) has its own pair. A repeat keeps its bit. A bit toggles only after a valid answer: for
REQ_UD2 that is an RSP_UD, not the E5 of a slave that has no data.
"""

from dataclasses import dataclass, field

from protocols.errors import OursError
from protocols.mbus.codes import CI_SELECT, CI_SELECT_MODE_2
from protocols.mbus.frame import (
    ANY,
    BROADCAST,
    FCB,
    FCV,
    FIRST,
    FUNCTION,
    LAST,
    PRIMARY,
    REQ_UD1,
    REQ_UD2,
    RSP_UD,
    SELECTED,
    SND_NKE,
    SND_UD,
    UNCONFIGURED,
    Ack,
    Control,
    Frame,
    Long,
    Short,
    encode,
)
from protocols.mbus.reader import FrameReader, Noise

BITS_PER_CHARACTER = 11
TRIES = 3
LONGEST_FRAME = 261
RESPONSE_BITS, RESPONSE_EXTRA_S, IDLE_BITS = 330, 0.05, 33


def duration_s(size: int, baud: int) -> float:
    """How long `size` characters take on the line: start, 8 data, parity, stop."""
    return size * BITS_PER_CHARACTER / baud


def response_timeout_s(baud: int) -> float:
    """The longest a slave may take to begin its answer: 330 bit times and 50 ms."""
    return RESPONSE_BITS / baud + RESPONSE_EXTRA_S


def idle_s(baud: int) -> float:
    """How long the line rests after an exchange that failed: 33 bit times."""
    return IDLE_BITS / baud


@dataclass(slots=True)
class LinkMemory:
    """The next frame-count bits of every address; new after each start and each new connection.

    A slave that has not heard SND_NKE (or a select, for FD) from this memory may hold any bit: `needs_reset` says so.
    """

    _next: dict[tuple[int, int], bool] = field(default_factory=dict)

    def needs_reset(self, address: int) -> bool:
        """Whether SND_NKE is due before this address is used."""
        return address not in (SELECTED, ANY, BROADCAST) and (address, REQ_UD2) not in self._next

    def reset(self, address: int) -> None:
        """After a valid answer to SND_NKE, or to a select: both bits begin at 1."""
        self._next[address, REQ_UD2] = self._next[address, SND_UD] = True

    def forget(self, address: int) -> None:
        """After an exchange that ended without an answer: the slave may have heard it, so its bits are unknown."""
        self._next.pop((address, REQ_UD2), None)
        self._next.pop((address, SND_UD), None)

    def bit(self, address: int, function: int) -> bool:
        """The bit that the next new frame of this function carries."""
        return self._next.get((address, function), True)

    def toggle(self, address: int, function: int) -> None:
        """After a valid answer."""
        self._next[address, function] = not self.bit(address, function)


class Exchange:
    """One request, its repeats, and the one answer that counts.

    `frame` carries no frame-count bits; they are stamped here. Call `to_send`, feed `receive_data`, and on time-out ask
    `timed_out` whether to send again. The reader is the line's own, cleared at each try.
    """

    def __init__(self, memory: LinkMemory, frame: Frame, reader: FrameReader, tries: int = TRIES) -> None:
        if isinstance(frame, Ack):
            raise OursError("a master never sends an acknowledgement")
        self._memory, self._frame, self._reader, self._left = memory, frame, reader, tries
        self._function = frame.c & FUNCTION | PRIMARY
        self._bytes = encode(self._stamped(frame))
        self.noise: list[bytes] = []

    @property
    def address(self) -> int:
        """Whom it is for."""
        assert not isinstance(self._frame, Ack)  # noqa: S101 - refused by __init__
        return self._frame.a

    @property
    def longest_answer(self) -> int:
        """How many characters the answer may have: one, or a whole long frame where data were asked for."""
        return LONGEST_FRAME if self._function in (REQ_UD2, REQ_UD1) else 1

    def to_send(self) -> bytes:
        """Begin a try: the same bytes each time, so that a slave that has acted does not act again."""
        self._left -= 1
        self._reader.clear(echo=self._bytes)
        return self._bytes

    def timed_out(self) -> bool:
        """Whether to send again. If not, SND_NKE is due: a new frame with the old bit would pass for a repeat."""
        rest = self._reader.rest()
        if rest:
            self.noise.append(rest)
        again = self._left > 0 and not self._broadcast()
        if not again:
            self._memory.forget(self.address)
        return again

    def receive_data(self, data: bytes) -> Frame | None:
        """Return the answer if it has come. Another's frame, a wrong kind, an ACK within noise is noise."""
        self._reader.receive_data(data)
        while (event := self._reader.next_event()) is not None:
            if isinstance(event, Noise):
                self.noise.append(event.data)
            elif self._answers(event):
                self._settle(event)
                return event
            else:
                self.noise.append(encode(event))
        return None

    def _stamped(self, frame: Short | Control | Long) -> Short | Control | Long:
        c = frame.c & ~(FCB | FCV)
        if self._function in (REQ_UD2, REQ_UD1, SND_UD) and frame.a != BROADCAST:
            c |= FCV | (FCB if self._memory.bit(frame.a, self._bits()) else 0)
        match frame:
            case Short(_, a):
                return Short(c, a)
            case Control(_, a, ci):
                return Control(c, a, ci)
            case Long(_, a, ci, rest):
                return Long(c, a, ci, rest)

    def _bits(self) -> int:
        """Alarm requests share the bit of data requests."""
        return REQ_UD2 if self._function == REQ_UD1 else self._function

    def _answers(self, event: Frame) -> bool:
        if isinstance(event, Short):
            return False
        if isinstance(event, Ack):
            return True
        requested = self._function in (REQ_UD2, REQ_UD1)
        return requested and event.c & ~0x30 == RSP_UD and self._from_whom(event.a)

    def _from_whom(self, answering: int) -> bool:
        """A selected slave answers from its own primary address; so does anyone to the point-to-point address."""
        if self.address in (SELECTED, ANY):
            return UNCONFIGURED <= answering <= LAST or answering == SELECTED
        return answering == self.address

    def _broadcast(self) -> bool:
        return self.address == BROADCAST

    def _settle(self, answer: Frame) -> None:
        if self._function == SND_NKE or self._selects():
            self._memory.reset(self.address)
        elif self._function == SND_UD or not isinstance(answer, Ack):
            self._memory.toggle(self.address, self._bits())

    def _selects(self) -> bool:
        return isinstance(self._frame, Long) and self._frame.ci in (CI_SELECT, CI_SELECT_MODE_2)


def reset_frame(address: int) -> Short:
    """SND_NKE to `address`."""
    if not FIRST <= address <= LAST and address not in (UNCONFIGURED, SELECTED, ANY, BROADCAST):
        raise OursError(f"no M-Bus address: {address}")
    return Short(SND_NKE, address)
