"""The readable report in a dossier, version 1: one page a language, made from the same bytes by nothing but this code.

A verifier makes it again and compares, so a report that says something else than the signed bytes is found. A page that
was once written must come out the same for ever: a change here is version 2, beside this one.
"""

from collections.abc import Iterable
from html import escape

from protocols.proof.contents import REPORTS, Contents
from protocols.proof.entry import Entry
from protocols.proof.shown import shown
from protocols.proof.story import NOT_PROVEN, story
from protocols.proof.verdict import Said
from protocols.proof.words import (
    ACTS,
    DOCUMENTS_CAME,
    EVENTS,
    GRADES,
    KINDS,
    POSITIONS,
    STATES,
    when,
    word,
)
from protocols.uplink.crew import CrewAbort, CrewReport
from protocols.uplink.keys import fingerprint

VERSION = 1
STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{text-align:left;"
    "vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #8886}code{overflow-wrap:anywhere;"
    "font-size:.85em}pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0}section{overflow-x:auto}"
)
TITLE = Said("Proof of order", "Prova dell'ordine")
CLAIM = Said(
    "A page proves nothing by itself: check the file it came in with “curbstop verify FILE --keys KEYS”.",
    "Una pagina da sola non prova nulla: controlla il file da cui proviene con “curbstop verify FILE --keys CHIAVI”.",
)
HISTORY = Said("What the log holds, entry by entry", "Che cosa contiene il registro, voce per voce")
HISTORY_HEAD = (
    Said("No.", "N."),
    Said("Time", "Ora"),
    Said("What", "Che cosa"),
    Said("State", "Stato"),
    Said("By", "Da"),
    Said("Why, and by which rule", "Perché, e per quale regola"),
    Said("Signed documents", "Documenti firmati"),
)
DOCUMENTS = Said("Signed documents", "Documenti firmati")
DOCUMENTS_HEAD = (
    Said("Kind", "Tipo"),
    Said("Signed by", "Firmato da"),
    Said("Shows", "Mostra"),
    Said("What was signed, and SHA-256 of its envelope", "Che cosa è stato firmato, e SHA-256 della busta"),
)
PHOTOGRAPHS = Said("Photographs", "Fotografie")
PHOTOGRAPHS_HEAD = (Said("Shot", "Scatto"), Said("In this file", "In questo file"), Said("SHA-256", "SHA-256"))
KEYS = Said(
    "Keys, as this file tells them: compare them by another way", "Chiavi dichiarate: confrontale per altra via"
)
KEYS_HEAD = (
    Said("Who", "Chi"),
    Said("Public key", "Chiave pubblica"),
    Said("Fingerprint", "Impronta"),
    Said("How it was enrolled", "Come è stata registrata"),
)
CHECKPOINTS = Said("Checkpoints of the log", "Checkpoint del registro")
CHECKPOINTS_HEAD = (Said("Log", "Registro"), Said("Entries", "Voci"), Said("Root", "Radice"))
NOT_SAID = Said("What this does not prove", "Che cosa non prova")
YES, NO = Said("yes", "sì"), Said("no, its digest only", "no, solo l'impronta")


def build(contents: Contents) -> dict[str, bytes]:
    """Return the pages by the name of their file."""
    return {name: _page(contents, language).encode() for language, name in REPORTS.items()}


def _page(contents: Contents, language: str) -> str:
    order = escape(contents.entries[0].order)
    title = f"{TITLE.of(language)} {order}"
    told = "".join(f"<p><strong>{escape(said.of(language))}</strong></p>" for said in story(contents))
    limits = "".join(f"<li>{escape(said.of(language))}</li>" for said in NOT_PROVEN)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n<style>{STYLE}</style></head>\n'
        f"<body>\n<h1>{title}</h1>\n{told}\n<p>{escape(CLAIM.of(language))}</p>\n"
        f"{_table(HISTORY, HISTORY_HEAD, _history(contents, language), language)}"
        f"{_table(DOCUMENTS, DOCUMENTS_HEAD, _documents(contents, language), language)}"
        f"{_table(PHOTOGRAPHS, PHOTOGRAPHS_HEAD, _photographs(contents, language), language)}"
        f"{_table(KEYS, KEYS_HEAD, _keys(contents), language)}"
        f"{_table(CHECKPOINTS, CHECKPOINTS_HEAD, _checkpoints(contents), language)}"
        f"<section><h2>{escape(NOT_SAID.of(language))}</h2>\n<ul>{limits}</ul></section>\n</body>\n</html>\n"
    )


