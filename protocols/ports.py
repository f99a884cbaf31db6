"""Shapes of the seams: typing only. `seams` has the real ones, `simulators` the simulated."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks: the wall's, which may jump, and one that only runs on, through suspend too."""

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC."""

    def boot(self) -> float:
        """Return seconds on a clock that never jumps and runs through suspend."""


class Entropy(Protocol):
    """Where chance comes from."""

    def token(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""

    def fraction(self) -> float:
        """Return a number in [0, 1), for jitter."""


class Wire(Protocol):
    """Bytes to and from meters. Any failure is an `OSError`; after one the wire is opened anew."""

    async def write(self, data: bytes) -> None:
        """Hand over all bytes; return when the transport has taken them."""

    async def read(self) -> bytes:
        """Return what has come, at least one byte; empty means the other side has closed."""

    def read_now(self) -> bytes | None:
        """Return what has come already, without waiting: None if nothing has, empty if the other side has closed."""

    async def close(self) -> None:
        """Release the transport; never raises."""


class Dial(Protocol):
    """Opens a wire, again and again."""

    async def __call__(self) -> Wire:
        """Return an open wire; `OSError` where it can't be had now."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the broker. Retain flags are not carried: never judged by (facts/LIBRARIES.md, amqtt)."""

    topic: str
    payload: bytes


class Broker(Protocol):
    """One session at a broker."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1. Returning means the broker took it, not that anybody keeps it; `ConnectionError` if not."""

    def messages(self) -> AsyncIterator[Message]:
        """Iterate over what arrives; ends with `ConnectionError` when the session is lost."""


class Connect(Protocol):
    """Opens sessions at a broker, subscribed to `topics`, leaving `will` behind if it breaks."""

    def __call__(self, topics: list[str], will: Message | None) -> AbstractAsyncContextManager[Broker]:
        """Enter to connect; `ConnectionError` where it can't be had now."""


class Signer(Protocol):
    """Signs bytes with one private key."""

    @property
    def keyid(self) -> str:
        """Return the key's fingerprint: lower-case hex SHA-256 of the raw public key."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature."""


class Verifier(Protocol):
    """Checks signatures of known keys."""

    def verify(self, keyid: str, message: bytes, signature: bytes) -> bool:
        """Whether `keyid` is known and its key made this signature."""
