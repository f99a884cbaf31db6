"""Link frames as a slave sees them (EN 13757-2; facts in the M-Bus user group's document, rev. 4.8), written by hand.

Not the codec of `protocols.mbus`, on purpose: a frame that codec builds wrongly must be refused here.
"""

from dataclasses import dataclass

ACK = b"\xe5"
START_SHORT = 0x10
START_LONG = 0x68
STOP = 0x16
SHORT_SIZE = 5
LONG_EXTRA = 6
LEAST_BODY = 3
FROM_MASTER_MASK, FROM_MASTER = 0xC0, 0x40


@dataclass(frozen=True, slots=True)
class Request:
    """What a master asks; `ci` is None in a short frame."""

    c: int
    a: int
    ci: int | None = None
    data: bytes = b""


def split(burst: bytes) -> tuple[list[Request], bytes]:
    """Return the requests in what came over the wire, and the rest that may yet become one.

    What is no frame is skipped byte by byte, silently, as a slave's receiver does; so are slaves' frames.
    """
    requests: list[Request] = []
    at = 0
    while at < len(burst):
        size = frame_size(burst[at:])
        if size is None:
            return requests, burst[at:]
        if size:
            request = _request(burst[at : at + size])
            requests += [request] if request else []
        at += size or 1
    return requests, b""


def frame_size(head: bytes) -> int | None:
    """Return the size of the valid frame that `head` begins with; 0 where it is none, None where it is too short."""
    if head[0] == START_SHORT:
        return _checked(head, SHORT_SIZE, 1)
    if head[0] != START_LONG:
        return 0
    if len(head) <= LEAST_BODY:
        return None
    length = head[1]
    if length < LEAST_BODY or head[2] != length or head[3] != START_LONG:
        return 0
    return _checked(head, length + LONG_EXTRA, 4)


def _checked(head: bytes, size: int, body_at: int) -> int | None:
    if len(head) < size:
        return None
    sound = head[size - 1] == STOP and sum(head[body_at : size - 2]) & 0xFF == head[size - 2]
    return size if sound else 0


def _request(frame: bytes) -> Request | None:
    body = frame[1:-2] if frame[0] == START_SHORT else frame[4:-2]
    if body[0] & FROM_MASTER_MASK != FROM_MASTER:
        return None
    return Request(*body) if frame[0] == START_SHORT else Request(body[0], body[1], body[2], body[3:])


def long_frame(c: int, a: int, ci: int, data: bytes) -> bytes:
    """Return a long frame; a control frame where `data` is empty."""
    body = bytes([c, a, ci]) + data
    return bytes([START_LONG, len(body), len(body), START_LONG]) + body + bytes([sum(body) & 0xFF, STOP])
