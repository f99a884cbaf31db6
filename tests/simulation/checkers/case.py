"""What a checker reads of a world that has ended: the control plane's tables, the gateways' files, valves' deeds."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Table, select

from controlplane.db import reading
from controlplane.field.work.models import REPAIR, work_orders
from controlplane.news import news
from controlplane.orders.models import commands, hands, looks, order_events, orders, receipts
from controlplane.orders.states import Kind
from protocols.errors import TheirsError
from protocols.types import MeterId, ValvePosition
from protocols.uplink import codec
from protocols.uplink.codec import Opened
from protocols.uplink.crew import CrewAbort, CrewRelease, CrewReport
from protocols.uplink.keys import KeyRing, SigningKey
from protocols.uplink.messages import LookAnswer, Receipt
from protocols.uplink.parts import Message
from simulators.loop import START
from simulators.valve import By
from tests.simulation.house import KEYS, enrolled
from tests.simulation.machine import PLANE_KEY
from tests.simulation.witness import Entry
from tests.simulation.world import World

BYTES_UNDER_WAY_S = 40.0
"""How long after `started` a frame may at most arrive: the tries of the link, then a stalled converter."""
TRAVEL_S = 4.0
DRIFT = 1.01
GIVES = frozenset({ValvePosition.OPEN, ValvePosition.ARMED})
"""What no permit is needed for: to open, and to make ready for a hand that opens."""
SIGNED: dict[str, type[Message]] = {c.kind: c for c in (Receipt, LookAnswer, CrewReport, CrewAbort, CrewRelease)}
Row = Any


@cache
def _keys() -> dict[str, SigningKey]:
    """Of every gateway, and every device of a crew."""
    return {**{str(g): key for g, key in KEYS.items()}, **{each.id: each.key for each in enrolled()}}


@dataclass(frozen=True, slots=True)
class Deed:
    """What a valve was told from afar, by its own history, and the journal's entry of the command that told it."""

    meter: MeterId
    at_s: float
    wanted: ValvePosition
    entry: Entry | None

    def __str__(self) -> str:
        return f"{self.meter} was told {self.wanted} at {self.at_s:.1f} s"


@dataclass(frozen=True, slots=True)
class Book:
    """One gateway's journal, read from its file."""

    gateway: str
    path: str
    id: str
    tasks: dict[str, tuple[str, str]]
    outbox: list[tuple[int, str, str, str | None, bytes, int]]
    readings: frozenset[tuple[int, int]]


