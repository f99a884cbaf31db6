"""I1 and I15 against the truth: a valve that remembers, a gateway that keeps the rules, a network that keeps none.

Whatever is chosen, in whatever order messages come and however often: none is permitted after a stop, and after a stop
either nothing of the stopped order stands or may still act, or an order to give supply back is alive.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from controlplane.db import fences, reading
from controlplane.orders.life import Order
from controlplane.orders.models import commands, looks, stops
from controlplane.orders.states import Kind
from controlplane.protection import service
from controlplane.registry.service import Forbidden
from protocols.types import Outcome, ValvePosition, Verb
from protocols.uplink.reasons import Why
from simulators.chance import stream
from tests.controlplane.desk import NOON, POINT, Desk

OPEN, CLOSED = ValvePosition.OPEN, ValvePosition.CLOSED
VALIDITY_S, STEPS, RESTORES = 10, 40, 0.03
LATER = NOON + timedelta(days=9999)
Said = tuple[str, Outcome, ValvePosition | None, tuple[str, ...]]
"""A command or look, how it ended, what was seen, what a look names."""


@dataclass
class Edge:
    """A gateway as CONTROL asks for it, in few lines; what it says waits in `said` until the test hands it on."""

    desk: Desk
    valve: ValvePosition = OPEN
    epoch: int = 1
    highest: int = 0
    boot: int = 1
    jobs: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, datetime] = field(default_factory=dict)
    flying: dict[str, datetime] = field(default_factory=dict)
    dark: set[str] = field(default_factory=set)
    said: list[Said] = field(default_factory=list)
    closed_by: str = ""

    def burn_below(self, sequence: int) -> None:
        for digest, how in list(self.jobs.items()):
            if how == "received" and self.desk.command(digest).sequence < sequence:
                self.burn(digest)

    def burn(self, digest: str) -> None:
        self.jobs[digest] = "burned"
        self.tokens.pop(digest, None)
        self.said.append((digest, Outcome.REFUSED, None, ()))

    def take(self, digest: str) -> None:
        row = self.desk.command(digest)
        if digest in self.jobs or row.epoch != self.epoch or row.sequence < self.highest:
            return
        self.highest = row.sequence
        if row.verb == Verb.CLOSE:
            self.jobs[digest] = "received"
            return
        self.burn_below(row.sequence)
        if self.flying.keys() <= self.dark:
            self.valve = OPEN
            self.jobs[digest] = "done"
            self.said.append((digest, Outcome.DONE, OPEN, ()))

    def look(self, digest: str) -> None:
        with reading(self.desk.engine) as db:
            row = db.execute(select(looks).where(looks.c.digest == digest)).one()
        if row.epoch != self.epoch or row.sequence < self.highest or not self.flying.keys() <= self.dark:
            return
        self.highest = row.sequence
        self.burn_below(row.sequence)
        burned = tuple(d for d, how in self.jobs.items() if how == "burned")
        self.said.append((digest, Outcome.DONE, self.valve, burned))

    def ask(self, digest: str) -> None:
        if self.jobs.get(digest) != "received":
            return
        stopped, stands = order_of(self.desk, digest).stopped, standing(self.desk)
        if self.desk.ask(self.desk.orders()[-1], digest=digest):
            assert not stopped, "I1: a permit after a stop"
            assert not stands, "I6: a permit while a hold or protection stands"
            self.tokens[digest] = self.desk.clock.at + timedelta(seconds=VALIDITY_S)
        else:
            self.burn(digest)

    def startable(self, digest: str) -> bool:
        until = self.tokens.get(digest)
        return self.jobs.get(digest) == "received" and until is not None and self.desk.clock.at < until

    def start(self, digest: str, number: int) -> None:
        if not self.startable(digest):
            return
        self.jobs[digest] = "started"
        self.flying[digest] = self.desk.clock.at + timedelta(seconds=number % 20)
        if number % 3 == 0:
            self.dark.add(digest)
            self.said.append((digest, Outcome.UNKNOWN, None, ()))

    def land(self) -> None:
        """What is on the wire takes effect when its time has come."""
        for digest, at in list(self.flying.items()):
            if at <= self.desk.clock.at:
                del self.flying[digest]
                self.valve, self.closed_by = CLOSED, digest
                if digest not in self.dark:
                    self.said.append((digest, Outcome.DONE, CLOSED, ()))

    def restore(self) -> None:
        """An older journal comes back: what it held is gone, what is on the wire is not."""
        self.jobs.clear()
        self.tokens.clear()
        self.dark |= self.flying.keys()
        self.highest, self.boot = 0, self.boot + 1
        self.desk.birth(None, journal=f"{self.boot:032x}", boot=self.boot)
        with reading(self.desk.engine) as db:
            self.epoch = db.execute(select(fences.c.epoch)).scalar_one()


def order_of(desk: Desk, digest: str) -> Order:
    name = desk.command(digest).order
    return next(o for o in desk.orders() if o.id == name)


def standing(desk: Desk) -> list[tuple[str, str]]:
    """The holds and protections that stand now."""
    with reading(desk.engine) as db:
        rows = db.execute(select(stops).where(stops.c.ended_at.is_(None), stops.c.up_to.is_(None))).all()
    now = desk.clock.at
    return [(row.kind, row.id if row.kind == "hold" else row.reference) for row in rows if (row.until or LATER) > now]


def protect(desk: Desk, seconds: float | None) -> None:
    until = desk.clock.at + timedelta(seconds=seconds) if seconds is not None else None
    with desk.engine.begin() as db:
        service.protect(db, desk.context, POINT, Forbidden("suspend", "bonus", until), "anna")


def end(desk: Desk, kind: str, identity: str) -> None:
    verb = service.end_hold if kind == "hold" else service.end_protection
    with desk.engine.begin() as db:
        verb(db, desk.context, POINT, identity, "bruno", "over")


def hand_on(desk: Desk, edge: Edge, number: int) -> None:
    """One of the things said arrives, in any order; every second time it stays and will arrive again."""
    if not edge.said:
        return
    digest, outcome, position, named = edge.said[number % len(edge.said)]
    if number % 2:
        edge.said.remove((digest, outcome, position, named))
    if digest in sent(desk, looks):
        assert position is not None
        desk.answer(digest, position, named)
        return
    why = {Outcome.REFUSED: Why.SUPERSEDED, Outcome.UNKNOWN: Why.INTERRUPTED, Outcome.DONE: None}[outcome]
    desk.receipt(digest, outcome, why, position, started=outcome is not Outcome.REFUSED)


def sent(desk: Desk, table: object = commands) -> list[str]:
    with reading(desk.engine) as db:
        return [row.digest for row in db.execute(select(table.c.digest).order_by(table.c.sequence))]  # type: ignore[attr-defined]


Move = Callable[[], object]


def people(desk: Desk, chance: Random) -> list[Move]:
    taking = [o for o in desk.orders() if o.way is Kind.TAKING]
    moves: list[Move] = []
    if not any(o.alive for o in taking):
        moves.append(desk.enter)
    if taking and not taking[-1].stopped:
        moves.append(desk.stop)
        moves.append(lambda: desk.stop("hold", until=desk.clock.at + timedelta(seconds=chance.choice((5, 60)))))
        moves.append(partial(protect, desk, chance.choice((5, 60, None))))
    moves += [partial(end, desk, kind, identity) for kind, identity in standing(desk)[:2]]
    return moves


def pass_time(desk: Desk, edge: Edge, seconds: float) -> None:
    desk.clock.at += timedelta(seconds=seconds)
    edge.land()
    desk.pass_s(0)


def moves(desk: Desk, edge: Edge, chance: Random) -> list[Move]:
    """Everything that could happen next."""
    known, watching = sent(desk)[-3:], sent(desk, looks)[-2:]
    return [
        *people(desk, chance),
        partial(pass_time, desk, edge, chance.choice((1, 6, 12, 31, 200))),
        *(partial(edge.take, d) for d in known if d not in edge.jobs),
        *(partial(edge.ask, d) for d in known if edge.jobs.get(d) == "received"),
        *(partial(edge.start, d, chance.randrange(60)) for d in known if edge.startable(d)),
        *(partial(edge.look, d) for d in watching),
        *(partial(hand_on, desk, edge, chance.randrange(60)) for _ in edge.said[:3]),
        *([edge.restore] if chance.random() < RESTORES else []),
    ]


def check(desk: Desk, edge: Edge) -> None:
    acts = {*edge.flying, *(d for d in edge.tokens if edge.startable(d))}
    acts |= {edge.closed_by} if edge.valve is CLOSED else set()
    giving = any(o.alive for o in desk.giving())
    assert giving or not [d for d in acts if order_of(desk, d).stopped], "I15"


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_I1_I15_whatever_comes_in_whatever_order(seed: int) -> None:
    walk(seed, Desk())


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("seed", range(10))
def test_I1_I15_so_it_is_over_postgresql(server_database: str, seed: int) -> None:
    walk(seed, Desk(server_database))


def walk(seed: int, desk: Desk) -> None:
    chance, edge = stream(seed, "walk"), Edge(desk)
    for _ in range(STEPS):
        chance.choice(moves(desk, edge, chance))()
        check(desk, edge)
    desk.engine.dispose()
