"""What an entry of the log is: one step of an order's life, or signed documents that came for it, in one encoding.

An entry's bytes are the leaf. It names its order and its place there, and the hash of the order's leaf before it:
nothing can be left out between two entries, put in, or told in another order. Signed documents are named by the digest
of their envelope; people's names and photographs stay out of the log, which never forgets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from protocols.errors import MalformedError
from protocols.proof.tree import leaf_hash
from protocols.uplink.parts import GENESIS, UNREADABLE, Count, Digest, Message, Moment, Part, Text

MOST_BYTES = 64 * 1024
Word = Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^\x00-\x1f\x7f]+$")]
Code = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,63}$")]
ENTERED = "entered"


class Rule(Part, frozen=True):
    """The rule that decided, and where it is written."""

    pack: Word
    id: Word
    citation: Text


class Because(Part, frozen=True):
    """Why a step was taken, for programs and for people of both languages."""

    code: Word
    en: Text
    it: Text
    rule: Rule | None


class Step(Part, frozen=True):
    """One step of an order's life. `version` is the order's after it."""

    event: Code
    before: Code
    after: Code
    grade: Code | None
    because: Because | None
    version: Count


class Document(Part, frozen=True):
    """A signed document: its kind as the uplink names it, and the SHA-256 of its envelope's bytes."""

    kind: Code
    digest: Digest


class Entry(Message, frozen=True):
    """One entry. `sequence` counts the order's own from 1; `previous` is the hash of its leaf before, or 64 zeros.

    `act` is what the order is to do (`suspend`, `reactivate`, ...); `facts` are the order's legal grounds, told in its
    first entry; `actor` is a name of a role, gateway, device or token, never a person's.
    """

    kind = "log-entry"

    order: Word
    act: Code
    point: Word
    client: Word
    sequence: Annotated[int, Meta(ge=1, le=1 << 31)]
    previous: Digest
    at: Moment
    actor: Word
    step: Step | None
    documents: Annotated[tuple[Document, ...], Meta(max_length=100)]
    facts: Annotated[dict[Code, Text], Meta(max_length=20)]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """Return the leaf's bytes; ValueError where they could not be read back as this entry."""
    raw = _encoder.encode(entry)
    try:
        decode(raw)
    except MalformedError as error:
        raise ValueError(f"this is no entry: {error}") from None
    return raw


def decode(raw: bytes) -> Entry:
    """Return what a leaf says; MalformedError unless it is an entry in its one encoding."""
    if len(raw) > MOST_BYTES:
        raise MalformedError("entry_size", f"an entry of {len(raw)} bytes", expected=f"at most {MOST_BYTES}")
    try:
        entry = _decoder.decode(raw)
    except UNREADABLE as error:
        raise MalformedError("entry", f"no entry of the log: {error}", expected="an entry of version 1") from None
    if _encoder.encode(entry) != raw or entry.at.tzinfo is not UTC:
        raise MalformedError("entry", "an entry written in another way than it must be", expected="one encoding")
    if entry.step is None and not entry.documents:
        raise MalformedError("entry", "an entry that says nothing", expected="a step or a document")
    return entry


def document(kind: str, envelope: bytes) -> Document:
    """Return what names a signed document in an entry."""
    return Document(kind=kind, digest=sha256(envelope).hexdigest())


@dataclass(frozen=True, slots=True)
class Break:
    """Where a history is none: at which entry, counted from 1, and `gap`, `other_order`, `state` or `empty`."""

    number: int
    code: str


def broken_at(leaves: Sequence[bytes], entries: Sequence[Entry]) -> Break | None:
    """Say where entries are not one order's whole history from its first on; None where they are."""
    if not entries:
        return Break(0, "empty")
    about, previous, state = _about(entries[0]), GENESIS, ENTERED
    for number, (raw, entry) in enumerate(zip(leaves, entries, strict=True), 1):
        if entry.sequence != number or entry.previous != previous:
            return Break(number, "gap")
        if _about(entry) != about:
            return Break(number, "other_order")
        if entry.step is not None and entry.step.before != state:
            return Break(number, "state")
        state = entry.step.after if entry.step is not None else state
        previous = leaf_hash(raw).hex()
    return None


def _about(entry: Entry) -> tuple[str, str, str, str]:
    return entry.order, entry.act, entry.point, entry.client
