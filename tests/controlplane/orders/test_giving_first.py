"""Nothing is taken away while supply is being given back at the point (P2): the order is held at once, and says why."""

import pytest
from sqlalchemy import select

from controlplane.db import reading
from controlplane.orders.states import OrderState
from controlplane.outbox import outbox
from controlplane.policy.facts import Act
from protocols.types import Outcome
from protocols.uplink import codec
from protocols.uplink.messages import Permit
from protocols.uplink.reasons import Why
from tests.controlplane.desk import Desk

S = OrderState


@pytest.fixture
def desk() -> Desk:
    return Desk()


def code(desk: Desk) -> str | None:
    """The reason of the last permit that was answered."""
    query = select(outbox.c.payload).where(outbox.c.kind == Permit.kind).order_by(outbox.c.id.desc()).limit(1)
    with reading(desk.engine) as db:
        said = codec.decode_payload(bytes(db.execute(query).scalar_one()), Permit)
    assert not said.granted
    return said.reason.code if said.reason is not None else None


def test_P2_denied_while_supply_is_given_back_the_order_is_held_at_once(desk: Desk) -> None:
    desk.enter(Act.REACTIVATE)
    order = desk.enter()
    assert not desk.ask(order)
    held = desk.order(order)
    assert (held.state, held.reason and held.reason["code"], code(desk)) == (S.HELD, "giving_alive", "giving_alive")
    assert held.until is not None


def test_P2_the_burn_receipt_that_follows_changes_nothing_more(desk: Desk) -> None:
    desk.enter(Act.REACTIVATE)
    order = desk.enter()
    desk.ask(order)
    desk.receipt(order.command, Outcome.REFUSED, Why.PERMIT_DENIED)
    assert desk.state(order) is S.HELD
    assert desk.command(order.command or "").answered
    assert not desk.ask(order, nonce="d" * 32), "a denied command stays denied"


def test_it_stays_held_while_supply_is_given_back_and_goes_on_afterwards(desk: Desk) -> None:
    back = desk.enter(Act.REACTIVATE)
    order = desk.enter()
    desk.ask(order)
    desk.pass_s(3601)
    assert (desk.state(order), len(desk.events(order))) == (S.HELD, 5)
    desk.receipt(desk.order(back).command)
    assert desk.state(back) in (S.EXECUTED, S.COMPLETED)
    desk.pass_s(3601)
    again = desk.order(order)
    assert (again.state, again.command != order.command) == (S.DISPATCHED, True)
    assert desk.ask(again)
