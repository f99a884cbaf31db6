"""Ed25519 keys (RFC 8032) as the Signer and Verifier of protocols.ports. Files are the seams' business."""

from collections.abc import Iterable
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocols.errors import MalformedError

KEY_SIZE = 32
SHORT = 16


def fingerprint(public: bytes) -> str:
    """Name a raw public key: lower-case hex SHA-256."""
    return sha256(public).hexdigest()


def short_fingerprint(public: bytes) -> str:
    """The sixteen hex digits of it that two people compare aloud."""
    return fingerprint(public)[:SHORT]


def spoken(public: bytes) -> str:
    """The short fingerprint in groups of four, as it is shown and read aloud."""
    short = short_fingerprint(public)
    return "-".join(short[i : i + 4] for i in range(0, SHORT, 4))


def public_from_hex(text: str) -> bytes:
    """Return the raw key of 64 hex digits; `MalformedError` where they are none, or no Ed25519 key."""
    try:
        raw = bytes.fromhex(text)
        Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raise MalformedError("public_key", "no Ed25519 public key", expected="64 hex digits") from None
    return raw


class SigningKey:
    """One private key, from its 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()
        self._keyid = fingerprint(self.public)

    @property
    def keyid(self) -> str:
        """The key's fingerprint."""
        return self._keyid

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature."""
        return self._private.sign(message)


class KeyRing:
    """Public keys that are believed."""

    def __init__(self, publics: Iterable[bytes]) -> None:
        self._keys = {fingerprint(p): Ed25519PublicKey.from_public_bytes(p) for p in publics}

    def verify(self, keyid: str, message: bytes, signature: bytes) -> bool:
        """Whether `keyid` is believed and made this signature."""
        key = self._keys.get(keyid)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True
