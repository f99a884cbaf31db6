"""Names of states, acts and positions in both languages, and how times are written. Part of reports of version 1."""

from datetime import UTC, datetime

from protocols.proof.verdict import Said

ACTS = {
    "deliver_notice": Said("deliver a notice", "consegna avviso"),
    "limit": Said("limit supply", "limitazione"),
    "suspend": Said("suspend supply", "sospensione"),
    "interrupt": Said("interrupt supply", "interruzione"),
    "reactivate": Said("give supply back", "riattivazione"),
    "remove": Said("remove the meter", "rimozione"),
}
STATES = {
    "entered": Said("entered", "inserito"),
    "held": Said("held", "fermo"),
    "awaiting_approval": Said("waiting for a second person", "in attesa di una seconda persona"),
    "planned": Said("planned", "pianificato"),
    "dispatched": Said("sent to the gateway", "inviato al gateway"),
    "assigned": Said("given to a crew", "assegnato a una squadra"),
    "on_site": Said("crew on site", "squadra sul posto"),
    "permitted": Said("permitted", "autorizzato"),
    "looking": Said("being looked at", "in verifica"),
    "executed": Said("executed", "eseguito"),
    "completed": Said("completed", "completato"),
    "not_executed": Said("not executed", "non eseguito"),
    "withdrawn": Said("withdrawn", "ritirato"),
    "rejected": Said("rejected", "respinto"),
}
KINDS = {
    "command": Said("command", "comando"),
    "permit": Said("permit", "autorizzazione"),
    "permit-request": Said("request for a permit", "richiesta di autorizzazione"),
    "look": Said("look", "verifica"),
    "look-answer": Said("answer to a look", "risposta alla verifica"),
    "receipt": Said("receipt", "ricevuta"),
    "crew-permit-request": Said("crew's request for a permit", "richiesta di autorizzazione della squadra"),
    "crew-permit": Said("crew's permit", "autorizzazione alla squadra"),
    "crew-report": Said("crew's report", "rapporto della squadra"),
    "crew-abort": Said("crew's abort", "rinuncia della squadra"),
    "crew-release": Said("two persons' word", "dichiarazione di due persone"),
}
EVENTS = {
    "entered": Said("entered", "inserito"),
    "allowed": Said("the rules allow it", "le regole lo consentono"),
    "denied_by_rule": Said("a rule forbids it", "una regola lo vieta"),
    "deferred": Said("a rule defers it", "una regola lo rinvia"),
    "needs_approval": Said("a second person is asked", "serve una seconda persona"),
    "refused": Said("refused by a second person", "rifiutato da una seconda persona"),
    "approved": Said("approved by a second person", "approvato da una seconda persona"),
    "reason_passed": Said("the reason has passed", "il motivo è cessato"),
    "dispatch": Said("sent", "inviato"),
    "assign": Said("given to a crew", "assegnato a una squadra"),
    "arrive": Said("the crew has arrived", "la squadra è arrivata"),
    "permit_granted": Said("permit granted", "autorizzazione concessa"),
    "permit_denied": Said("permit denied", "autorizzazione negata"),
    "permit_denied_stop": Said("permit denied: stopped", "autorizzazione negata: fermato"),
    "found_as_wanted": Said("found as wanted", "trovato già come richiesto"),
    "proof": Said("proven by what was seen", "provato da ciò che è stato visto"),
    "late_proof": Said("proven late", "provato in ritardo"),
    "technical": Said("failed for a technical cause", "fallito per causa tecnica"),
    "refused_by_law": Said("refused", "rifiutato"),
    "deadline": Said("its deadline has passed", "termine scaduto"),
    "look_wanted": Said("looked at: as wanted", "verificato: come richiesto"),
    "look_not_wanted": Said("looked at: not as wanted", "verificato: non come richiesto"),
    "look_not_wanted_stop": Said("looked at: not as wanted, and stopped", "verificato: non come richiesto, e fermato"),
    "look_not_wanted_hold": Said("looked at: not as wanted, and held", "verificato: non come richiesto, e sospeso"),
    "relook": Said("looked at again", "verificato di nuovo"),
    "resend": Said("sent again", "inviato di nuovo"),
    "to_field": Said("a crew has to go", "serve una squadra"),
    "corroborated": Said("the index stands as it should", "l'indice si comporta come deve"),
    "window_ended": Said("the observation has ended", "osservazione terminata"),
    "contradicted": Said("contradicted", "smentito"),
    "stop": Said("stopped", "fermato"),
    "hold": Said("held", "sospeso"),
    "freeze": Said("all closures are stopped", "chiusure bloccate"),
    "legal_term_ended": Said("the legal term has ended", "termine di legge scaduto"),
    "withdrawn_by_client": Said("withdrawn by the client", "ritirato dal committente"),
    "aborted": Said("the crew has given up", "la squadra ha rinunciato"),
    "aborted_stop": Said("the crew has given up: stopped", "la squadra ha rinunciato: fermato"),
    "aborted_hold": Said("the crew has given up: held", "la squadra ha rinunciato: sospeso"),
    "released_by_two": Said("ended by two persons", "chiuso da due persone"),
    "armed": Said("ready to be opened by hand", "pronto per la riapertura manuale"),
}
DOCUMENTS_CAME = Said("documents", "documenti")
TERMINAL = frozenset({"completed", "not_executed", "withdrawn", "rejected"})
"""States after which nothing more is expected of an order."""
POSITIONS = {
    "open": Said("open", "aperta"),
    "closed": Said("closed", "chiusa"),
    "armed": Said("ready to be opened by hand", "pronta per la riapertura manuale"),
    "limited": Said("limited", "limitata"),
    "moving": Said("moving", "in movimento"),
    "fault": Said("in fault", "in guasto"),
    "unknown": Said("unknown", "sconosciuta"),
}
GRADES = {
    "read_back": Said("position read back", "posizione riletta"),
    "corroborated": Said("position read back and index watched", "posizione riletta e indice osservato"),
    "witnessed": Said("witnessed by a crew", "attestato da una squadra"),
}


def word(table: dict[str, Said], code: str) -> Said:
    """The words for a code; the code itself where there are none."""
    return table.get(code, Said(code, code))


def when(at: datetime) -> str:
    """A time as both languages write it here: UTC, whole seconds; at the ends of the calendar as it was signed."""
    try:
        return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    except OverflowError:
        return at.isoformat()
