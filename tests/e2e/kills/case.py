"""What a run has left: the control plane's tables, the gateways' files, the valves' diaries, and who was told what."""

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Table, select

from controlplane.db import make_engine
from controlplane.orders.models import commands, order_events, orders, stops
from protocols.types import Verb
from protocols.uplink.codec import decode_payload
from protocols.uplink.messages import Command, Number
from seams.clock import SystemClock
from tests.e2e.kills.ear import Ear
from tests.e2e.kills.files import EACH, Place
from tests.e2e.kills.office import Office
from tests.e2e.kills.street import Deed, read
from tests.simulation.checkers.case import Book, book

Row = Any


@dataclass(frozen=True, slots=True)
class Begun:
    """A command whose first byte may have left, by its gateway's journal."""

    digest: str
    number: Number
    verb: Verb
    received_boot_s: float


@dataclass
class Case:
    """A run to be judged, after everything was killed."""

    place: Place
    office: Office
    ear: Ear
    boot_at_s: float = field(default_factory=lambda: time.time() - SystemClock().boot())

    def rows(self, table: Table) -> list[Row]:
        """All rows of a table."""
        with self._engine.connect() as db:
            return list(db.execute(select(table)))

    @cached_property
    def _engine(self) -> Any:
        return make_engine(f"sqlite:///{self.place.database}")

    @cached_property
    def books(self) -> list[Book]:
        """The gateways' journals."""
        return [book(f"cellar-{n}", str(self.place.journal(n))) for n in range(len(self.place.lines))]

    @cached_property
    def deeds(self) -> list[Deed]:
        """What the valves were told, in order."""
        return read(self.place.folder / "diary")

    @cached_property
    def commands(self) -> dict[str, Row]:
        """By digest."""
        return {row.digest: row for row in self.rows(commands)}

    @cached_property
    def orders(self) -> dict[str, Row]:
        """By id."""
        return {row.id: row for row in self.rows(orders)}

    @cached_property
    def events(self) -> list[Row]:
        """Of all orders, as they happened."""
        return sorted(self.rows(order_events), key=lambda row: row.id)

    @cached_property
    def stops(self) -> list[Row]:
        """All that were recorded."""
        return self.rows(stops)

    def at(self, boot_s: float) -> datetime:
        """The wall clock's time of a moment of the machine's."""
        return datetime.fromtimestamp(self.boot_at_s + boot_s, UTC)

    @cached_property
    def matched(self) -> list[tuple[Deed, Begun | None]]:
        """Each deed with the newest command that had begun at its meter, wanted it, and moved nothing before."""
        return [pair for meter, deeds in self._by_meter().items() for pair in _matched(deeds, self.begun(meter))]

    def _by_meter(self) -> dict[str, list[Deed]]:
        found = defaultdict[str, list[Deed]](list)
        for deed in self.deeds:
            found[deed.meter].append(deed)
        return found

    def begun(self, meter: str) -> list[Begun]:
        """The commands of a meter that had begun, lowest number first."""
        query = """SELECT digest, epoch, sequence, payload, received_boot_s FROM tasks
            WHERE meter = ? AND kind = 'command' AND began = 1 ORDER BY epoch, sequence"""
        return [
            Begun(digest, Number(epoch, sequence), decode_payload(payload, Command).verb, boot_s)
            for digest, epoch, sequence, payload, boot_s in self.journal(meter, query, meter)
        ]

    def journal(self, meter: str, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the journal of this meter's gateway."""
        db = sqlite3.connect(self.place.journal(int(meter[1:]) // EACH))
        try:
            return db.execute(query, values).fetchall()
        finally:
            db.close()


def _matched(deeds: list[Deed], begun: list[Begun]) -> Iterator[tuple[Deed, Begun | None]]:
    last: Begun | None = None
    for deed in deeds:
        fits = [
            each
            for each in begun
            if each.verb.wanted is deed.wanted
            and each.received_boot_s <= deed.at_s
            and (last is None or each.number > last.number)
        ]
        yield deed, fits[-1] if fits else None
        last = fits[-1] if fits else last
