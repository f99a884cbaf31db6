"""Several writers at once on PostgreSQL: the fence row decides by itself, and what fails leaves nothing behind.

One process writes one transaction at a time, and the house's lock holds others back. What follows takes that lock away,
to see that the rules do not lean on it: the fence row of the point is enough (P1).
"""

import threading
import time
from collections.abc import Callable, Iterator
from random import Random

import pytest
from psycopg.errors import DeadlockDetected, UniqueViolation
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError

from controlplane.db import make_engine
from controlplane.orders.life import Order
from controlplane.orders.models import order_events
from controlplane.orders.states import Event, Kind, OrderState
from controlplane.problems import RefusalError
from protocols.types import Outcome, ValvePosition
from simulators.chance import stream
from tests.controlplane.house import House, build

pytestmark = pytest.mark.needs("postgresql")
S = OrderState
PATIENCE_S = 20
STOPPED = {S.WITHDRAWN, S.HELD}


def unlocked(url: str) -> Engine:
    """An engine whose transactions begin without the house's lock."""
    engine = make_engine(url)
    engine.dialect.do_begin = nothing  # type: ignore[method-assign]
    return engine


def nothing(dbapi_connection: object) -> None:
    """The driver begins a transaction with its first statement."""


@pytest.fixture
def house(server_database: str) -> Iterator[House]:
    made = build(server_database)
    made.engine.dispose()
    made.engine = unlocked(server_database)
    with made.engine.begin() as db:
        made.birth(db)
    yield made
    made.engine.dispose()


class Waiting(threading.Thread):
    """A verb in a transaction of its own, that must wait for ours."""

    def __init__(self, house: House, verb: Callable[[Connection], object]) -> None:
        super().__init__()
        self.house, self.verb, self.result = house, verb, None
        self.start()

    def run(self) -> None:
        with self.house.engine.begin() as db:
            self.result = self.verb(db)  # type: ignore[assignment]

    def waits(self, db: Connection) -> None:
        """Return when the server says that it waits for a lock."""
        end = time.monotonic() + PATIENCE_S
        query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not db.execute(query).scalar_one():
            assert self.is_alive(), "it waited for nobody"
            assert time.monotonic() < end

    def ended(self) -> object:
        self.join(PATIENCE_S)
        return self.result


def test_P1_a_permit_waits_for_the_payment_that_came_first_and_is_refused(house: House) -> None:
    with house.engine.begin() as db:
        order = house.suspend(db)
    with house.engine.begin() as db:
        house.stop(db)
        asking = Waiting(house, lambda other: house.ask(other, order.command))
        asking.waits(db)
    assert asking.ended() is False
    with house.engine.begin() as db:
        assert (house.order(db, order).state, len(house.orders(db))) == (S.WITHDRAWN, 1)


def test_I15_a_payment_waits_for_the_permit_that_came_first_and_gives_back(house: House) -> None:
    with house.engine.begin() as db:
        order = house.suspend(db)
    with house.engine.begin() as db:
        assert house.ask(db, order.command)
        paying = Waiting(house, house.stop)
        paying.waits(db)
    paying.ended()
    with house.engine.begin() as db:
        assert [o.state for o in house.orders(db)] == [S.PERMITTED, S.DISPATCHED]


def acts(house: House, chance: Random) -> Callable[[Connection], object]:
    """One thing that a client or the gateway does."""

    def act(db: Connection) -> None:
        taking = [o for o in house.orders(db) if o.way is Kind.TAKING]
        last = taking[-1] if taking else None
        kind = chance.choice(("suspend", "ask", "ask", "pay", "closed", "open"))
        if kind == "suspend" or last is None:
            house.suspend(db)
        elif kind == "ask":
            house.ask(db, last.command)
        elif kind == "pay":
            house.stop(db)
        elif kind == "closed" and last.state is S.PERMITTED:
            house.receipt(db, last.command, Outcome.DONE, ValvePosition.CLOSED)
        elif kind == "open" and (giving := [o for o in house.orders(db) if o.way is Kind.GIVING and o.command]):
            house.receipt(db, giving[-1].command, Outcome.DONE, ValvePosition.OPEN)

    return act


@pytest.mark.parametrize("locked", [True, False])
def test_I1_I15_four_at_once_each_in_a_transaction_of_its_own(house: House, server_database: str, locked: bool) -> None:
    engine = make_engine(server_database) if locked else house.engine
    start = threading.Barrier(4)
    failed: list[DBAPIError] = []

    def work(seed: int) -> None:
        chance = stream(seed, "race")
        start.wait()
        for _ in range(40):
            try:
                with engine.begin() as db:
                    acts(house, chance)(db)
            except RefusalError:
                continue
            except DBAPIError as error:
                failed.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] or not locked
    assert all(isinstance(error.orig, DeadlockDetected | UniqueViolation) for error in failed)
    with engine.begin() as db:
        check(house, db)
    engine.dispose()


def check(house: House, db: Connection) -> None:
    """I1: no permit after a stop. I15: what was permitted and stopped is being given back, or was."""
    orders = house.orders(db)
    taking = [o for o in orders if o.way is Kind.TAKING]
    assert any(o.stopped for o in taking)
    assert any(o.ever_permitted for o in taking)
    assert sum(o.alive for o in taking) <= 1
    for order in taking:
        events = told(db, order)
        stop = next((n for n, event in events if event == Event.STOP), None)
        permits = [n for n, event in events if event == Event.PERMIT_GRANTED]
        assert stop is None or all(n < stop for n in permits), "I1"
        if order.stopped and order.ever_permitted:
            assert any(o.number > order.number for o in orders if o.way is Kind.GIVING), "I15"


def told(db: Connection, order: Order) -> list[tuple[int, str]]:
    query = select(order_events.c.id, order_events.c.event).where(order_events.c.order == order.id)
    return [(row.id, row.event) for row in db.execute(query.order_by(order_events.c.id))]
