"""Why a crew could not do it, as data: its words, the photographs that show it, and what is done next (F27).

Aborting is nobody's fault: where people or a leak are the danger, no photograph is asked for.
"""

from typing import NamedTuple

from controlplane.field.evidence.shots import View
from controlplane.policy.facts import Act
from protocols.uplink.parts import Reason

SECOND_VISIT, PLANNER, LEGAL, INTERRUPTION = "second_visit", "planner", "legal", "interruption"
ENDS = frozenset({LEGAL, INTERRUPTION})
"""Steps after which this order is not executed: what follows is another one's."""
VISITS = 2
"""After so many visits in vain, what was to be visited again goes on as `afterwards` says."""


class Outcome(NamedTuple):
    """One code: its words, the next step, the step once it was visited often enough, and the shots that show it."""

    en: str
    it: str
    next_step: str
    afterwards: str
    shots: tuple[View, ...] = ()


DOOR, PLATE, VALVE = (View.PLACE,), (View.PLATE,), (View.BEFORE,)
"""The door with its number, or the place of the meter; the plate of the meter that is there; the valve as it is."""
OUTCOMES: dict[str, Outcome] = {
    "access_denied": Outcome("Access was denied.", "Accesso negato.", SECOND_VISIT, LEGAL, DOOR),
    "nobody_home": Outcome("Nobody was at home.", "Nessuno in casa.", SECOND_VISIT, LEGAL, DOOR),
    "meter_inaccessible": Outcome("The meter can't be reached.", "Contatore inaccessibile.", PLANNER, LEGAL, DOOR),
    "meter_not_found": Outcome("The meter was not found.", "Contatore non trovato.", PLANNER, PLANNER, DOOR),
    "wrong_meter": Outcome("Another meter stands here.", "Qui c'è un altro contatore.", PLANNER, PLANNER, PLATE),
    "plate_unreadable": Outcome("The plate can't be read.", "Targa illeggibile.", PLANNER, PLANNER, PLATE),
    "register_unreadable": Outcome(
        "The register can't be read.", "Totalizzatore illeggibile.", PLANNER, PLANNER, (View.REGISTER,)
    ),
    "valve_stuck": Outcome("The valve can't be moved.", "La valvola non si muove.", PLANNER, PLANNER, VALVE),
    "valve_broken": Outcome("The valve is broken.", "La valvola è rotta.", PLANNER, PLANNER, VALVE),
    "no_valve": Outcome("There is no valve here to close.", "Qui non c'è una valvola.", PLANNER, PLANNER, VALVE),
    "tampered": Outcome(
        "Seal or meter were tampered with.", "Sigillo o contatore manomessi.", PLANNER, PLANNER, (View.SEAL,)
    ),
    "payment_shown": Outcome(
        "The customer says that it is paid.", "Il cliente dichiara di aver pagato.", PLANNER, PLANNER
    ),
    "protected_person": Outcome(
        "Somebody lives here whose supply must not be taken.",
        "Qui vive una persona che non può restare senza fornitura.",
        PLANNER,
        PLANNER,
    ),
    "aggressive_customer": Outcome("The customer was aggressive.", "Cliente aggressivo.", PLANNER, LEGAL),
    "dog": Outcome("A dog was in the way.", "Presenza di un cane.", SECOND_VISIT, PLANNER, DOOR),
    "unsafe": Outcome("It was not safe to go on.", "Non era sicuro procedere.", PLANNER, PLANNER),
    "leak_suspected": Outcome(
        "The leak check failed: a leak is suspected.", "Prova di tenuta non superata: sospetta fuga.", PLANNER, PLANNER
    ),
    "permit_lapsed": Outcome("The permit ended before it was done.", "Autorizzazione scaduta.", SECOND_VISIT, PLANNER),
    "stopped": Outcome("The crew was told to stop.", "La squadra è stata fermata.", PLANNER, PLANNER),
}


def step(code: str, visit: int, act: Act, *, gas: bool = False) -> str:
    """What is done next after an abort at this visit, the first being 1.

    Gas that can't be closed at the meter is to be cut off upstream (TIMG, interruzione) before it becomes a matter of
    law.
    """
    outcome = OUTCOMES[code]
    following = outcome.next_step if visit < VISITS else outcome.afterwards
    return INTERRUPTION if following == LEGAL and gas and act is Act.SUSPEND else following


def reason(code: str) -> Reason:
    """An outcome as the reason of an order."""
    outcome = OUTCOMES[code]
    return Reason(code=code, en=outcome.en, it=outcome.it)
