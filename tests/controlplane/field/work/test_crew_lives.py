"""Seeded lives of one point with a gateway and crews: late, without access, overtaken by payments, never reporting.

The valve and what may still act are kept beside the control plane, and believe nothing it says. A guard
that is taken away is seen to break its rule (I1, I11, I15, P6, P9).
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from controlplane.db import reading
from controlplane.field.work import offering
from controlplane.orders import hands, looking
from controlplane.orders.life import Order, get
from controlplane.orders.states import Kind, OrderState
from controlplane.problems import RefusalError
from protocols.types import Outcome, ValvePosition
from protocols.uplink.reasons import Why
from tests.controlplane.field.work.field_desk import CLOSED, OPEN, Field

STEPS, LIVES, LONGEST_ACT_S = 60, 60, 30.0


@dataclass
class Life:
    """One life; `broken` are the rules that were broken in it."""

    seed: int
    desk: Field = field(default_factory=Field)
    valve: ValvePosition = OPEN
    hand: Order | None = None
    gateway_until_s: float = -1.0
    unread: list[tuple[str, bool]] = field(default_factory=list)
    paid: bool = False
    broken: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    commands: int = 0

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - the same life for the same seed

    @property
    def now_s(self) -> float:
        return self.desk.clock.boot()

    def live(self) -> "Life":
        for _ in range(STEPS):
            self._step()
            self._watch()
        self._end()
        return self

    def _orders(self, way: Kind) -> list[Order]:
        return [order for order in self.desk.orders() if order.way is way and order.alive]

    def _step(self) -> None:
        acts = (
            self._enter,
            self._gateway,
            self._gateway,
            self._crew,
            self._crew,
            self._account,
            self._reads,
            self._time,
        )
        self.chance.choice((*acts, self._pay))()

    def _enter(self) -> None:
        if not self._orders(Kind.TAKING) and not self._orders(Kind.GIVING):
            self.desk.enter()
            self.paid = False

    def _gateway(self) -> None:
        """It asks, and its valve moves or sticks; it is heard now, later, or never. A giving command opens."""
        for order in self._orders(Kind.TAKING):
            if order.state is OrderState.DISPATCHED and self.desk.ask(
                order, nonce=f"{self.chance.getrandbits(128):032x}"
            ):
                moved = self.chance.random() < 0.3
                self.valve = CLOSED if moved else self.valve
                self.gateway_until_s = self.now_s + LONGEST_ACT_S
                self.unread.append((order.command or "", moved))
        for order in self._orders(Kind.GIVING):
            if order.state is OrderState.DISPATCHED:
                self.valve = OPEN
                self.desk.receipt(order.command, position=OPEN)

    def _reads(self) -> None:
        """What was done is told, unless it is lost; looks are answered by what is seen."""
        if self.unread and self.chance.random() < 0.7:
            command, moved = self.unread.pop()
            if self.chance.random() < 0.5:  # it began, and nothing was read back: it may still act
                self.desk.receipt(command, Outcome.UNKNOWN, Why.NO_ANSWER, started=True)
                return
            self.gateway_until_s = -1.0
            outcome, why = (Outcome.DONE, None) if moved else (Outcome.FAILED, Why.VALVE_FAULT)
            self.desk.receipt(command, outcome, why, self.valve, started=True)
        for order in [*self._orders(Kind.TAKING), *self._orders(Kind.GIVING)]:
            if order.state is OrderState.LOOKING and order.look is not None:
                self.desk.answer(order.look, self.valve)

    def _crew(self) -> None:
        for work in self.desk.offered():
            with reading(self.desk.engine) as db:
                order = get(db, work.order)
            if order.state is not OrderState.PLANNED:
                continue
            if order.way is Kind.GIVING:
                self.desk.on_site(order)
                self.valve = OPEN
                self.desk.permit = f"{self.chance.getrandbits(128):032x}" * 2
                self.desk.reported(order, left=OPEN, permit=None, sequence=10**6)
            elif self.desk.go(order):
                self.met.add("permit")
                self.hand = order
                if self.paid:
                    self.broken.add("I1")
                if self.now_s < self.gateway_until_s:
                    self.broken.add("I11")

    def _account(self) -> None:
        """The hand acts, or not; it reports, aborts, or is never heard of, and two persons end its permit."""
        if self.hand is None:
            return
        if (kind := self.chance.choice(("report", "abort", "silence", "later"))) == "later":
            return
        order, self.hand = self.hand, None
        self.met.add(kind)
        if kind == "abort":
            self.desk.aborted(order, left=self.valve)
            return
        self.valve = CLOSED
        if kind == "report":
            self.desk.reported(order)
        else:
            self.desk.pass_s(3700)
            self.desk.released(order)

    def _pay(self) -> None:
        if self._orders(Kind.TAKING) and self.chance.random() < 0.5:
            self.desk.stop()
            self.paid = True
            self.met.add("overtaken" if self.hand is not None else "paid")

    def _time(self) -> None:
        self.desk.pass_s(self.chance.choice((1, 5, 40, 130)))

    def _watch(self) -> None:
        """No command leaves while a hand is out, and no work is offered while the gateway may act."""
        sent = len(self.desk.sent("command"))
        if self.hand is not None and sent > self.commands:
            self.broken.add("I11")
        self.commands = sent
        if self.desk.offered() and self.now_s < self.gateway_until_s:
            self.broken.add("P6")

    def _end(self) -> None:
        """Everybody is heard in the end: who has paid has water."""
        while self.hand is not None:
            self._account()
        for _ in range(40):
            self._reads()
            self._gateway()
            self._crew() if self._orders(Kind.GIVING) else None
            self.desk.pass_s(130)
        if self.paid and self.valve is not OPEN:
            self.broken.add("I15")


def test_no_life_with_crews_breaks_a_rule_and_all_that_may_happen_does() -> None:
    lives = [Life(seed).live() for seed in range(LIVES)]
    assert {life.seed: life.broken for life in lives if life.broken} == {}
    assert set().union(*(life.met for life in lives)) >= {"permit", "report", "abort", "silence", "overtaken", "paid"}


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _no(*_: Any) -> bool:
    return False


def _yes(*_: Any) -> bool:
    return True


@pytest.mark.parametrize(
    ("guards", "seen"),
    [
        ([(offering, "unsettled", _no), (looking, "_said_after_settlement", _yes)], "P6"),
        ([(hands, "out", _nothing)], "I11"),
    ],
    ids=["offered before it has settled", "sent while a hand is out"],
)
def test_a_guard_taken_away_is_seen(
    monkeypatch: pytest.MonkeyPatch, guards: list[tuple[Any, str, Any]], seen: str
) -> None:
    for guard in guards:
        monkeypatch.setattr(*guard)
    found: set[str] = set()
    for seed in range(LIVES):
        try:
            found |= Life(seed).live().broken
        except (RefusalError, AssertionError):
            continue
        if seen in found:
            return
    raise AssertionError(f"{seen} was not seen to break: {found}")


def test_P9_the_permit_is_where_a_stop_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop moves an order on site; one that somehow did not is refused by the permit itself, and only there."""
    desk = Field()
    order = desk.stuck()
    desk.on_site(order)
    monkeypatch.setattr("controlplane.orders.stopping._reach", _nothing)
    desk.stop()
    assert desk.asks(desk.order(order)) is False
    assert desk.state(order) is not OrderState.PERMITTED
