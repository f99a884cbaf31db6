"""The slave's side of M-Bus: addresses, frame-count memory, selection by secondary address.

Not a meter: what it says and what a write does are the `Application`'s. Not a line: whole requests come in, whole
answers go out, and time stands elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from simulators.reference.telegram import ACK, Request

NETWORK, ALL_ANSWER, NONE_ANSWERS = 0xFD, 0xFE, 0xFF
FCB, FCV = 0x20, 0x10
SND_UD = 0x3
FUNCTION = 0x0F
APPLICATION_RESET = 0x50
SELECT = 0x52
SELECTION_SIZE = 8
ENHANCED_AT, ENHANCED_MARK, ENHANCED_SIZE = 8, b"\x0c\x78", 14


@dataclass(frozen=True, slots=True)
class Name:
    """A secondary address as it travels: BCD and numbers with the least significant byte first."""

    id: bytes
    manufacturer: bytes
    version: int
    medium: int
    fabrication: bytes | None = None

    def answers_to(self, selection: bytes) -> bool:
        """Whether a selection (8 bytes; 14 with a fabrication number) means this slave."""
        if len(selection) == ENHANCED_SIZE and selection[ENHANCED_AT : ENHANCED_AT + 2] == ENHANCED_MARK:
            wanted = selection[ENHANCED_AT + 2 :]
            return self.fabrication is not None and _digits_match(wanted, self.fabrication) and self._plain(selection)
        return len(selection) == SELECTION_SIZE and self._plain(selection)

    def _plain(self, selection: bytes) -> bool:
        return (
            _digits_match(selection[0:4], self.id)
            and selection[4:6] in (self.manufacturer, b"\xff\xff")
            and selection[6] in (self.version, 0xFF)
            and selection[7] in (self.medium, 0xFF)
        )


def _digits_match(wanted: bytes, own: bytes) -> bool:
    """Compare BCD digit by digit; F stands for any digit."""
    pairs = zip(wanted.hex(), own.hex(), strict=True)
    return all(want in ("f", digit) for want, digit in pairs)


class Application(Protocol):
    """What a slave carries."""

    @property
    def name(self) -> Name | None:
        """The secondary address; None where it can't be selected."""

    def answers(self, address: int) -> Sequence[bytes]:
        """Return the link frames of one readout, in order, as sent from primary address `address`."""

    def write(self, ci: int, data: bytes) -> None:
        """Do what a SND_UD says, or refuse it; the link acknowledges either way."""


@dataclass(slots=True)
class _Memory:
    """What a slave remembers of one conversation: the last frame-count bits, and how far a readout has come."""

    sent: int | None = None
    asked: int | None = None
    last: bytes = b""
    coming: list[bytes] = field(default_factory=list)


class Slave:
    """One slave at a primary address."""

    def __init__(self, application: Application, address: int = 0) -> None:
        self.application = application
        self.address = address
        self.selected = False
        self._own = _Memory()
        self._network = _Memory()

    def receive(self, request: Request) -> bytes | None:
        """Take one valid request and return the answer, or None for silence."""
        if request.a == NETWORK and request.ci == SELECT and request.c & FUNCTION == SND_UD:
            return self._select(request.data)
        if not self._is_meant(request.a):
            return None
        answer = self._serve(request)
        return None if request.a == NONE_ANSWERS else answer

    def _is_meant(self, address: int) -> bool:
        return self.selected if address == NETWORK else address in (self.address, ALL_ANSWER, NONE_ANSWERS)

    def _select(self, selection: bytes) -> bytes | None:
        name = self.application.name
        self.selected = name is not None and name.answers_to(selection)
        self._network = _Memory()
        return ACK if self.selected else None

    def _serve(self, request: Request) -> bytes | None:
        match request.c & FUNCTION, request.ci:
            case 0x0, None:
                return self._reset(request.a)
            case 0xB, None:
                return self._readout(request)
            case 0xA, None:
                return ACK
            case 0x3, int(ci):
                return self._take(request, ci)
            case _:
                return None

    def _reset(self, address: int) -> bytes:
        if address == NETWORK:
            self.selected, self._network = False, _Memory()
        else:
            self._own = _Memory()
        return ACK

    def _memory(self, address: int) -> _Memory:
        return self._network if address == NETWORK else self._own

    def _readout(self, request: Request) -> bytes:
        memory, count = self._memory(request.a), _count(request.c)
        if count is None or count != memory.asked or not memory.last:
            memory.coming = memory.coming or list(self.application.answers(self.address))
            memory.last = memory.coming.pop(0)
        memory.asked = count
        return memory.last

    def _take(self, request: Request, ci: int) -> bytes:
        memory, count = self._memory(request.a), _count(request.c)
        if count is None or count != memory.sent:
            if ci == APPLICATION_RESET:
                memory.coming.clear()
            else:
                self.application.write(ci, request.data)
        memory.sent = count
        return ACK


def _count(c: int) -> int | None:
    """The frame-count bit, None where it does not count."""
    return c & FCB if c & FCV else None
