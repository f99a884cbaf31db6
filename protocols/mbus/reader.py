"""From a stream of bytes to frames: split reads, echo, noise. Never blocks, never keeps more than a frame and a bit.

E5 is also a byte that noise is made of: an acknowledgement counts only when it is all that came. A slave sends one
frame a request, so whoever waits for an answer calls `clear` before it asks.
"""

from dataclasses import dataclass

from protocols.errors import MalformedError
from protocols.mbus.frame import ACK, START_LONG, START_SHORT, Ack, Frame, decode, size

MAX_BUFFER = 4096


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that belong to no frame: a collision, a wrong baud rate, a disturbed line."""

    data: bytes


class FrameReader:
    """`receive_data(bytes)`, then `next_event()` until it returns None."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._echo = b""
        self._noisy = False

    def clear(self, echo: bytes = b"") -> None:
        """Forget everything; if the next bytes are exactly `echo`, our own request coming back, they are dropped."""
        self._buffer.clear()
        self._echo = echo
        self._noisy = False

    def receive_data(self, data: bytes) -> None:
        """Take what came; beyond a bound the oldest bytes are dropped: nobody is reading them."""
        self._buffer += data
        del self._buffer[:-MAX_BUFFER]

    def next_event(self) -> Frame | Noise | None:
        """Return the next frame or the noise before it; None when more bytes are needed to say."""
        if not self._drop_echo() or not self._buffer:
            return None
        length = size(bytes(self._buffer[:4]))
        if length is None or length > len(self._buffer):
            return None
        if length:
            try:
                return self._take(length)
            except MalformedError:
                return self._noise()
        return self._noise()

    def rest(self) -> bytes:
        """Return the bytes of a frame that has begun and not ended, and forget them: the wait for it is over."""
        left = bytes(self._buffer)
        self._buffer.clear()
        self._noisy = self._noisy or bool(left)
        return left

    def _take(self, length: int) -> Frame | Noise:
        frame = decode(bytes(self._buffer[:length]))
        if isinstance(frame, Ack) and (self._noisy or len(self._buffer) > 1):
            return self._noise()
        del self._buffer[:length]
        return frame

    def _noise(self) -> Noise:
        """Cut off what stands before the next byte that may begin a frame."""
        self._noisy = True
        starts = (START_LONG, START_SHORT, ACK)
        end = next((i for i in range(1, len(self._buffer)) if self._buffer[i] in starts), len(self._buffer))
        noise = bytes(self._buffer[:end])
        del self._buffer[:end]
        return Noise(noise)

    def _drop_echo(self) -> bool:
        """Whether what is buffered can be judged: False while it may still become our echo."""
        if not self._echo:
            return True
        if self._buffer.startswith(self._echo):
            del self._buffer[: len(self._echo)]
            self._echo = b""
            return True
        if self._echo.startswith(self._buffer):
            return False
        self._echo = b""
        return True
