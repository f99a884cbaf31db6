"""DSSE envelopes: the payload's bytes are signed as they are, so there is no canonical form to disagree about.

Source: facts/PROOF.md; the layout is that of the secure-systems-lab DSSE specification, version 1.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

import msgspec

from protocols.errors import MalformedError, UntrustedError
from protocols.ports import Signer, Verifier
from protocols.uplink.parts import UNREADABLE

MAX_ENVELOPE = 512 * 1024
MAX_SIGNATURES = 8


class Signature(msgspec.Struct, frozen=True):
    """One signature and the fingerprint of its key."""

    keyid: str
    sig: str


class Envelope(msgspec.Struct, frozen=True):
    """The JSON form of a signed payload."""

    payload: str
    payloadType: str  # noqa: N815 - the specification's spelling
    signatures: list[Signature]


_decoder = msgspec.json.Decoder(Envelope)


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload_type: str, payload: bytes, signer: Signer) -> bytes:
    """Return the envelope's JSON."""
    return sealed(payload_type, payload, signer.keyid, sign(payload_type, payload, signer))


def sign(payload_type: str, payload: bytes, signer: Signer) -> bytes:
    """Return the signature (64 bytes) alone."""
    return signer.sign(pre_authentication_encoding(payload_type, payload))


def sealed(payload_type: str, payload: bytes, keyid: str, signature: bytes) -> bytes:
    """Return the JSON of the envelope that was signed so."""
    return msgspec.json.encode(Envelope(_b64(payload), payload_type, [Signature(keyid, _b64(signature))]))


def read(raw: bytes) -> tuple[Envelope, bytes]:
    """Return the envelope and its payload *without* believing it; `MalformedError` where it is none."""
    if len(raw) > MAX_ENVELOPE:
        raise MalformedError("envelope_size", f"envelope of {len(raw)} bytes", expected=f"at most {MAX_ENVELOPE}")
    try:
        envelope = _decoder.decode(raw)
        payload = _unb64(envelope.payload)
    except UNREADABLE as error:
        raise MalformedError("envelope", f"no DSSE envelope: {error}", expected="DSSE JSON") from None
    return envelope, payload


def check(envelope: Envelope, payload: bytes, verifier: Verifier) -> str:
    """Return the fingerprint of the believed key that signed; `UntrustedError` where there is none."""
    if len(envelope.signatures) > MAX_SIGNATURES:
        raise UntrustedError(f"{len(envelope.signatures)} signatures, at most {MAX_SIGNATURES} are looked at")
    signed = pre_authentication_encoding(envelope.payloadType, payload)
    for signature in envelope.signatures:
        if verifier.verify(signature.keyid, signed, _unb64(signature.sig)):
            return signature.keyid
    raise UntrustedError("no signature by a key that is known here")


def _b64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def _unb64(text: str) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise MalformedError("base64", f"no base64: {error}", expected="base64") from None
