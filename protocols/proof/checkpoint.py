"""Checkpoints of the log: C2SP tlog-checkpoint in a signed note, Ed25519 (facts/PROOF.md has a known answer).

A note is its text, an empty line, and one line a signature. Signatures of keys that are not known here are passed
over and never counted; one that bears the name of a known key and is wrong spoils the whole note. There is one way
to write a note: whatever would be written otherwise is refused.
"""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocols.errors import MalformedError, UntrustedError
from protocols.ports import Signer
from protocols.proof.tree import HASH_SIZE, MOST_LEAVES

ED25519 = b"\x01"
KEY_ID_SIZE, PUBLIC_SIZE, SIGNATURE_SIZE = 4, 32, 64
MOST_BYTES = 64 * 1024
MOST_SIGNATURES = 64
NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")
"""A key's name: no white space, no plus sign."""
SIGNATURE = re.compile(r"— ([^ ]+) ([A-Za-z0-9+/=]+)")
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
FORM = "signed note: text, an empty line, then lines of — NAME BASE64"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the log says of itself: how many entries, their root, and whatever its further lines say."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key by the name under which it signs notes."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names the key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_SIZE]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_b64(ED25519 + self.public)}"

    def made(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made this signature."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the name and key id that it claims, and the signature."""

    name: str
    key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint as it was read, *unbelieved*: its text's bytes, what they say, and who claims to have signed."""

    text: bytes
    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]


def text(checkpoint: Checkpoint) -> bytes:
    """Return the bytes that are signed; ValueError where they could not be read back."""
    lines = [checkpoint.origin, str(checkpoint.size), _b64(checkpoint.root), *checkpoint.extensions]
    written = "".join(f"{line}\n" for line in lines).encode()
    try:
        again = _checkpoint(written)
    except MalformedError as error:
        raise ValueError(f"this is no checkpoint: {error}") from None
    if again != checkpoint:
        raise ValueError("a line of this checkpoint holds a line break")
    return written


def sign(checkpoint: Checkpoint, *signers: tuple[str, Signer, bytes]) -> bytes:
    """Return the note, signed by each signer: the name it signs under, the key, and its public half."""
    signed = text(checkpoint)
    lines = [_line(name, signer.sign(signed), public) for name, signer, public in signers]
    return signed + b"\n" + b"".join(lines)


def read(note: bytes) -> Note:
    """Return what a note says *without* believing it; MalformedError where it is none."""
    if len(note) > MOST_BYTES:
        raise MalformedError("note_size", f"a note of {len(note)} bytes", expected=f"at most {MOST_BYTES}")
    signed, empty, rest = note.rpartition(b"\n\n")
    if not empty or not rest.endswith(b"\n"):
        raise MalformedError("note", "no signed note: it has no empty line with signatures after it", expected=FORM)
    signed += b"\n"
    lines = _utf8(rest)[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise MalformedError("note", f"{len(lines)} signatures", expected=f"at most {MOST_SIGNATURES}")
    return Note(signed, _checkpoint(signed), tuple(_signature(line) for line in lines))


def signers(note: Note, keys: Iterable[NoteKey]) -> tuple[str, ...]:
    """Return the names of the known keys that signed, sorted; UntrustedError where one did not, or signed twice."""
    known = {(key.name, key.id): key for key in keys}
    found: set[NoteKey] = set()
    for line in note.signatures:
        key = known.get((line.name, line.key))
        if key is None:
            continue
        if key in found:
            raise UntrustedError(f"two signatures by one key of {line.name} on one checkpoint")
        if not key.made(line.signature, note.text):
            raise UntrustedError(f"the signature of {line.name} is wrong")
        found.add(key)
    return tuple(sorted({key.name for key in found}))


def key(written: str) -> NoteKey:
    """Return the key of its written form, NAME+ID+BASE64; MalformedError where it is none."""
    name, _, rest = written.partition("+")
    ident, _, coded = rest.partition("+")
    expected = "NAME+8 hex digits+base64 of 01 and the 32 bytes of an Ed25519 key"
    raw = _unb64(coded, expected)
    if not NAME.fullmatch(name) or len(raw) != 1 + PUBLIC_SIZE or raw[:1] != ED25519:
        raise MalformedError("note_key", f"no key of a note: {written!r}", expected=expected)
    found = NoteKey(name, raw[1:])
    if str(found) != written:
        raise MalformedError("note_key", f"the key {ident} is not that of {name}", expected=expected)
    return found


def _checkpoint(signed: bytes) -> Checkpoint:
    lines = _utf8(signed)[:-1].split("\n")
    if len(lines) < 3 or not all(lines):  # noqa: PLR2004 - origin, size, root
        raise MalformedError(
            "checkpoint", "no checkpoint: too few lines", expected="origin, size and root, a line each"
        )
    origin, size, coded, *extensions = lines
    if not NAME.fullmatch(origin):
        raise MalformedError("origin", f"{origin!r} can't name a log", expected="no white space, no plus sign")
    if not DECIMAL.fullmatch(size) or int(size) > MOST_LEAVES:
        raise MalformedError("size", f"{size!r} is no size of a log", expected="a decimal without leading zeros")
    root = _unb64(coded, "the root in base64")
    if len(root) != HASH_SIZE:
        raise MalformedError("root", f"a root of {len(root)} bytes", expected=str(HASH_SIZE))
    return Checkpoint(origin, int(size), root, tuple(extensions))


def _signature(line: str) -> Signature:
    match = SIGNATURE.fullmatch(line)
    if match is None or not NAME.fullmatch(match[1]):
        raise MalformedError("note", f"no signature line: {line!r}", expected=FORM)
    raw = _unb64(match[2], FORM)
    if len(raw) <= KEY_ID_SIZE:
        raise MalformedError("note", f"a signature of {len(raw)} bytes", expected=FORM)
    return Signature(match[1], raw[:KEY_ID_SIZE], raw[KEY_ID_SIZE:])


def _line(name: str, signature: bytes, public: bytes) -> bytes:
    ident = NoteKey(name, public).id
    return f"— {name} {_b64(ident + signature)}\n".encode()


def _utf8(raw: bytes) -> str:
    try:
        told = raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("utf8", "it is not UTF-8", offset=error.start, expected="UTF-8") from None
    if any(letter < " " and letter != "\n" for letter in told):
        raise MalformedError("control", "it holds a control character", expected="none but line feeds")
    return told


def _b64(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode()


def _unb64(written: str, expected: str) -> bytes:
    """The bytes of the one way to write them."""
    try:
        raw = a2b_base64(written, strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise MalformedError("base64", f"no base64: {error}", expected=expected) from None
    if _b64(raw) != written:
        raise MalformedError("base64", "base64 that is written in another way than it must be", expected=expected)
    return raw
