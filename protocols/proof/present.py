"""A verdict for people, in Italian or English, and for programs, as JSON."""

from collections.abc import Iterator

import msgspec

from protocols.proof.verdict import Check, Line, Outcome, Said, Verdict

HEADINGS = {
    Outcome.HOLDS: Said("THE PROOF HOLDS", "LA PROVA REGGE"),
    Outcome.BROKEN: Said("THE PROOF DOES NOT HOLD", "LA PROVA NON REGGE"),
    Outcome.KEY_UNKNOWN: Said(
        "NOT PROVEN: signed by keys that you do not know",
        "NON PROVATO: firmato con chiavi che non conosci",
    ),
    Outcome.INCOMPLETE: Said("INCOMPLETE: what is here is checked", "INCOMPLETO: ciò che è qui è verificato"),
    Outcome.UNREADABLE: Said("CAN'T BE CHECKED BY THIS VERSION", "NON VERIFICABILE CON QUESTA VERSIONE"),
}
LINES = {
    Line.FILE: Said("the file", "il file"),
    Line.SIGNED: Said("signed by who saw it", "firmato da chi ha visto"),
    Line.LOG: Said("in the log, and not removed", "nel registro, e non tolto"),
    Line.PUBLISHED: Said("the log is the published one", "il registro è quello pubblicato"),
    Line.ACCOUNT: Said("what was done is what was seen", "ciò che è stato fatto è ciò che è stato visto"),
}
MARKS = {
    Outcome.HOLDS: Said("holds", "regge"),
    Outcome.INCOMPLETE: Said("incomplete", "incompleto"),
    Outcome.KEY_UNKNOWN: Said("key unknown", "chiave ignota"),
    Outcome.UNREADABLE: Said("unreadable", "illeggibile"),
    Outcome.BROKEN: Said("DOES NOT HOLD", "NON REGGE"),
}
HAPPENED = Said("What happened", "Che cosa è successo")
BY_ITS_OWN_WORD = Said(
    "What the file says happened (not proven by what you gave)", "Che cosa dice il file (non provato con quanto dato)"
)
NOT_RELIED_ON = Said(
    "What the file says happened is not shown: it can't be relied on.",
    "Ciò che il file racconta non è mostrato: non è attendibile.",
)
CHECKED = Said("What was checked", "Che cosa è stato verificato")
SIGNED = Said("Who signed", "Chi ha firmato")
GIVEN, NOT_GIVEN = Said("key given by you", "chiave fornita da te"), Said("KEY UNKNOWN", "CHIAVE IGNOTA")
NOT_PROVEN = Said("What is not proven", "Che cosa non è provato")
COMPARE = Said(
    "To know a key, ask its owner for it by another way than this file (by telephone, on the utility's pages), "
    "compare, and put its line into a file for --keys. These lines are what the file claims:",
    "Per conoscere una chiave, chiedila al titolare per una via diversa da questo file (telefono, sito del gestore), "
    "confrontala e metti la riga in un file per --keys. Queste righe sono ciò che il file dichiara:",
)


def to_lines(verdict: Verdict, language: str) -> Iterator[str]:
    """The verdict first, then what happened, what was checked, who signed, and what is not proven.

    Nothing of the file can do anything to a terminal: what can't be printed is shown as a mark.
    """
    return (_printable(line) for line in _lines(verdict, language))


def _lines(verdict: Verdict, language: str) -> Iterator[str]:
    order = f" ({verdict.order})" if verdict.order else ""
    yield HEADINGS[verdict.outcome].of(language) + order
    yield from _story(verdict, language)
    yield from ("", CHECKED.of(language))
    for check in sorted(verdict.checks, key=lambda c: list(Line).index(c.line)):
        yield f"  [{MARKS[check.outcome].of(language)}] {LINES[check.line].of(language)}: {check.said.of(language)}"
    if verdict.outcome is Outcome.BROKEN:
        return
    yield from _signers(verdict, language)
    if verdict.not_proven:
        yield from ("", NOT_PROVEN.of(language))
        yield from (f"  - {said.of(language)}" for said in verdict.not_proven)


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def _story(verdict: Verdict, language: str) -> Iterator[str]:
    if not verdict.story:
        return
    if verdict.outcome is Outcome.BROKEN:
        yield from ("", NOT_RELIED_ON.of(language))
        return
    believed = verdict.outcome in (Outcome.HOLDS, Outcome.INCOMPLETE)
    yield from ("", (HAPPENED if believed else BY_ITS_OWN_WORD).of(language))
    yield from (f"  {said.of(language)}" for said in verdict.story)


def _signers(verdict: Verdict, language: str) -> Iterator[str]:
    if not verdict.signers:
        return
    yield from ("", SIGNED.of(language))
    for one in verdict.signers:
        known = (GIVEN if one.known else NOT_GIVEN).of(language)
        yield f"  {one.role} {one.name} [{known}]: {', '.join(one.signed)}"
        yield f"    {one.keyid}"
    unknown = [f"  {one.role} {one.name} {one.public}" for one in verdict.signers if not one.known]
    if unknown:
        yield from ("", COMPARE.of(language), *unknown)


def to_json(verdict: Verdict) -> str:
    """One JSON object; texts in both languages, codes for programs."""
    told = {
        "outcome": verdict.outcome.word,
        "exit_code": verdict.outcome.exit_code,
        "order": verdict.order,
        "story": verdict.story,
        "checks": [_check(check) for check in verdict.checks],
        "signers": verdict.signers,
        "not_proven": verdict.not_proven,
    }
    return msgspec.json.encode(told).decode()


def _check(check: Check) -> dict[str, object]:
    return {"line": check.line, "outcome": check.outcome.word, "code": check.code, "said": check.said}
