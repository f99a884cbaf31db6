"""The permit: P1-P3, and I1: none is granted after a stop was recorded, whoever is faster."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, update

from controlplane.orders.freezing import freeze, unfreeze
from controlplane.orders.models import commands, stops
from controlplane.orders.service import review
from controlplane.orders.states import OrderState
from controlplane.problems import ConflictError
from controlplane.registry.models import protections
from protocols.types import GatewayId, Outcome, ValvePosition
from tests.controlplane.dialects import both
from tests.controlplane.house import MONDAY, POINT, House

pytestmark = both
S = OrderState


def test_P2_a_dispatched_command_is_permitted_and_asked_again_is_judged_anew(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert order.state is S.DISPATCHED
    assert house.ask(db, order.command)
    assert house.order(db, order).state is S.PERMITTED
    assert house.ask(db, order.command)
    house.stop(db)
    assert not house.ask(db, order.command)


@pytest.mark.parametrize("kind", ["payment", "withdrawal", "protection", "hold"])
def test_I1_no_permit_after_a_stop(house: House, db: Connection, kind: str) -> None:
    order = house.suspend(db)
    house.stop(db, kind)
    assert not house.ask(db, order.command)
    assert house.order(db, order).state in (S.WITHDRAWN, S.HELD)
    assert not house.order(db, order).ever_permitted


def test_I1_no_permit_while_a_hold_lasts(house: House, db: Connection) -> None:
    order = house.suspend(db)
    house.stop(db, "hold", until=MONDAY + timedelta(hours=2))
    assert house.order(db, order).state is S.HELD
    assert not house.ask(db, order.command)


def test_I6_no_permit_against_a_protection_recorded_at_the_last_moment(house: House, db: Connection) -> None:
    order = house.suspend(db)
    row = {"id": "p1", "point": POINT, "act": "suspend", "reason": "water bonus", "recorded_at": MONDAY}
    db.execute(insert(protections).values(**row))
    assert not house.ask(db, order.command)
    assert house.order(db, order).state is S.HELD


def test_I6_a_protection_from_another_act_does_not_forbid_this_one(house: House, db: Connection) -> None:
    order = house.suspend(db)
    row = {"id": "p1", "point": POINT, "act": "remove", "reason": "water bonus", "recorded_at": MONDAY}
    db.execute(insert(protections).values(**row))
    assert house.ask(db, order.command)


def test_no_permit_while_frozen_and_two_lift_it(house: House, db: Connection) -> None:
    order = house.suspend(db)
    freeze(db, house.context, "storm", "anna")
    assert house.order(db, order).state is S.HELD
    assert not house.ask(db, order.command)
    assert not unfreeze(db, house.context, "anna", "anna")
    assert not unfreeze(db, house.context, "anna", "anna"), "one person alone lifts nothing"
    assert unfreeze(db, house.context, "bruno", "bruno")
    with pytest.raises(ConflictError, match="nothing is frozen"):
        unfreeze(db, house.context, "bruno", "bruno")


def test_P2_only_the_live_command_of_the_right_gateway_in_the_right_epoch(house: House, db: Connection) -> None:
    order = house.suspend(db)
    assert not house.ask(db, "cd" * 32)
    assert not house.ask(db, order.command, gateway=GatewayId("other"))
    db.execute(update(commands).values(epoch=0))
    assert not house.ask(db, order.command)


def test_I3_an_expired_command_gets_no_permit(house: House, db: Connection) -> None:
    order = house.suspend(db)
    house.clock.run(121)
    assert not house.ask(db, order.command)


def test_no_permit_to_take_while_supply_is_being_given_back(house: House, db: Connection) -> None:
    first = house.suspend(db)
    assert house.ask(db, first.command)
    house.receipt(db, first.command, Outcome.DONE, ValvePosition.CLOSED)
    back = house.stop(db)
    assert back is not None
    second = house.suspend(db)
    assert not house.ask(db, second.command)
    house.receipt(db, house.order(db, back).command, Outcome.DONE, ValvePosition.OPEN)
    assert house.order(db, back).state is S.COMPLETED
    assert not house.ask(db, second.command), "a denied command is burned: it is never permitted afterwards"
    assert house.ask(db, review(db, house.context, house.order(db, second)).command)


def test_a_second_order_that_takes_supply_away_is_refused(house: House, db: Connection) -> None:
    house.suspend(db)
    with pytest.raises(ConflictError) as error:
        house.suspend(db)
    assert error.value.code == "second_taking_order"


@pytest.mark.parametrize("turn", range(4))
def test_P1_a_payment_and_a_permit_race_over_two_real_connections(house: House, turn: int) -> None:
    """Whichever is first: never both a payment recorded first and a permit granted after it."""
    with house.engine.begin() as db:
        house.birth(db)
        order = house.suspend(db)
    results: dict[str, object] = {}
    gate = threading.Barrier(2)

    def pay() -> None:
        gate.wait()
        with house.engine.begin() as db:
            house.stop(db)

    def ask() -> None:
        gate.wait()
        with house.engine.begin() as db:
            results["granted"] = house.ask(db, order.command)

    workers = [threading.Thread(target=work) for work in ((pay, ask) if turn % 2 else (ask, pay))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with house.engine.begin() as db:
        found, others = house.order(db, order), house.orders(db)[1:]
        assert db.execute(stops.select()).one().kind == "payment"
    if results["granted"]:
        assert found.ever_permitted
        assert [o.state for o in others] == [S.DISPATCHED], (
            "I15: a permit before the payment is followed by giving back"
        )
    else:
        assert (found.state, others) == (S.WITHDRAWN, [])
