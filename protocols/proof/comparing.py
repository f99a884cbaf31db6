"""Whether the log in the dossier is the one that was shown to others: checkpoints that came by another way."""

from collections.abc import Container, Iterator, Sequence
from itertools import combinations

from protocols.errors import MalformedError, UntrustedError
from protocols.proof import checkpoint, log
from protocols.proof.checkpoint import Checkpoint, Note
from protocols.proof.contents import Contents
from protocols.proof.known import Keys
from protocols.proof.verdict import Check, Line, Outcome, Said

Source = Sequence[Note]
"""Checkpoints that came together: one, or those of another dossier, of which those of equal size are compared."""


def check(contents: Contents, origin: str, known: Keys, published: Sequence[Source]) -> Iterator[Check]:
    """Compare each published checkpoint with those in the dossier, and with each other."""
    ours = {note.checkpoint.size: note.checkpoint for note in contents.notes}
    believed: list[Checkpoint] = []
    for note in (note for source in published for note in _comparable(source, ours)):
        doubt = _doubt(note, origin, known)
        if doubt is None:
            believed.append(note.checkpoint)
        else:
            yield doubt
    for theirs in believed:
        here = ours.get(theirs.size)
        if here is not None:
            yield _fork(here, theirs) if _differ(here, theirs) else _same(theirs)
        else:
            yield _elsewhere(theirs, sorted(ours))
    for one, other in combinations(believed, 2):
        if one.size == other.size and _differ(one, other):
            yield _fork(one, other)


def _comparable(source: Source, ours: Container[int]) -> Source:
    return [note for note in source if note.checkpoint.size in ours] or source[-1:]


def _doubt(note: Note, origin: str, known: Keys) -> Check | None:
    """Why a checkpoint that was given says nothing about this log."""
    size = note.checkpoint.size
    if note.checkpoint.origin != origin:
        en, it = f"is of another log, {note.checkpoint.origin}", f"è di un altro registro, {note.checkpoint.origin}"
        return _open("other_log", size, Outcome.INCOMPLETE, en, it)
    try:
        if origin in checkpoint.signers(note, known.notes()):
            return None
    except UntrustedError:
        en, it = "bears a wrong signature, and was not compared", "ha una firma errata e non è stato confrontato"
        return _open("checkpoint_forged", size, Outcome.INCOMPLETE, en, it)
    en, it = "is signed by no log's key that you gave", "non è firmato da una chiave del registro che hai fornito"
    return _open("checkpoint_key_unknown", size, Outcome.KEY_UNKNOWN, en, it)


def _differ(one: Checkpoint, other: Checkpoint) -> bool:
    return (one.root, _heads(one)) != (other.root, _heads(other))


def _heads(one: Checkpoint) -> bytes | None:
    try:
        return log.stand(one).heads
    except MalformedError:
        return None


def _same(theirs: Checkpoint) -> Check:
    said = Said(
        f"The log is the one whose checkpoint of {theirs.size} entries you gave.",
        f"Il registro è quello di cui hai fornito il checkpoint a {theirs.size} voci.",
    )
    return Check(Line.PUBLISHED, Outcome.HOLDS, "published", said)


def _fork(one: Checkpoint, other: Checkpoint) -> Check:
    roots = f"{one.root.hex()}, {other.root.hex()}"
    said = Said(
        f"FORK: the log has signed two different histories of {one.size} entries (roots {roots}). Keep both files: "
        "together they prove that somebody was shown another log.",
        f"BIFORCAZIONE: il registro ha firmato due storie diverse di {one.size} voci (radici {roots}). Conserva "
        "entrambi i file: insieme provano che a qualcuno è stato mostrato un altro registro.",
    )
    return Check(Line.PUBLISHED, Outcome.BROKEN, "fork", said)


def _elsewhere(theirs: Checkpoint, sizes: list[int]) -> Check:
    told = ", ".join(map(str, sizes))
    en = f"can't be compared: the file has checkpoints of {told}. Ask for a dossier that includes it"
    it = f"non è confrontabile: il file ha checkpoint a {told} voci. Chiedi un fascicolo che lo includa"
    return _open("not_comparable", theirs.size, Outcome.INCOMPLETE, en, it)


def _open(code: str, size: int, outcome: Outcome, en: str, it: str) -> Check:
    said = Said(f"The checkpoint of {size} entries {en}.", f"Il checkpoint a {size} voci {it}.")
    return Check(Line.PUBLISHED, outcome, code, said)
