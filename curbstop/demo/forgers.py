"""What somebody can do to a dossier who has even stolen the log's own key: the demo tries it (CONTROL I9)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from protocols.proof import checkpoint, dossier, log
from protocols.proof.checkpoint import Note
from protocols.proof.contents import CHECKPOINTS, DOCUMENTS, PHOTOGRAPHS
from protocols.proof.dossier import Logged, Material, Opened
from protocols.proof.known import Keys
from protocols.proof.tree import HASH_SIZE
from protocols.proof.verdict import Verdict
from protocols.proof.verify import verify
from protocols.uplink.keys import SigningKey

BITS = 400
ANOTHER = bytes(HASH_SIZE)
"""A root that no log has."""


def with_a_bit_changed(raw: bytes, keys: Keys) -> Iterator[Verdict]:
    """One bit after the other, spread over the whole file: what a check of each says."""
    step = max(len(raw) // BITS, 1)
    for at in range(0, len(raw), step):
        changed = bytearray(raw)
        changed[at] ^= 1 << (at // step) % 8
        yield verify(bytes(changed), keys)


def with_an_entry_removed(raw: bytes, keys: Keys, stolen: SigningKey, at: datetime) -> Iterator[Verdict]:
    """Each entry but the last left out in turn, and then the newest, and the file signed anew with the log's key."""
    opened = dossier.open_(raw)
    whole = _material(opened)
    for left_out in range(len(whole.entries)):
        entries = [entry for n, entry in enumerate(whole.entries) if n != left_out]
        yield verify(_signed(replace(whole, entries=entries), stolen, at), keys)


def with_a_past_rewritten(raw: bytes, keys: Keys, stolen: SigningKey, at: datetime) -> Verdict:
    """An older checkpoint of another history, signed with the log's key, in the place of the true one."""
    whole = _material(dossier.open_(raw))
    oldest, *others = whole.checkpoints
    return verify(_signed(replace(whole, checkpoints=[_other(oldest, stolen), *others]), stolen, at), keys)


def beside_a_fork(raw: bytes, keys: Keys, published: bytes, stolen: SigningKey) -> Verdict:
    """The true file beside a second checkpoint of the size that was published, signed with the log's key."""
    return verify(raw, keys, [_read(published), _read(_other(published, stolen))])


def _other(note: bytes, stolen: SigningKey) -> bytes:
    stand = log.stand(_read(note).checkpoint)
    return checkpoint.sign(replace(stand, root=ANOTHER).checkpoint(), (stand.origin, stolen, stolen.public))


def _read(note: bytes) -> Note:
    return checkpoint.read(note)


def _signed(material: Material, stolen: SigningKey, at: datetime) -> bytes:
    return dossier.build(material, stolen, at, "forged")


def _material(opened: Opened) -> Material:
    """All parts of a dossier, to be put together anew."""
    proofs = opened.contents.proofs
    places = zip(opened.contents.leaves, proofs.entries, strict=True)
    return Material(
        entries=[Logged(leaf, place.index, _bytes(place.path)) for leaf, place in places],
        head=_bytes(proofs.head),
        checkpoints=_folder(opened, CHECKPOINTS),
        growth=[_bytes(path) for path in proofs.growth],
        documents=_folder(opened, DOCUMENTS),
        claims=opened.contents.claims.keys,
        photographs=_folder(opened, PHOTOGRAPHS),
    )


def _folder(opened: Opened, folder: str) -> list[bytes]:
    return [content for name, content in sorted(opened.files.items()) if name.startswith(folder)]


def _bytes(path: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(step) for step in path]