@dataclass(slots=True)
class Case:
    """A world to be judged."""

    world: World
    commands: dict[str, Row] = field(init=False)
    looks: dict[str, Row] = field(init=False)
    orders: dict[str, Row] = field(init=False)
    events: list[Row] = field(init=False)
    receipts: list[Row] = field(init=False)
    hands: dict[str, Row] = field(init=False)
    work: list[Row] = field(init=False)
    news: list[Row] = field(init=False)
    deeds: list[Deed] = field(init=False)
    books: list[Book] = field(init=False)

    def __post_init__(self) -> None:
        self.commands = {r.digest: r for r in self.rows(commands)}
        self.looks = {r.digest: r for r in self.rows(looks)}
        self.orders = {r.id: r for r in self.rows(orders)}
        self.events = sorted(self.rows(order_events), key=lambda r: r.id)
        self.receipts = self.rows(receipts)
        self.hands = {r.digest: r for r in self.rows(hands)}
        self.work = [w for w in self.rows(work_orders) if w.kind != REPAIR]
        self.news = self.rows(news)
        self.deeds = sorted(self._deeds(), key=lambda d: d.at_s)
        self.books = [book(m.id, str(path)) for m in self.world.machines.values() for path in m.journals]

    def rows(self, table: Table) -> list[Row]:
        """All rows of a table."""
        with reading(self.world.engine) as db:
            return list(db.execute(select(table)))

    def _deeds(self) -> Iterator[Deed]:
        """Each act with the latest start at its meter that wanted it, while its bytes can still have been under way."""
        started: dict[MeterId, list[Entry]] = defaultdict(list)
        for entry in self.world.witness.entries:
            if entry.what == "started":
                started[entry.meter].append(entry)
        for name, valve in self.world.valves.items():
            for act in valve.history:
                if act.by is not By.WIRE:
                    continue
                fits = [
                    e
                    for e in started[name]
                    if e.at_s <= act.at_s <= e.at_s + BYTES_UNDER_WAY_S
                    and e.verb is not None
                    and e.verb.wanted is act.wanted
                ]
                yield Deed(name, act.at_s, act.wanted, fits[-1] if fits else None)

    def true_s(self, at: datetime) -> float:
        """The true time of a moment of the control plane's clock."""
        return self.world.true_s(at)

    def plane_s(self, at: datetime) -> float:
        """Seconds of the control plane's own clock since the beginning."""
        return (at - START).total_seconds()

    def grants(self, command: Row) -> list[float]:
        """When this command was permitted, by the events of its order while it was the order's command.

        A permit of a crew's is not its own.
        """
        crews = {(hand.order, hand.granted_at) for hand in self.hands.values()}
        later = [
            c.issued_at for c in self.commands.values() if c.order == command.order and c.sequence > command.sequence
        ]
        until = min(later, default=None)
        return [
            self.true_s(e.at)
            for e in self.events
            if e.order == command.order
            and e.event == "permit_granted"
            and e.at >= command.issued_at
            and (until is None or e.at <= until)
            and (e.order, e.at) not in crews
        ]

    def settled_at(self, digest: str, at_s: float) -> bool:
        """Whether what was granted, a command or a hand, was settled by then, as it was committed."""
        witness = self.world.witness
        known = [s for t, s in (witness.settled.get(digest) or witness.hands.get(digest) or []) if t <= at_s]
        return bool(known) and known[-1] is not None

    def let_go_s(self, hand: str) -> tuple[float, float]:
        """From when on a hand was out, and until when, by what was committed."""
        known = self.world.witness.hands[hand]
        return known[0][0], next((at_s for at_s, sequence in known if sequence is not None), float("inf"))

    def alarms(self, code: str, order: str) -> list[Row]:
        """Alarms of this code about an order."""
        return [n for n in self.news if n.type == "alarm" and n.data["code"] == code and n.data.get("order") == order]

    def of(self, way: Kind) -> list[Row]:
        """Orders of one way."""
        return [o for o in self.orders.values() if o.way == way]

    def opened(self, row: Row) -> Opened[Any] | None:
        """A kept account, opened with the public key of its gateway or device; None where it does not verify.

        What two persons have said in a crew's place is signed by the house.
        """
        key = PLANE_KEY if row.kind == CrewRelease.kind else _keys().get(row.gateway)
        try:
            return codec.open_signed(row.raw, SIGNED[row.kind], KeyRing([key.public] if key is not None else []))
        except TheirsError:
            return None

    def stood(self, meter: MeterId, wanted: ValvePosition, since_s: float, until_s: float) -> bool:
        """Whether the valve truly stood so at any time between."""
        at_s, position = -1.0, ValvePosition.OPEN
        for act in self.world.places[meter].valve.history:
            if position is wanted and at_s <= until_s and act.at_s >= since_s:
                return True
            if act.moved:
                at_s, position = act.at_s + TRAVEL_S, act.after
        return position is wanted and at_s <= until_s


def book(gateway: str, path: str) -> Book:
    """Read a journal's file."""
    db = sqlite3.connect(path)
    try:
        (name,) = db.execute("SELECT value FROM meta WHERE key = 'journal'").fetchone()
        tasks = {d: (kind, state) for d, kind, state in db.execute("SELECT digest, kind, state FROM tasks")}
        outbox = db.execute("SELECT number, kind, digest, task, raw, acked FROM outbox ORDER BY number").fetchall()
        readings = frozenset(db.execute("SELECT boot, sequence FROM readings").fetchall())
    finally:
        db.close()
    return Book(gateway, path, name, tasks, outbox, readings)
