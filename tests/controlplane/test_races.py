"""Real connections at the same moment, over either database: its lock decides, whoever is faster (P1, I1, I15)."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from controlplane.db import draw_sequence
from controlplane.idempotency import Answer, Once, once
from controlplane.news import news, tell
from controlplane.orders import barring, freezing
from controlplane.orders.models import commands, order_events
from controlplane.orders.states import OrderState
from controlplane.problems import ConflictError
from protocols.types import Outcome, ValvePosition
from tests.controlplane.dialects import both
from tests.controlplane.house import MONDAY, POINT, House

pytestmark = both
PATIENCE_S = 30
S = OrderState


def at_once(house: House, *verbs: Callable[[Connection], object]) -> list[object]:
    """Each on a connection of its own, all at the same moment; what each returned or raised."""
    gate, results = threading.Barrier(len(verbs)), list[object]([None] * len(verbs))

    def work(number: int) -> None:
        gate.wait()
        try:
            with house.engine.begin() as db:
                results[number] = verbs[number](db)
        except (ConflictError, IntegrityError) as error:
            results[number] = error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "two transactions wait for each other"
    return results


def happened(house: House) -> list[tuple[str, str]]:
    """Everything that happened to orders, in the order in which it was recorded."""
    with house.engine.connect() as db:
        rows = db.execute(select(order_events.c.order, order_events.c.event).order_by(order_events.c.id))
        return [(row.order, row.event) for row in rows]


@pytest.mark.parametrize("turn", range(8))
def test_I1_I15_permits_payments_and_receipts_all_at_once(house: House, turn: int) -> None:
    """Two ask, two pay, and the gateway tells that it has closed: no permit after a stop, and supply comes back."""
    with house.engine.begin() as db:
        house.birth(db)
        order = house.suspend(db)

    def ask(db: Connection) -> object:
        return house.ask(db, order.command)

    def pay(db: Connection) -> object:
        return house.stop(db)

    def closed(db: Connection) -> object:
        house.receipt(db, order.command, Outcome.DONE, ValvePosition.CLOSED)
        return None

    verbs = [ask, pay, ask, pay] + ([closed] if turn % 2 else [])
    shift = turn % len(verbs)
    at_once(house, *verbs[shift:], *verbs[:shift])
    with house.engine.begin() as db:
        found, others = house.order(db, order), house.orders(db)[1:]
        after = house.ask(db, order.command)
    assert not after, "a permit after the stop"
    mine = [event for name, event in happened(house) if name == order.id]
    if "permit_granted" in mine or turn % 2:
        assert [o.state for o in others] in ([S.DISPATCHED], []), "one order gives back, never two"
        assert others or found.state is S.WITHDRAWN or not found.ever_permitted
    else:
        assert (found.state, others) == (S.WITHDRAWN, [])
    if found.ever_permitted:
        assert others, "I15: what may have closed is given back"


def test_P1_numbers_are_drawn_once_each(house: House) -> None:
    drawn = at_once(house, *[lambda db: draw_sequence(db, POINT).next_sequence] * 12)
    assert sorted(map(str, drawn)) == sorted(map(str, range(1, 13)))


def test_at_most_one_order_that_takes_supply_away(house: House) -> None:
    with house.engine.begin() as db:
        house.birth(db)
    results = at_once(house, *[house.suspend] * 6)
    refused = [r for r in results if isinstance(r, ConflictError)]
    assert [r.code for r in refused] == ["second_taking_order"] * 5
    with house.engine.connect() as db:
        assert len(db.execute(select(commands)).all()) == 1


def test_sixty_four_releases_by_one_person_at_once_lift_no_freeze(house: House) -> None:
    """Ten tokens of one person ask at the same moment, again and again: only another person's one word lifts it."""
    with house.engine.begin() as db:
        freezing.freeze(db, house.context, "storm", "anna")
    asked = [lambda db, n=n: freezing.unfreeze(db, house.context, f"token {n % 10}", "anna") for n in range(64)]
    assert at_once(house, *asked) == [False] * 64
    with house.engine.begin() as db:
        assert barring.frozen(db)
        assert freezing.unfreeze(db, house.context, "token", "bruno")


def test_a_freeze_that_comes_with_the_second_release_is_not_lifted_by_the_first_ones_word(house: House) -> None:
    """Whichever was first: a release after the new freeze is the first word for it, one before lifted the old one."""
    with house.engine.begin() as db:
        freezing.freeze(db, house.context, "storm", "anna")
        assert not freezing.unfreeze(db, house.context, "a", "anna")
    at_once(
        house,
        lambda db: freezing.unfreeze(db, house.context, "b", "bruno"),
        lambda db: freezing.freeze(db, house.context, "again", "carla"),
    )
    with house.engine.begin() as db:
        assert barring.frozen(db)


def test_one_idempotency_key_at_the_same_moment_has_one_effect(house: House) -> None:
    asked = Once("tok_1", "key", "digest")

    def verb(db: Connection) -> Answer:
        tell(db, MONDAY, "test", "x", {}, None)
        return Answer(201, {"id": "x"})

    results = at_once(house, *[lambda db: once(db, asked, MONDAY, verb)] * 6)
    assert all(isinstance(r, IntegrityError) or r == Answer(201, {"id": "x"}) for r in results)
    assert any(isinstance(r, Answer) for r in results)
    with house.engine.begin() as db:
        assert len(db.execute(select(news)).all()) == 1
        assert once(db, asked, MONDAY, verb) == Answer(201, {"id": "x"}), "sent again, it is given the answer"
