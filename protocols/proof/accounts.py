"""Whether signed documents fit each other, and whether they show what the log says was done."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from protocols.proof.contents import Contents
from protocols.proof.documents import Signed
from protocols.proof.shown import CORROBORATED, EXECUTED, PROOF, WANTED, decisive, observed
from protocols.proof.verdict import Check, Line, Outcome, Said
from protocols.types import Outcome as Ended
from protocols.uplink.crew import CrewAbort, CrewPermit, CrewReport
from protocols.uplink.messages import Command, Look, LookAnswer, Permit, Receipt

Payloads = Mapping[str, Signed]


def check(contents: Contents) -> Iterator[Check]:
    """Ask it all; one check that holds where nothing is against it."""
    against = [*_links(contents), *_journals(contents), *_claims(contents)]
    yield from against
    if not against:
        said = Said(
            "Each account answers a command, look or permit that is here, and they show what the log says was done.",
            "Ogni rapporto risponde a un comando, una verifica o un'autorizzazione qui presenti, e i rapporti mostrano "
            "ciò che il registro dice che è stato fatto.",
        )
        yield Check(Line.ACCOUNT, Outcome.HOLDS, "accounts_fit", said)


def _links(contents: Contents) -> Iterator[Check]:
    payloads = {signed.payload_digest: signed for signed in contents.documents.values()}
    proofs = _taken_for_proof(contents)
    for signed in contents.documents.values():
        match signed.message:
            case Receipt() as receipt:
                yield from _receipt(receipt, payloads)
            case LookAnswer() as answer:
                yield from _answer(answer, payloads)
            case CrewReport() | CrewAbort() as account:
                yield from _crew(account, payloads, contents.entries[0].order, proves=signed.digest in proofs)
            case _:
                continue


def _taken_for_proof(contents: Contents) -> set[str]:
    """Documents right after which the log says that they prove an act under a permit."""
    return {
        signed.digest
        for entry, step in pairwise(contents.entries)
        if step.step is not None and step.step.event == PROOF
        for signed in contents.of(entry)
    }


def _receipt(receipt: Receipt, payloads: Payloads) -> Iterator[Check]:
    command = _message(payloads, receipt.command)
    if command is None:
        yield _missing("command", "the command that a receipt answers", "il comando a cui una ricevuta risponde")
        return
    if not isinstance(command, Command) or (
        (command.gateway, command.meter, command.number, command.verb)
        != (receipt.gateway, receipt.meter, receipt.number, receipt.verb)
    ):
        yield _against("command", "a receipt answers another command", "una ricevuta risponde a un altro comando")
        return
    read = receipt.identity_read
    if receipt.outcome is Ended.DONE and (read is None or not command.identity.matches(read)):
        yield _against("meter", "a receipt is of another meter", "una ricevuta riguarda un altro contatore")
    if receipt.started and receipt.verb.takes:
        yield from _permitted(receipt, payloads)


def _permitted(receipt: Receipt, payloads: Payloads) -> Iterator[Check]:
    if receipt.permit is None:
        yield _against("permit", "a valve was moved without a permit", "una valvola è stata mossa senza autorizzazione")
        return
    permit = _message(payloads, receipt.permit)
    if permit is None:
        yield _missing("permit", "the permit that a receipt names", "l'autorizzazione che una ricevuta indica")
    elif not isinstance(permit, Permit) or not permit.granted or permit.command != receipt.command:
        yield _against("permit", "a receipt names another permit", "una ricevuta indica un'altra autorizzazione")


def _answer(answer: LookAnswer, payloads: Payloads) -> Iterator[Check]:
    look = _message(payloads, answer.look)
    if look is None:
        yield _missing("look", "the look that an answer is of", "la verifica a cui una risposta si riferisce")
    elif not isinstance(look, Look) or (
        (look.gateway, look.meter, look.number) != (answer.gateway, answer.meter, answer.number)
    ):
        yield _against("look", "an answer is of another look", "una risposta si riferisce a un'altra verifica")


def _crew(account: CrewReport | CrewAbort, payloads: Payloads, order: str, *, proves: bool) -> Iterator[Check]:
    """A crew may name a permit that was not its own, and the house keep that: only as proof may nobody take it."""
    if account.order != order:
        yield _against("order", "a crew's account is of another order", "un rapporto di squadra è di un altro ordine")
    if account.permit is None:
        return
    permit = _message(payloads, account.permit)
    if permit is None:
        yield _missing("permit", "the permit that a crew names", "l'autorizzazione che una squadra indica")
    elif not isinstance(permit, CrewPermit) or (
        (permit.granted, permit.device, permit.order) != (True, account.device, account.order)
    ):
        told = _against if proves else _doubted
        yield told("permit", "a crew names another permit", "una squadra indica un'altra autorizzazione")


def _journals(contents: Contents) -> Iterator[Check]:
    """Two accounts of one journal that stand side by side name each other, and no number stands there twice."""
    heard: dict[tuple[str, str, int], Signed] = {}
    for signed in contents.documents.values():
        chain = getattr(signed.message, "chain", None)
        if chain is None:
            continue
        place = (signed.name or "", chain.journal, chain.number)
        if place in heard:
            yield _against("journal", "two accounts bear one number", "due rapporti hanno lo stesso numero")
        heard[place] = signed
    for (name, journal, number), signed in heard.items():
        before = heard.get((name, journal, number - 1))
        previous = getattr(signed.message, "chain").previous  # noqa: B009 - only messages with a chain were heard
        if before is not None and previous != before.payload_digest:
            yield _against(
                "journal", "an account does not follow the one before", "un rapporto non segue il precedente"
            )


def _claims(contents: Contents) -> Iterator[Check]:
    """A state that asks for evidence stands only on documents that came with or before it."""
    so_far: list[Signed] = []
    missing = 0
    for entry in contents.entries:
        so_far.extend(contents.of(entry))
        missing += contents.missing(entry)
        step = entry.step
        if step is None:
            continue
        if step.after == EXECUTED != step.before and entry.act in WANTED and decisive(entry.act, so_far) is None:
            en, it = "that the valve stands as was wanted", "che la valvola sia come richiesto"
            yield _unshown("executed", en, it, missing=missing)
        if step.event == CORROBORATED and observed(so_far) is None:
            en, it = "that the index was watched", "che l'indice sia stato osservato"
            yield _unshown("corroborated", en, it, missing=missing)


def _unshown(code: str, en: str, it: str, *, missing: int) -> Check:
    """Nothing shows it: that speaks against it only where no document is missing that might."""
    said = Said(
        f"The log says {en}, and no signed account here shows it.",
        f"Il registro dice {it}, ma nessun rapporto firmato qui presente lo mostra.",
    )
    if missing:
        return Check(Line.ACCOUNT, Outcome.INCOMPLETE, f"{code}_missing", said)
    return Check(Line.ACCOUNT, Outcome.BROKEN, f"{code}_contradicted", said)


def _message(payloads: Payloads, digest: str) -> object | None:
    signed = payloads.get(digest)
    return signed.message if signed is not None else None


def _missing(code: str, en: str, it: str) -> Check:
    said = Said(f"It is not here: {en}.", f"Non è qui: {it}.")
    return Check(Line.ACCOUNT, Outcome.INCOMPLETE, f"{code}_missing", said)


def _doubted(code: str, en: str, it: str) -> Check:
    said = Said(
        f"It was kept, and nothing rests on it: {en}.", f"È stato conservato, e nulla si fonda su di esso: {it}."
    )
    return Check(Line.ACCOUNT, Outcome.INCOMPLETE, f"{code}_doubted", said)


def _against(code: str, en: str, it: str) -> Check:
    said = Said(f"{en[0].upper()}{en[1:]}.", f"{it[0].upper()}{it[1:]}.")
    return Check(Line.ACCOUNT, Outcome.BROKEN, f"{code}_contradicted", said)
