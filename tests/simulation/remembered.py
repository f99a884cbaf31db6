"""Signatures that were judged once in a world are not judged again: what is remembered is the real verdict.

A seam of the simulation alone. The same bytes under the same key have one verdict for ever, and a life asks for it some
two or three times: a gateway, the control plane, several checkers. Every tenth life remembers nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pytest import MonkeyPatch  # noqa: PT013 - a patch that undoes itself, outside of tests too

from protocols.proof import checkpoint
from protocols.uplink import keys

NEVER_OF = 10
_VERDICTS: dict[tuple[bytes, bytes, bytes], bool] = {}


class Remembering:
    """One public key, as the library's own class."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._key = raw, Ed25519PublicKey.from_public_bytes(raw)

    @staticmethod
    @cache
    def from_public_bytes(raw: bytes) -> "Remembering":
        """The key; ValueError where it is none."""
        return Remembering(raw)

    def verify(self, signature: bytes, data: bytes) -> None:
        """As the library says it; InvalidSignature where it is not this key's."""
        asked = (self._raw, signature, data)
        if asked not in _VERDICTS:
            _VERDICTS[asked] = self._judged(signature, data)
        if not _VERDICTS[asked]:
            raise InvalidSignature

    def _judged(self, signature: bytes, data: bytes) -> bool:
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


@contextmanager
def verdicts(seed: int) -> Iterator[None]:
    """Remember them while this life lasts, unless it is one of those that ask each time."""
    _VERDICTS.clear()
    with MonkeyPatch.context() as monkey:
        if seed % NEVER_OF:
            for module in (keys, checkpoint):
                monkey.setattr(module, "Ed25519PublicKey", Remembering)
        yield
