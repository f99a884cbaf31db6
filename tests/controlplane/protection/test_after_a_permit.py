"""Protections and holds while a valve may be moving: supply is given back in the stop's own transaction (I15)."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from controlplane.orders.states import OrderState
from controlplane.protection import service
from controlplane.registry.service import Forbidden
from protocols.types import Outcome
from protocols.uplink.reasons import Why
from tests.controlplane.desk import POINT, Desk

S = OrderState


@pytest.fixture
def desk() -> Desk:
    return Desk()


def protect(desk: Desk, act: str = "suspend", *, ends: bool = False) -> service.Made:
    until = desk.clock.now() + timedelta(days=30) if ends else None

    def verb(db: Connection) -> service.Made:
        return service.protect(db, desk.context, POINT, Forbidden(act, "bonus", until), "anna")

    with desk.engine.begin() as db:
        return verb(db)


def end(desk: Desk, identity: str) -> None:
    with desk.engine.begin() as db:
        service.end_protection(db, desk.context, POINT, identity, "bruno", "over")


@pytest.mark.parametrize("ends", [True, False])
def test_I15_a_permitted_order_stays_and_supply_is_given_back_at_once(desk: Desk, *, ends: bool) -> None:
    order = desk.permitted()
    _, back = protect(desk, ends=ends)
    assert desk.state(order) is S.PERMITTED
    (giving,) = desk.giving()
    assert (giving.id, giving.state) == (back, S.DISPATCHED)


def test_I15_a_suspended_home_that_is_protected_gets_its_water_back(desk: Desk) -> None:
    desk.executed()
    assert protect(desk)[1] is not None


def test_I6_another_acts_protection_gives_nothing_back(desk: Desk) -> None:
    desk.executed()
    assert protect(desk, "remove")[1] is None


def test_I1_no_permit_once_it_was_recorded_and_none_after_its_end(desk: Desk) -> None:
    order = desk.permitted()
    identity, _ = protect(desk)
    end(desk, identity)
    assert not desk.ask(order, nonce="d" * 32)
    assert desk.state(order) is S.WITHDRAWN


def test_an_order_stopped_for_good_is_withdrawn_though_the_protection_has_ended(desk: Desk) -> None:
    order = desk.permitted()
    identity, _ = protect(desk)
    desk.receipt(order.command, Outcome.REFUSED, Why.CAP)
    assert desk.state(order) is S.HELD
    end(desk, identity)
    desk.pass_s(2 * 3600)
    assert desk.state(order) is S.WITHDRAWN


def test_a_later_hold_does_not_undo_what_was_stopped_for_good(desk: Desk) -> None:
    order = desk.permitted()
    identity, _ = protect(desk)
    desk.receipt(order.command, Outcome.REFUSED, Why.CAP)
    desk.stop("hold", until=desk.clock.now() + timedelta(hours=1))
    end(desk, identity)
    desk.pass_s(2 * 3600)
    assert desk.state(order) is S.WITHDRAWN


def test_a_dispatched_order_whose_protection_ends_gets_a_new_command(desk: Desk) -> None:
    order = desk.enter()
    identity, _ = protect(desk, ends=True)
    assert desk.state(order) is S.HELD
    assert not desk.ask(order)
    end(desk, identity)
    again = desk.order(order)
    assert again.state is S.DISPATCHED
    assert again.command != order.command
    assert desk.ask(again)
