"""Link frames of EN 13757-2: ACK, short, control and long; strict in both directions. Not here: who may answer whom.

Source: facts of the M-Bus user group's document MBDOC48 rev. 4.8 (link layer).
"""

from dataclasses import dataclass
from zlib import adler32

from protocols.errors import MalformedError, OursError

START_LONG, START_SHORT, STOP, ACK = 0x68, 0x10, 0x16, 0xE5

SND_NKE, SND_UD, REQ_UD1, REQ_UD2, RSP_UD = 0x40, 0x43, 0x4A, 0x4B, 0x08
FCB, FCV = 0x20, 0x10
FUNCTION = 0x0F
PRIMARY = 0x40
"""Bit 6 of the C field: from master to slave."""

UNCONFIGURED, FIRST, LAST, SELECTED, ANY, BROADCAST = 0x00, 0x01, 0xFA, 0xFD, 0xFE, 0xFF
MAX_DATA = 252
SHORT_SIZE, LONG_OVERHEAD, HEAD_SIZE = 5, 6, 4


@dataclass(frozen=True, slots=True)
class Ack:
    """The single character E5: the link layer took it. Not success of anything else."""


@dataclass(frozen=True, slots=True)
class Short:
    """`10 C A CS 16`."""

    c: int
    a: int


@dataclass(frozen=True, slots=True)
class Control:
    """`68 03 03 68 C A CI CS 16`: a long frame without data."""

    c: int
    a: int
    ci: int


@dataclass(frozen=True, slots=True)
class Long:
    """`68 L L 68 C A CI data CS 16`; 1 to 252 bytes of data."""

    c: int
    a: int
    ci: int
    data: bytes


Frame = Ack | Short | Control | Long


def checksum(body: bytes) -> int:
    """Sum modulo 256 of the bytes from C to the last of data.

    Adler-32 begun at 0 holds the plain sum in its lower half, exact for as many bytes as a frame has, and 4 times as
    fast as `sum`.
    """
    return adler32(body, 0) & 0xFF


def encode(frame: Frame) -> bytes:
    """Return the frame's bytes; OursError where a field does not fit."""
    try:
        match frame:
            case Ack():
                return bytes([ACK])
            case Short(c, a):
                return bytes([START_SHORT, c, a, (c + a) & 0xFF, STOP])
            case Control(c, a, ci):
                return _long(bytes([c, a, ci]))
            case Long(c, a, ci, data):
                return _long(bytes([c, a, ci]) + data)
    except ValueError as error:
        raise OursError(f"{frame}: {error}") from None


def _long(body: bytes) -> bytes:
    if len(body) > MAX_DATA + 3:
        raise OursError(f"{len(body) - 3} bytes of data, at most {MAX_DATA} fit into a frame")
    return bytes([START_LONG, len(body), len(body), START_LONG]) + body + bytes([checksum(body), STOP])


def size(head: bytes) -> int | None:
    """How long the frame is that begins with `head`: None while that can't be told yet; 0 where none begins so."""
    if not head:
        return None
    if head[0] == ACK:
        return 1
    if head[0] == START_SHORT:
        return SHORT_SIZE
    return _long_size(head) if head[0] == START_LONG else 0


def _long_size(head: bytes) -> int | None:
    lengths = head[1:3]
    if len(set(lengths)) > 1 or (lengths and lengths[0] < len(("C", "A", "CI"))) or head[3:4] not in (b"", b"h"):
        return 0
    return lengths[0] + LONG_OVERHEAD if len(head) >= HEAD_SIZE else None


def decode(data: bytes) -> Frame:
    """Return the one frame that `data` is.

    Raises MalformedError with code `empty`, `start`, `length`, `truncated`, `trailing`, `checksum` or `stop`.
    """
    if not data:
        raise _bad("empty", 0, "E5, 10 or 68", "no bytes at all")
    if data[0] == ACK:
        _exactly(data, 1)
        return Ack()
    if data[0] == START_SHORT:
        _exactly(data, SHORT_SIZE)
        _closed(data, data[1:3])
        return Short(data[1], data[2])
    if data[0] != START_LONG:
        raise _bad("start", 0, "E5, 10 or 68", f"{data[0]:02X} begins no frame")
    return _decode_long(data)


def _decode_long(data: bytes) -> Control | Long:
    if len(data) < HEAD_SIZE:
        raise _bad("truncated", len(data), "68 L L 68", "the frame ends in its head")
    if data[1] != data[2]:
        raise _bad("length", 2, f"{data[1]:02X}", f"the length fields differ: {data[1]:02X} and {data[2]:02X}")
    if data[3] != START_LONG:
        raise _bad("start", 3, "68", f"{data[3]:02X} stands where the second 68 must")
    if data[1] < len(("C", "A", "CI")):
        raise _bad("length", 1, "03 to FF", f"length {data[1]} has no room for C, A and CI")
    _exactly(data, data[1] + LONG_OVERHEAD)
    body = data[HEAD_SIZE:-2]
    _closed(data, body)
    if len(body) == len(("C", "A", "CI")):
        return Control(*body)
    return Long(body[0], body[1], body[2], body[3:])


def _exactly(data: bytes, wanted: int) -> None:
    if len(data) < wanted:
        raise _bad("truncated", len(data), f"{wanted} bytes", f"the frame ends after {len(data)} of {wanted} bytes")
    if len(data) > wanted:
        raise _bad("trailing", wanted, "the end", f"{len(data) - wanted} bytes follow the frame")


def _closed(data: bytes, body: bytes) -> None:
    if data[-1] != STOP:
        raise _bad("stop", len(data) - 1, "16", f"{data[-1]:02X} stands where 16 ends the frame")
    if data[-2] != checksum(body):
        raise _bad("checksum", len(data) - 2, f"{checksum(body):02X}", f"the checksum is {data[-2]:02X}")


def _bad(code: str, offset: int, expected: str, message: str) -> MalformedError:
    return MalformedError(code, message, offset=offset, expected=expected)
