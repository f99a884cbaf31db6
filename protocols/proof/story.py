"""What happened, in a few sentences made from the signed bytes alone, and what they do not say."""

from protocols.proof.contents import Contents
from protocols.proof.documents import Signed
from protocols.proof.known import Role
from protocols.proof.shown import WANTED, Shown, decisive, observed, shown, stands_at
from protocols.proof.verdict import Said
from protocols.proof.words import ACTS, GRADES, POSITIONS, STATES, when, word
from protocols.uplink.messages import LookAnswer

NOT_PROVEN = (
    Said(
        "Whether the debt was right, and whether the act was lawful.",
        "Se il debito fosse giusto e se l'intervento fosse legittimo.",
    ),
    Said("Who was at home, and whom the supply point served.", "Chi fosse in casa e chi fosse servito dal punto."),
    Said(
        "That a valve moved because a command was sent or acknowledged: only a position that was read counts.",
        "Che una valvola si sia mossa perché un comando è stato inviato o confermato: conta solo la posizione letta.",
    ),
    Said(
        "What happened after the newest checkpoint in this file, or under another order: supply may be back.",
        "Che cosa sia accaduto dopo l'ultimo checkpoint di questo file, o per un altro ordine: la fornitura può essere "
        "tornata.",
    ),
    Said(
        "That clocks were right: times are those of who signed.",
        "Che gli orologi fossero esatti: gli orari sono quelli di chi ha firmato.",
    ),
)
UNCOMPARED = Said(
    "That everybody is shown the same log: compare with a checkpoint that was published (--checkpoint).",
    "Che a tutti venga mostrato lo stesso registro: confronta con un checkpoint pubblicato (--checkpoint).",
)


def story(contents: Contents) -> tuple[Said, ...]:
    """Tell what was seen, then how the order stands by the log."""
    act = contents.entries[0].act
    documents = [d for told in contents.entries for d in contents.of(told)]
    proof = decisive(act, documents)
    if proof is None:
        return (_not_seen(act, documents), _stands(contents))
    watched = observed(documents)
    return (_seen(proof), *((_watched(watched),) if watched is not None else ()), _stands(contents))


def _seen(proof: Shown) -> Said:
    position, at = word(POSITIONS, proof.position), when(proof.at)
    plate_en = f" (fabrication number {proof.plate})" if proof.plate else ""
    plate_it = f" (matricola {proof.plate})" if proof.plate else ""
    by = proof.by.name
    if proof.by.role is Role.DEVICE:
        en, it = ("left", "ha lasciato") if proof.moved else ("found and left", "ha trovato e lasciato")
        return Said(
            f"On {at} the crew with device {by} {en} the valve of the meter{plate_en} {position.en}, and signed it.",
            f"Il {at} la squadra con il dispositivo {by} {it} la valvola del contatore{plate_it} {position.it}, "
            "e lo ha firmato.",
        )
    en, it = ("moved", "ha mosso") if proof.moved else ("did not move", "non ha mosso")
    return Said(
        f"Gateway {by} {en} the valve of meter {proof.meter}{plate_en}, read it {position.en} on {at}, and signed it.",
        f"Il gateway {by} {it} la valvola del contatore {proof.meter}{plate_it}, l'ha letta {position.it} il {at} "
        "e lo ha firmato.",
    )


def _watched(answer: LookAnswer) -> Said:
    first, last = answer.index[0], answer.index[-1]
    values = f"{first.value} {first.unit} ({when(first.at)}), {last.value} {last.unit} ({when(last.at)})"
    return Said(
        f"Gateway {answer.gateway} then watched the index, and signed it: {values}.",
        f"Il gateway {answer.gateway} ha poi osservato l'indice e lo ha firmato: {values}.",
    )


def _not_seen(act: str, documents: list[Signed]) -> Said:
    wanted = WANTED.get(act)
    if wanted is None:
        return Said("This order moves no valve.", "Questo ordine non muove alcuna valvola.")
    position = word(POSITIONS, wanted)
    en = f"No signed account in this file shows the valve {position.en}."
    it = f"Nessun rapporto firmato in questo file mostra la valvola {position.it}."
    seen = [s for s in map(shown, documents) if s is not None]
    if seen:
        last, at = word(POSITIONS, seen[-1].position), when(seen[-1].at)
        en, it = f"{en} It was last seen {last.en}, on {at}.", f"{it} L'ultima posizione vista è {last.it}, il {at}."
    return Said(en, it)


def _stands(contents: Contents) -> Said:
    first, state = contents.entries[0], stands_at(contents.entries)
    step = next((told.step for told in reversed(contents.entries) if told.step is not None), None)
    grade = word(GRADES, step.grade) if step is not None and step.grade else None
    because = step.because if step is not None else None
    act, stands = word(ACTS, first.act), word(STATES, state)
    return Said(
        f"By the log, order {first.order} ({act.en}) at supply point {first.point} is {stands.en}"
        f"{f' (evidence: {grade.en})' if grade else ''}{f': {because.en}' if because else '.'}",
        f"Secondo il registro, l'ordine {first.order} ({act.it}) al punto di fornitura {first.point} è {stands.it}"
        f"{f' (prova: {grade.it})' if grade else ''}{f': {because.it}' if because else '.'}",
    )
