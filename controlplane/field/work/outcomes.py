"""Why a crew could not do it, as data: what is said of it, and what is done next. Aborting is nobody's fault."""

from typing import NamedTuple

from protocols.uplink.parts import Reason

SECOND_VISIT, PLANNER, LEGAL = "second_visit", "planner", "legal"
VISITS = 2
"""After so many visits in vain, what was to be visited again goes on as `afterwards` says."""


class Outcome(NamedTuple):
    """One code: its words, the next step, and the step once it was visited often enough."""

    en: str
    it: str
    next_step: str
    afterwards: str


OUTCOMES: dict[str, Outcome] = {
    "access_denied": Outcome("Access was denied.", "Accesso negato.", SECOND_VISIT, LEGAL),
    "nobody_home": Outcome("Nobody was at home.", "Nessuno in casa.", SECOND_VISIT, LEGAL),
    "meter_inaccessible": Outcome("The meter can't be reached.", "Contatore inaccessibile.", PLANNER, LEGAL),
    "meter_not_found": Outcome("The meter was not found.", "Contatore non trovato.", PLANNER, PLANNER),
    "wrong_meter": Outcome("Another meter stands here.", "Qui c'è un altro contatore.", PLANNER, PLANNER),
    "valve_stuck": Outcome("The valve can't be moved.", "La valvola non si muove.", PLANNER, PLANNER),
    "aggressive_customer": Outcome("The customer was aggressive.", "Cliente aggressivo.", PLANNER, LEGAL),
    "dog": Outcome("A dog was in the way.", "Presenza di un cane.", SECOND_VISIT, PLANNER),
    "unsafe": Outcome("It was not safe to go on.", "Non era sicuro procedere.", PLANNER, PLANNER),
    "permit_lapsed": Outcome("The permit ended before it was done.", "Autorizzazione scaduta.", SECOND_VISIT, PLANNER),
    "stopped": Outcome("The crew was told to stop.", "La squadra è stata fermata.", PLANNER, PLANNER),
}


def step(code: str, visit: int) -> str:
    """What is done next after an abort at this visit, the first being 1."""
    outcome = OUTCOMES[code]
    return outcome.next_step if visit < VISITS else outcome.afterwards


def reason(code: str) -> Reason:
    """An outcome as the reason of an order."""
    outcome = OUTCOMES[code]
    return Reason(code=code, en=outcome.en, it=outcome.it)
