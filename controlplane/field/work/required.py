"""What completing an act requires beside its photographs: serial, index, seal, place, and times that can be. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controlplane.field.evidence.findings import Finding
from controlplane.field.evidence.readings import bare
from controlplane.policy.facts import Act
from protocols.uplink.crew import CrewReport

CLOCK_OFF = timedelta(seconds=300)
"""How far a device's clock may be ahead."""


class Piece(StrEnum):
    """One thing that a report may have to hold; `{piece}_missing` is the finding where it does not."""

    SERIAL = "serial"
    INDEX = "index"
    SEAL = "seal"
    PLACE = "place"


AT_A_METER = (Piece.SERIAL, Piece.INDEX)
REQUIRED: Mapping[Act, tuple[Piece, ...]] = {
    Act.SUSPEND: AT_A_METER,
    Act.LIMIT: AT_A_METER,
    Act.INTERRUPT: AT_A_METER,
    Act.REACTIVATE: AT_A_METER,
    Act.REMOVE: AT_A_METER,
    Act.DELIVER_NOTICE: (Piece.PLACE,),
}


@dataclass(frozen=True, slots=True)
class House:
    """What this house asks for beyond that: acts after which a seal must be put on, and the device's place with each.

    In a cellar a device may not know where it is.
    """

    sealed_acts: frozenset[Act] = frozenset()
    place: bool = False

    def needs(self, act: Act, outcome: str) -> tuple[Piece, ...]:
        """What a report of this act must hold; where nothing was moved no seal is put on."""
        seal = (Piece.SEAL,) if act in self.sealed_acts and outcome == "done" else ()
        return tuple(dict.fromkeys((*REQUIRED[act], *seal, *([Piece.PLACE] if self.place else []))))


def judge_pieces(report: CrewReport, act: Act, house: House) -> Iterator[Finding]:
    """What a report of an act lacks."""
    there = {
        Piece.SERIAL: bool(bare(report.serial)),
        Piece.INDEX: report.register is not None,
        Piece.SEAL: bool(report.seals_applied),
        Piece.PLACE: report.place is not None,
    }
    yield from (Finding(f"{piece}_missing") for piece in house.needs(act, report.outcome) if not there[piece])


def judge_times(report: CrewReport, now: datetime) -> Iterator[Finding]:
    """Whether the times can be: begun before it ended, ended before it was signed, and nothing of it yet to come."""
    if not report.began_at <= report.ended_at <= report.at <= now + CLOCK_OFF:
        yield Finding("times_wrong")
