"""Check a dossier: bytes in, verdict out. No clock, no network, no files; public keys alone (CONTROL I9).

Whatever the bytes are, there is a verdict, never an exception. `holds` is said only where every check holds under keys
that were given; the keys in the dossier are claims.
"""

from collections.abc import Iterator, Sequence

from protocols.errors import TheirsError, UnsupportedError
from protocols.proof import accounts, comparing, dossier, placing, report, signing
from protocols.proof.checkpoint import Note
from protocols.proof.comparing import Source
from protocols.proof.contents import Contents
from protocols.proof.dossier import Opened
from protocols.proof.known import Keys, Role
from protocols.proof.signing import Bearer
from protocols.proof.story import NOT_PROVEN, UNCOMPARED, story
from protocols.proof.verdict import Check, Line, Outcome, Said, Verdict
from protocols.uplink.crew import CrewAbort, CrewReport

NOBODY = Keys()


def verify(
    raw: bytes, known: Keys = NOBODY, published: Sequence[Note] = (), neighbours: Sequence[Source] = ()
) -> Verdict:
    """Return the verdict on a dossier under these keys, compared with what came by another way.

    `published` are checkpoints, each of which must be comparable; `neighbours` those of other dossiers, of which those
    of equal size are.
    """
    try:
        opened = dossier.open_(raw)
    except UnsupportedError as error:
        said = Said(
            f"This version can't check it: {error} ({error.found}). Use a newer one.",
            f"Questa versione non può verificarlo: {error} ({error.found}). Usane una più recente.",
        )
        return Verdict((Check(Line.FILE, Outcome.UNREADABLE, "unsupported", said),))
    except TheirsError as error:
        said = Said(
            f"This is no dossier, or it was changed or damaged: {error}.",
            f"Questo non è un fascicolo, oppure è stato modificato o danneggiato: {error}.",
        )
        return Verdict((Check(Line.FILE, Outcome.BROKEN, "file", said),))
    checks = tuple(_checks(opened, known, [*([note] for note in published), *neighbours]))
    compared = any(check.code == "published" for check in checks)
    contents = opened.contents
    return Verdict(
        checks=checks,
        order=opened.manifest.order,
        story=story(contents) if contents.entries else (),
        signers=signing.signers(contents, known),
        not_proven=NOT_PROVEN if compared else (*NOT_PROVEN, UNCOMPARED),
    )


def _checks(opened: Opened, known: Keys, published: Sequence[Source]) -> Iterator[Check]:
    contents, claims, origin = opened.contents, opened.contents.claims.ring(), opened.manifest.log
    file = [*_documents(contents), *_photographs(contents), *_report(opened)]
    yield from file
    if not file:
        said = Said(
            "Nothing in the file was changed, and its report says what the signed bytes say.",
            "Nulla nel file è stato modificato, e il suo rapporto dice ciò che dicono i byte firmati.",
        )
        yield Check(Line.FILE, Outcome.HOLDS, "unchanged", said)
    asked = [Bearer(dossier.Manifest.kind, Role.LOG, origin, opened.sealed, opened.payload)]
    asked += [signing.bearer(signed) for signed in contents.documents.values()]
    yield from signing.check(asked, claims, known)
    yield from placing.check(contents, origin, claims, known)
    if contents.entries:
        yield from accounts.check(contents)
    yield from comparing.check(contents, origin, known, published)


def _documents(contents: Contents) -> Iterator[Check]:
    """The entries name every document that is here, by its kind; what they name beyond that is missing."""
    named = {d.digest: d.kind for told in contents.entries for d in told.documents}
    if any(named.get(digest) != signed.kind for digest, signed in contents.documents.items()):
        en = "A signed document in the file is not one that the log names."
        yield _broken("documents", en, "Un documento firmato nel file non è fra quelli che il registro indica.")
    if missing := sum(map(contents.missing, contents.entries)):
        said = Said(
            f"{missing} signed documents that the log names are not in the file: erased, or held back.",
            f"Nel file mancano {missing} documenti firmati che il registro indica: cancellati o non consegnati.",
        )
        yield Check(Line.FILE, Outcome.INCOMPLETE, "documents_missing", said)


def _photographs(contents: Contents) -> Iterator[Check]:
    shots = {
        shot.digest
        for signed in contents.documents.values()
        if isinstance(signed.message, CrewReport | CrewAbort)
        for shot in signed.message.photographs
    }
    if not set(contents.photographs) <= shots:
        it = "Una fotografia nel file non è indicata in alcun rapporto di squadra."
        yield _broken("photographs", "A photograph in the file is named by no crew's account.", it)


def _report(opened: Opened) -> Iterator[Check]:
    contents, entries = opened.contents, opened.contents.entries
    if entries and opened.manifest.order != entries[0].order:
        yield _broken("order", "The manifest names another order.", "Il manifesto indica un altro ordine.")
    made = report.build(contents) if entries else {}
    if any(opened.files.get(name) != page for name, page in made.items()):
        en = "The report in the file does not say what the signed bytes say."
        yield _broken("report", en, "Il rapporto nel file non dice ciò che dicono i byte firmati.")


def _broken(code: str, en: str, it: str) -> Check:
    return Check(Line.FILE, Outcome.BROKEN, code, Said(en, it))