def _table(title: Said, head: Iterable[Said], rows: Iterable[list[str]], language: str) -> str:
    """A section with a table, if it has rows; cells are HTML already."""
    names = "".join(f'<th scope="col">{escape(said.of(language))}</th>' for said in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    if not body:
        return ""
    heading = f"<h2>{escape(title.of(language))}</h2>"
    return f"<section>{heading}\n<table><thead><tr>{names}</tr></thead>\n<tbody>\n{body}</tbody></table></section>\n"


def _history(contents: Contents, language: str) -> Iterable[list[str]]:
    for told in contents.entries:
        named = [(word(KINDS, d.kind).of(language), d.digest[:16]) for d in told.documents]
        event = word(EVENTS, told.step.event) if told.step is not None else DOCUMENTS_CAME
        yield [
            str(told.sequence),
            when(told.at),
            escape(event.of(language)),
            _state(told, language),
            escape(told.actor),
            _because(told, language),
            "<br>".join(f"{escape(kind)} <code>{digest}</code>" for kind, digest in named),
        ]


def _state(told: Entry, language: str) -> str:
    if told.step is None:
        return ""
    grade = f" ({word(GRADES, told.step.grade).of(language)})" if told.step.grade else ""
    return escape(word(STATES, told.step.after).of(language) + grade)


def _because(told: Entry, language: str) -> str:
    facts = [f"{code}: {said}" for code, said in told.facts.items()]
    act = [word(ACTS, told.act).of(language)] if told.sequence == 1 else []
    because = told.step.because if told.step is not None else None
    if because is None:
        return "<br>".join(map(escape, [*act, *facts]))
    rule = [f"{because.rule.pack}, {because.rule.id}: {because.rule.citation}"] if because.rule else []
    return "<br>".join(map(escape, [*act, *facts, because.it if language == "it" else because.en, *rule]))


def _documents(contents: Contents, language: str) -> Iterable[list[str]]:
    for signed in (d for told in contents.entries for d in contents.of(told)):
        seen = shown(signed)
        position = f"{word(POSITIONS, seen.position).of(language)}, {when(seen.at)}" if seen is not None else ""
        payload = escape(signed.payload.decode(errors="replace"))
        whole = f"<details><summary><code>{signed.digest}</code></summary><pre>{payload}</pre></details>"
        who = escape(f"{signed.role} {signed.name or ''}".strip())
        yield [
            escape(word(KINDS, signed.kind).of(language)),
            f"{who}<br><code>{escape(signed.keyid)}</code>",
            escape(position),
            whole,
        ]


def _photographs(contents: Contents, language: str) -> Iterable[list[str]]:
    for signed in (d for told in contents.entries for d in contents.of(told)):
        if isinstance(signed.message, CrewReport | CrewAbort):
            for shot in signed.message.photographs:
                here = YES if shot.digest in contents.photographs else NO
                yield [escape(shot.shot), here.of(language), f"<code>{shot.digest}</code>"]


def _keys(contents: Contents) -> Iterable[list[str]]:
    for claim in contents.claims.keys:
        since = f" ({when(claim.since)})" if claim.since is not None else ""
        marks = [f"<code>{claim.public}</code>", f"<code>{fingerprint(bytes.fromhex(claim.public))}</code>"]
        yield [escape(f"{claim.role} {claim.name}"), *marks, escape(claim.how + since)]


def _checkpoints(contents: Contents) -> Iterable[list[str]]:
    for note in contents.notes:
        stands = note.checkpoint
        yield [escape(stands.origin), str(stands.size), f"<code>{stands.root.hex()}</code>"]
