"""Whether the order's history stands in the log whole: entries, their places, the order's head, the log's growth."""

from collections.abc import Iterator
from itertools import pairwise

from protocols.errors import MalformedError, UntrustedError
from protocols.proof import checkpoint, log, tree
from protocols.proof.checkpoint import Note
from protocols.proof.contents import Contents
from protocols.proof.entry import broken_at
from protocols.proof.heads import Head, proven
from protocols.proof.known import Keys
from protocols.proof.log import Stand
from protocols.proof.shown import stands_at
from protocols.proof.verdict import Check, Line, Outcome, Said
from protocols.proof.words import STATES, TERMINAL, when, word

BREAKS = {
    "empty": Said("The file holds no entry of the log.", "Il file non contiene alcuna voce del registro."),
    "gap": Said("An entry is missing, was changed or moved", "Manca una voce, o è stata modificata o spostata"),
    "other_order": Said("An entry is about another order", "Una voce riguarda un altro ordine"),
    "state": Said("An entry goes on from another state", "Una voce riparte da un altro stato"),
}


def check(contents: Contents, origin: str, claims: Keys, known: Keys) -> Iterator[Check]:
    """Ask it all, from the entries' own chain up to the checkpoints."""
    gap = broken_at(contents.leaves, contents.entries)
    if gap is not None:
        said = BREAKS[gap.code]
        en, it = f"{said.en}: number {gap.number}.", f"{said.it}: numero {gap.number}."
        yield _broken(f"history_{gap.code}", en, it)
    stands = _stands(contents, origin)
    if isinstance(stands, Check):
        yield stands
        return
    yield from _signed(contents.notes, origin, claims, known)
    yield from _grown(contents, stands)
    if contents.entries:
        yield from _placed(contents, stands[-1])
        yield from _ended(contents, stands[-1])


def _stands(contents: Contents, origin: str) -> list[Stand] | Check:
    """What each checkpoint says, from the oldest to the newest; a check where one is no checkpoint of this log."""
    try:
        stands = [log.stand(note.checkpoint) for note in contents.notes]
    except MalformedError as error:
        return _broken("checkpoint_foreign", f"{error}.", f"Un checkpoint non è di questo registro: {error}.")
    if not stands or any(stand.origin != origin for stand in stands):
        return _broken("checkpoint_foreign", "There is no checkpoint of this log.", "Manca un checkpoint del registro.")
    return stands


def _signed(notes: tuple[Note, ...], origin: str, claims: Keys, known: Keys) -> Iterator[Check]:
    try:
        unsigned = [n for n in notes if origin not in checkpoint.signers(n, known.notes())]
        for note in unsigned:
            checkpoint.signers(note, claims.notes())
    except UntrustedError as error:
        yield _broken("checkpoint_signature", f"A checkpoint is not signed: {error}.", f"Firma errata: {error}.")
        return
    if unsigned:
        said = Said(
            f"The log's checkpoints are signed by no key of {origin} that you gave.",
            f"I checkpoint del registro non sono firmati da alcuna chiave di {origin} che hai fornito.",
        )
        yield Check(Line.LOG, Outcome.KEY_UNKNOWN, "log_key_unknown", said)


def _grown(contents: Contents, stands: list[Stand]) -> Iterator[Check]:
    growth = contents.proofs.growth
    good = len(growth) == len(stands) - 1
    for (old, new), path in zip(pairwise(stands), growth, strict=False):
        good = good and tree.consistent(old.size, old.root, new.size, new.root, _bytes(path))
    if not good:
        yield _broken(
            "rewritten",
            "The log was rewritten between two checkpoints: the newer does not begin with the older.",
            "Il registro è stato riscritto fra due checkpoint: il più recente non comincia con il precedente.",
        )


def _placed(contents: Contents, stand: Stand) -> Iterator[Check]:
    places = contents.proofs.entries
    rising = all(a.index < b.index for a, b in pairwise(places))
    found = len(places) == len(contents.leaves) and all(
        tree.includes(stand.root, stand.size, place.index, tree.leaf_hash(leaf), _bytes(place.path))
        for place, leaf in zip(places, contents.leaves, strict=True)
    )
    if not rising or not found:
        yield _broken(
            "not_in_log",
            "An entry does not stand in the log where the file says.",
            "Una voce non si trova nel registro dove il file afferma.",
        )
        return
    last = tree.leaf_hash(contents.leaves[-1])
    head = Head(contents.entries[0].order, len(contents.leaves), last)
    if proven(stand.heads, head, _bytes(contents.proofs.head)):
        said = Said(
            f"All {head.entries} entries of the order are in the log, up to its newest when the log had {stand.size} "
            f"entries ({when(stand.at)}); none was removed, changed or moved.",
            f"Tutte le {head.entries} voci dell'ordine sono nel registro, fino all'ultima quando il registro aveva "
            f"{stand.size} voci ({when(stand.at)}); nessuna è stata tolta, modificata o spostata.",
        )
        yield Check(Line.LOG, Outcome.HOLDS, "in_log", said)
    else:
        yield _broken(
            "newest_cut",
            "The log says that the order has other entries than these: some are missing here.",
            "Il registro dice che l'ordine ha altre voci oltre a queste: qui ne mancano.",
        )


def _ended(contents: Contents, stand: Stand) -> Iterator[Check]:
    state = stands_at(contents.entries)
    if state not in TERMINAL:
        named, at = word(STATES, state), when(stand.at)
        said = Said(
            f"The order had not ended on {at}: it was {named.en}. What is here is checked; more will follow.",
            f"L'ordine non era concluso il {at}: era {named.it}. Ciò che è qui è verificato; altro seguirà.",
        )
        yield Check(Line.ACCOUNT, Outcome.INCOMPLETE, "running", said)


def _bytes(path: tuple[str, ...]) -> list[bytes]:
    return [bytes.fromhex(step) for step in path]


def _broken(code: str, en: str, it: str) -> Check:
    return Check(Line.LOG, Outcome.BROKEN, code, Said(en, it))
