"""Messages to bytes and back, strictly: signed ones in an envelope, plain ones beside their type.

Whoever opens a signed message names the class that the topic says; an envelope of another kind or version is refused.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

import msgspec

from protocols.errors import MalformedError, UnsupportedError
from protocols.ports import Signer, Verifier
from protocols.uplink import envelope
from protocols.uplink.crew import CREW
from protocols.uplink.messages import PLAIN, SIGNED
from protocols.uplink.parts import UNREADABLE, Message

T = TypeVar("T", bound=Message)


@dataclass(frozen=True, slots=True)
class Opened(Generic[T]):
    """A believed message, with its digest and the fingerprint of the key that signed it."""

    message: T
    digest: str
    keyid: str


class Plain(msgspec.Struct, frozen=True):
    """An unsigned message on the wire."""

    type: str
    message: msgspec.Raw


_encoder = msgspec.json.Encoder()
_decoders: dict[type[Message], msgspec.json.Decoder[Message]] = {
    c: msgspec.json.Decoder(c) for c in (*SIGNED, *PLAIN, *CREW)
}
_plain = msgspec.json.Decoder(Plain)


def payload_type(kind: type[Message]) -> str:
    """Return the media type of one kind of message."""
    return type_of(kind.kind, kind.version)


def type_of(kind: str, version: int = 1) -> str:
    """Return the media type of a kind of message by its name."""
    return f"application/vnd.curbstop.{kind}.v{version}+json"


def digest(payload: bytes) -> str:
    """Name a payload: lower-case hex SHA-256."""
    return sha256(payload).hexdigest()


def encode(message: Message) -> bytes:
    """Return the payload's bytes."""
    return _encoder.encode(message)


def seal(message: Message, signer: Signer) -> tuple[bytes, str]:
    """Return the signed envelope and the digest of its payload."""
    payload = encode(message)
    return envelope.seal(payload_type(type(message)), payload, signer), digest(payload)


def open_signed(raw: bytes, kind: type[T], verifier: Verifier) -> Opened[T]:
    """Return the message if it is believed.

    Raises MalformedError, UnsupportedError (another kind or version) or UntrustedError; nothing is parsed before the
    signature holds.
    """
    sealed, payload = envelope.read(raw)
    _expect(sealed.payloadType, kind)
    keyid = envelope.check(sealed, payload, verifier)
    return Opened(_decode(payload, kind), digest(payload), keyid)


def peek(raw: bytes, kind: type[T]) -> Opened[T]:
    """Return the message *unbelieved* (its keyid is empty), to say in a refusal what was refused."""
    sealed, payload = envelope.read(raw)
    _expect(sealed.payloadType, kind)
    return Opened(_decode(payload, kind), digest(payload), "")


def encode_plain(message: Message) -> bytes:
    """Return an unsigned message's bytes."""
    return _encoder.encode({"type": payload_type(type(message)), "message": message})


def decode_plain(raw: bytes, kind: type[T]) -> T:
    """Return an unsigned message; MalformedError or UnsupportedError."""
    try:
        plain = _plain.decode(raw)
    except UNREADABLE as error:
        raise MalformedError("message", f"no message: {error}", expected=payload_type(kind)) from None
    _expect(plain.type, kind)
    return _decode(bytes(plain.message), kind)


def decode_payload(payload: bytes, kind: type[T]) -> T:
    """Return the message of a payload that was opened before and kept; MalformedError where it is none."""
    return _decode(payload, kind)


def _expect(found: str, kind: type[Message]) -> None:
    if found != payload_type(kind):
        raise UnsupportedError(f"{found} came where {payload_type(kind)} is spoken", found=found)


def _decode(payload: bytes, kind: type[T]) -> T:
    try:
        message = _decoders[kind].decode(payload)
    except UNREADABLE as error:
        raise MalformedError(kind.kind, f"no {kind.kind}: {error}", expected=payload_type(kind)) from None
    assert isinstance(message, kind)  # noqa: S101 - the decoder of this class made it
    return message
