"""Whose keys are believed: a file of lines `ROLE NAME KEY`, got by another way than the dossier that it judges.

    # the water utility's, read out by telephone on 24 November
    log     log.example/curbstop  03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8
    house   house                 29acbae141bccaf0b22e1a94d34d0bc7361e526d0bfe12c89794bc9322966dd7
    gateway gw-1                  ...

Roles: `log` signs checkpoints and dossiers, under its name; `house` commands, permits and crews' releases; `gateway`
what it has seen; `device` what a crew has. A key is 64 hex digits; a log's may stand alone, as notes write it:
`NAME+ID+BASE64`. A name may have several keys: those before and after a change.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from protocols.errors import MalformedError
from protocols.proof import checkpoint
from protocols.proof.checkpoint import NoteKey
from protocols.uplink.keys import fingerprint, public_from_hex

MOST_BYTES = 1024 * 1024
NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")
EXPECTED = "ROLE NAME KEY, with ROLE one of log, house, gateway, device and KEY 64 hex digits"


class Role(StrEnum):
    """What a key signs."""

    LOG = "log"
    HOUSE = "house"
    GATEWAY = "gateway"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, whose it is, and in which role."""

    role: Role
    name: str
    public: bytes

    @property
    def keyid(self) -> str:
        """The fingerprint: lower-case hex SHA-256 of the public key."""
        return fingerprint(self.public)

    def __str__(self) -> str:
        return f"{self.role} {self.name} {self.public.hex()}"


class Keys:
    """Keys by fingerprint."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self._keys: dict[str, list[Key]] = {}
        for key in keys:
            self._keys.setdefault(key.keyid, []).append(key)

    def of(self, keyid: str, role: Role) -> list[Key]:
        """The key of this fingerprint in this role, by each name that it has there."""
        return [key for key in self._keys.get(keyid, []) if key.role is role]

    def has(self, keyid: str) -> bool:
        """Whether the key is here, whatever its role."""
        return keyid in self._keys

    def named(self, role: Role, name: str) -> list[Key]:
        """All keys of one name."""
        return [key for keys in self._keys.values() for key in keys if (key.role, key.name) == (role, name)]

    def notes(self) -> list[NoteKey]:
        """The keys that sign checkpoints."""
        return [NoteKey(k.name, k.public) for keys in self._keys.values() for k in keys if k.role is Role.LOG]

    def __bool__(self) -> bool:
        return bool(self._keys)


def read(raw: bytes) -> Keys:
    """Return the keys of a file; MalformedError names the line that is none."""
    if len(raw) > MOST_BYTES:
        raise MalformedError("keys", f"a file of keys of {len(raw)} bytes", expected=f"at most {MOST_BYTES}")
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise MalformedError("keys", "it is not text (UTF-8)", offset=error.start, expected=EXPECTED) from None
    told = [(n, line.partition("#")[0].split()) for n, line in enumerate(lines, 1)]
    return Keys(_key(number, words) for number, words in told if words)


def _key(number: int, words: list[str]) -> Key:
    try:
        return _note_key(words[0]) if len(words) == 1 else _named(*words)
    except MalformedError as error:
        raise MalformedError("keys", f"line {number}: {error}", expected=error.expected) from None
    except (TypeError, ValueError):
        raise MalformedError("keys", f"line {number}: no key", expected=EXPECTED) from None


def _note_key(written: str) -> Key:
    note = checkpoint.key(written)
    return Key(Role.LOG, note.name, note.public)


def _named(role: str, name: str, public: str) -> Key:
    if not NAME.fullmatch(name):
        raise MalformedError("keys", f"{name!r} can't name a key", expected=EXPECTED)
    return Key(Role(role), name, public_from_hex(public))
