"""What is in a dossier, by file, and how each part is written; `read` takes it apart without believing any of it.

manifest.json               DSSE, signed by the log's key: every other file by its digest
keys.json                   the signers' public keys and how they were enrolled: claims, never believed
proofs.json                 where each entry stands in the log, the order's head, how the log grew
checkpoints/<size>.txt      signed notes, from the oldest to the newest; the newest covers all entries
entries/<sequence>.json     the leaves of the log, byte for byte: one order, from its first entry to its newest
documents/<sha256>.json     the signed envelopes that the entries name
photographs/<sha256>        where they are handed out with it
report.en.html, report.it.html   made from the above by `report`, and checked by making them again
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from protocols.errors import MalformedError
from protocols.proof import checkpoint, documents, entry
from protocols.proof.checkpoint import Note
from protocols.proof.documents import Signed
from protocols.proof.entry import Entry, Word
from protocols.proof.known import Key, Keys, Role
from protocols.uplink.parts import UNREADABLE, Count, Digest, Moment, Part, Text

MANIFEST, KEYS, PROOFS = "manifest.json", "keys.json", "proofs.json"
ENTRIES, DOCUMENTS, CHECKPOINTS, PHOTOGRAPHS = "entries/", "documents/", "checkpoints/", "photographs/"
REPORTS = {"en": "report.en.html", "it": "report.it.html"}
SEQUENCE, SIZE = "{:08d}.json", "{:020d}.txt"

Path = Annotated[tuple[Digest, ...], Meta(max_length=256)]


class Place(Part, frozen=True):
    """Where an entry stands in the log, and the proof of it under the newest checkpoint."""

    index: Count
    path: Path


class Proofs(Part, frozen=True):
    """For each entry its place; the order's head; from each checkpoint to the next one, that nothing was changed."""

    entries: tuple[Place, ...]
    head: Path
    growth: tuple[Path, ...]


class Claim(Part, frozen=True):
    """A key as the dossier tells it: `public` in hex, `how` it was enrolled, in words, and `since` when."""

    role: Role
    name: Word
    public: Digest
    how: Text
    since: Moment | None


class Claims(Part, frozen=True):
    """All signers' keys."""

    keys: tuple[Claim, ...]

    def ring(self) -> Keys:
        """The keys, to look whether signatures fit them: not to believe them."""
        return Keys(Key(claim.role, claim.name, bytes.fromhex(claim.public)) for claim in self.keys)


@dataclass(frozen=True, slots=True)
class Contents:
    """A dossier's parts. `leaves` are the entries' bytes; documents and photographs stand by digest."""

    claims: Claims
    proofs: Proofs
    notes: tuple[Note, ...]
    leaves: tuple[bytes, ...]
    entries: tuple[Entry, ...]
    documents: Mapping[str, Signed]
    photographs: Mapping[str, bytes]

    def missing(self, told: Entry) -> int:
        """How many of the documents that an entry names are not here: erased, or held back."""
        return sum(d.digest not in self.documents for d in told.documents)

    def of(self, told: Entry) -> tuple[Signed, ...]:
        """The documents that an entry names, as far as they are here."""
        return tuple(self.documents[d.digest] for d in told.documents if d.digest in self.documents)


T = TypeVar("T", bound=Part)
_encoder = msgspec.json.Encoder()


def encode(part: Part) -> bytes:
    """Return a part in its one encoding."""
    return _encoder.encode(part)


def decode(raw: bytes, kind: type[T], where: str) -> T:
    """Return a part; MalformedError unless it is written in the one encoding."""
    try:
        part = msgspec.json.decode(raw, type=kind)
    except UNREADABLE as error:
        raise MalformedError("part", f"{where}: {error}", expected=f"a {kind.__name__}") from None
    if _encoder.encode(part) != raw:
        raise MalformedError("part", f"{where}: written in another way than it must be", expected="one encoding")
    return part


def read(files: Mapping[str, bytes]) -> Contents:
    """Return the parts; MalformedError where a file is missing, of no use here, or not what its name says."""
    for needed in (KEYS, PROOFS):
        if needed not in files:
            raise MalformedError("contents", f"{needed} is missing", expected="a whole dossier")
    leaves = _numbered(files)
    found = Contents(
        claims=decode(files[KEYS], Claims, KEYS),
        proofs=decode(files[PROOFS], Proofs, PROOFS),
        notes=tuple(checkpoint.read(note) for note in _folder(files, CHECKPOINTS).values()),
        leaves=leaves,
        entries=tuple(map(entry.decode, leaves)),
        documents={s.digest: s for s in map(documents.read, _folder(files, DOCUMENTS).values())},
        photographs={sha256(p).hexdigest(): p for p in _folder(files, PHOTOGRAPHS).values()},
    )
    if (strange := set(files) - set(_names(found)) - {MANIFEST, *REPORTS.values()}) != set():
        raise MalformedError("contents", f"{min(strange)} is not what its name says", expected="a whole dossier")
    return found


def _names(found: Contents) -> list[str]:
    """The name that each part has to have."""
    return [
        KEYS,
        PROOFS,
        *(CHECKPOINTS + SIZE.format(note.checkpoint.size) for note in found.notes),
        *(ENTRIES + SEQUENCE.format(n) for n in range(1, len(found.leaves) + 1)),
        *(f"{DOCUMENTS}{digest}.json" for digest in found.documents),
        *(PHOTOGRAPHS + digest for digest in found.photographs),
    ]


def _folder(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    return {name: files[name] for name in sorted(files) if name.startswith(folder)}


def _numbered(files: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """The leaves, whose names count from 1."""
    found = _folder(files, ENTRIES)
    if list(found) != [ENTRIES + SEQUENCE.format(n) for n in range(1, len(found) + 1)]:
        raise MalformedError("contents", f"the files in {ENTRIES} do not count from 1 on", expected="a whole dossier")
    return tuple(found.values())
