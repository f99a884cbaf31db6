"""What signed accounts show: a valve's position, by whose word, when. An outcome is a word; a position was read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from protocols.proof.documents import Signed
from protocols.proof.entry import Entry
from protocols.types import Outcome, ValvePosition
from protocols.uplink.crew import CrewAbort, CrewReport
from protocols.uplink.messages import LookAnswer, Receipt, Seen

WANTED = {
    "limit": ValvePosition.LIMITED,
    "suspend": ValvePosition.CLOSED,
    "interrupt": ValvePosition.CLOSED,
    "remove": ValvePosition.CLOSED,
    "reactivate": ValvePosition.OPEN,
}
"""The position that shows that an act was done. Other acts move no valve."""
EXECUTED, CORROBORATED, PROOF = "executed", "corroborated", "proof"
BOTH_ENDS = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """A position that a signed account shows; `meter` is empty where a crew tells its plate, in `plate`."""

    position: ValvePosition
    at: datetime
    by: Signed
    meter: str
    plate: str
    moved: bool


def shown(signed: Signed) -> Shown | None:
    """What one document shows of a valve; None where it shows nothing."""
    match signed.message:
        case Receipt() as receipt:
            seen = _stands(receipt)
            plate = receipt.identity_read.fabrication_number if receipt.identity_read else ""
            moved = receipt.started
            return Shown(seen.position, seen.at, signed, receipt.meter, plate, moved) if seen else None
        case LookAnswer(outcome=Outcome.DONE, seen=Seen() as seen) as answer:
            plate = answer.identity_read.fabrication_number if answer.identity_read else ""
            return Shown(seen.position, seen.at, signed, answer.meter, plate, moved=False)
        case CrewReport() as report:
            return Shown(report.left, report.ended_at, signed, "", report.serial, report.outcome == "done")
        case CrewAbort() as abort:
            return Shown(abort.left, abort.at, signed, "", "", moved=False)
        case _:
            return None


def _stands(receipt: Receipt) -> Seen | None:
    if receipt.after is not None and receipt.outcome is Outcome.DONE:
        return receipt.after
    return receipt.before if not receipt.started else None


def decisive(act: str, documents: Iterable[Signed]) -> Shown | None:
    """What shows the position that the act wants: who moved the valve last, else who saw it so last; None if nobody."""
    wanted = WANTED.get(act)
    found = [s for s in map(shown, documents) if s is not None and s.position is wanted]
    moved = [s for s in found if s.moved]
    return next(reversed(moved or found), None)


def observed(documents: Iterable[Signed]) -> LookAnswer | None:
    """The last signed answer that read the index at both ends of a window."""
    answers = [d.message for d in documents if isinstance(d.message, LookAnswer)]
    return next((answer for answer in reversed(answers) if len(answer.index) >= BOTH_ENDS), None)


def stands_at(entries: Sequence[Entry]) -> str:
    """The state of the order after its newest step."""
    return next((entry.step.after for entry in reversed(entries) if entry.step is not None), "")
