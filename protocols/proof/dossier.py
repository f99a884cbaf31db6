"""A dossier: one order's whole proof in one file, whose every byte the log's key has signed for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import msgspec

from protocols.errors import MalformedError, UnsupportedError
from protocols.ports import Signer
from protocols.proof import archive, checkpoint, report
from protocols.proof.contents import (
    CHECKPOINTS,
    DOCUMENTS,
    ENTRIES,
    KEYS,
    MANIFEST,
    PHOTOGRAPHS,
    PROOFS,
    SEQUENCE,
    SIZE,
    Claim,
    Claims,
    Contents,
    Place,
    Proofs,
    encode,
    read,
)
from protocols.proof.entry import Word
from protocols.uplink import codec, envelope
from protocols.uplink.envelope import Envelope
from protocols.uplink.parts import UNREADABLE, Count, Digest, Message, Moment, Part, Text


class Listed(Part, frozen=True):
    """A file by its name, digest and size in bytes."""

    name: str
    sha256: Digest
    size: Count


class Manifest(Message, frozen=True):
    """What is in the dossier: every other file. `report` is the version of the report in it."""

    kind = "dossier"

    log: Word
    order: Word
    made_at: Moment
    software: Text
    report: Count
    files: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry as the log holds it: its leaf's bytes, its index, and the proof under the newest checkpoint."""

    leaf: bytes
    index: int
    path: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Material:
    """All that a dossier is made of.

    `entries` are all of one order's, oldest first. `checkpoints` are signed notes from the oldest to the newest, which
    covers all entries; `growth` are the consistency proofs from each to the next. `head` is the proof of the order's
    head under the newest. `documents` are the envelopes that the entries name; `photographs` the files to hand out.
    """

    entries: Sequence[Logged]
    head: Sequence[bytes]
    checkpoints: Sequence[bytes]
    growth: Sequence[Sequence[bytes]]
    documents: Iterable[bytes]
    claims: Iterable[Claim]
    photographs: Iterable[bytes] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A dossier taken apart, *unbelieved*."""

    sealed: Envelope
    payload: bytes
    manifest: Manifest
    files: Mapping[str, bytes]
    contents: Contents


def build(material: Material, signer: Signer, made_at: datetime, software: str) -> bytes:
    """Return the file, signed by the log's key; MalformedError or ValueError where its parts can't be a dossier."""
    files = _files(material)
    contents = read(files)
    if not contents.entries or not contents.notes:
        raise ValueError("a dossier needs an entry and a checkpoint")
    files |= report.build(contents)
    listed = [Listed(name=n, sha256=sha256(files[n]).hexdigest(), size=len(files[n])) for n in sorted(files)]
    manifest = Manifest(
        log=contents.notes[-1].checkpoint.origin,
        order=contents.entries[0].order,
        made_at=made_at,
        software=software,
        report=report.VERSION,
        files=tuple(listed),
    )
    sealed = envelope.seal(codec.payload_type(Manifest), encode(manifest), signer)
    return archive.write({**files, MANIFEST: sealed})


def open_(raw: bytes) -> Opened:
    """Take a dossier apart; MalformedError where it is none, UnsupportedError where it is of a later version."""
    files = archive.read(raw)
    if MANIFEST not in files:
        raise MalformedError("contents", f"{MANIFEST} is missing", expected="a whole dossier")
    sealed, payload = envelope.read(files[MANIFEST])
    if msgspec.json.encode(sealed) != files[MANIFEST] or len(sealed.signatures) != 1:
        raise MalformedError(
            "manifest", f"{MANIFEST} is written in another way than it must be", expected="one encoding"
        )
    if sealed.payloadType != codec.payload_type(Manifest):
        raise UnsupportedError("a dossier of a version that is not known here", found=sealed.payloadType)
    manifest = _manifest(payload)
    _compare(manifest, files)
    if manifest.report != report.VERSION:
        raise UnsupportedError("a report of a version that is not known here", found=str(manifest.report))
    return Opened(sealed, payload, manifest, files, read(files))


def _files(material: Material) -> dict[str, bytes]:
    places = tuple(Place(index=e.index, path=_hex(e.path)) for e in material.entries)
    proofs = Proofs(entries=places, head=_hex(material.head), growth=tuple(map(_hex, material.growth)))
    files = {KEYS: encode(Claims(keys=tuple(material.claims))), PROOFS: encode(proofs)}
    files |= {ENTRIES + SEQUENCE.format(n): e.leaf for n, e in enumerate(material.entries, 1)}
    files |= {f"{DOCUMENTS}{sha256(d).hexdigest()}.json": d for d in material.documents}
    files |= {PHOTOGRAPHS + sha256(p).hexdigest(): p for p in material.photographs}
    sized = [(checkpoint.read(note).checkpoint.size, note) for note in material.checkpoints]
    return files | {CHECKPOINTS + SIZE.format(size): note for size, note in sized}


def _manifest(payload: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(payload, type=Manifest)
    except UNREADABLE as error:
        raise MalformedError("manifest", f"{MANIFEST}: {error}", expected="a list of all files") from None
    if encode(manifest) != payload:
        raise MalformedError(
            "manifest", f"{MANIFEST} is written in another way than it must be", expected="one encoding"
        )
    return manifest


def _compare(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Every other file stands in the manifest, once, with its digest; nothing else does."""
    listed = [(one.name, one.sha256, one.size) for one in manifest.files]
    found = [(n, sha256(files[n]).hexdigest(), len(files[n])) for n in sorted(files) if n != MANIFEST]
    if listed != found:
        wrong = next((one[0] for one in [*found, *listed] if one not in found or one not in listed), MANIFEST)
        raise MalformedError("manifest", f"{wrong} is not what the manifest says", expected="the files that it lists")


def _hex(path: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(step.hex() for step in path)
