"""What a report needs beside its signature: shots, kept photographs, seals, a serial and an index that can be true."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from controlplane.orders.life import Order
from controlplane.registry.binding import bound
from protocols.uplink.crew import CrewReport


class Needs(Protocol):
    """The evidence store's side of a report; raises a refusal where something is missing, and names what is doubted."""

    def required(self, db: Connection, order: Order, report: CrewReport) -> None:
        """Refuse a report that lacks what its act requires."""

    def doubts(self, db: Connection, order: Order, report: CrewReport) -> list[str]:
        """What two persons have to judge before the report can prove anything."""

    def recorded(self, db: Connection, order: Order, report: CrewReport, actor: str) -> None:
        """Enter what the report has changed: seals applied and removed."""


@dataclass(frozen=True, slots=True)
class PlateOnly:
    """No more than the serial that is registered for the point."""

    def required(self, db: Connection, order: Order, report: CrewReport) -> None:
        """Nothing is required."""

    def doubts(self, db: Connection, order: Order, report: CrewReport) -> list[str]:
        """Whether the plate was another's."""
        return [] if plate_fits(db, order.point, report.serial) else ["wrong_serial"]

    def recorded(self, db: Connection, order: Order, report: CrewReport, actor: str) -> None:
        """Nothing is entered."""


def plate_fits(db: Connection, point: str, serial: str) -> bool:
    """Whether a serial is that of the meter bound at the point; where none is bound, nothing is expected."""
    meter = bound(db, point)
    if meter is None:
        return True
    return same(serial) in {same(meter.identity.fabrication_number), same(meter.identity.id)} - {""}


def same(serial: str) -> str:
    """A serial as it is compared, however it was written."""
    return "".join(c for c in serial.lower() if c.isalnum())
