"""Crew and gateway never act at once: nothing is offered before it has settled, nothing sent while a hand is out.

The gateway is a desk's, which says what a test wants it to say (CONTROL P6, P9, I11).
"""

from datetime import timedelta

from controlplane.db import reading
from controlplane.orders import hands
from controlplane.orders.rest import at_rest
from controlplane.orders.states import OrderState
from protocols.types import Outcome
from protocols.uplink.reasons import Why
from tests.controlplane.desk import POINT
from tests.controlplane.field.work.field_desk import OPEN, Field


def test_P6_nothing_is_offered_before_it_has_settled() -> None:
    desk = Field()
    order = desk.permitted()
    desk.receipt(order.command, Outcome.UNKNOWN, Why.NO_ANSWER, started=True)
    desk.answer(desk.order(order).look, OPEN)
    assert (desk.state(order), desk.offered()) == (OrderState.LOOKING, [])
    desk.pass_s(60)
    desk.answer(desk.order(order).look, OPEN)
    assert desk.state(order) is OrderState.PLANNED
    (work,) = desk.offered()
    assert work.order == order.id
    assert desk.order(order).tried, "what was tried goes with it"


def test_I11_no_command_leaves_while_a_hand_is_out() -> None:
    desk = Field()
    order = desk.stuck()
    assert desk.go(order)
    sent = len(desk.sent("command"))
    assert desk.stop() is not None
    (giving,) = desk.giving()
    assert (giving.state, giving.channel) == (OrderState.PLANNED, None)
    with reading(desk.engine) as db:
        assert not at_rest(db, POINT, desk.clock.now()), "nothing is rebound under a hand"
    desk.birth(None, boot=2)
    desk.pass_s(7200)
    assert len(desk.sent("command")) == sent
    desk.reported(order)
    assert desk.state(order) in (OrderState.EXECUTED, OrderState.COMPLETED)
    assert (desk.out(), len(desk.sent("command"))) == (False, sent + 1)
    assert desk.giving()[0].state is OrderState.DISPATCHED


def test_P8_supply_that_was_read_before_the_hand_had_settled_is_not_given_back() -> None:
    desk = Field()
    order = desk.stuck()
    assert desk.go(order)
    desk.stop()
    desk.reported(order)
    (giving,) = desk.giving()
    desk.receipt(giving.command, position=OPEN)
    assert desk.giving()[0].state in (OrderState.EXECUTED, OrderState.COMPLETED)


def test_P9_no_time_settles_a_hand_and_its_silence_is_an_alarm_each_hour() -> None:
    desk = Field()
    order = desk.stuck()
    assert desk.go(order)
    desk.pass_s(3599)
    assert desk.alarms() == []
    desk.pass_s(2)
    desk.pass_s(3600)
    assert desk.alarms() == ["crew_unreported"] * 2
    desk.pass_s(30 * 86400)
    assert (desk.state(order), desk.out()) == (OrderState.PERMITTED, True)


def test_P2_a_crew_gets_no_permit_while_anything_is_unsettled_or_giving() -> None:
    desk = Field()
    order = desk.stuck()
    with desk.engine.begin() as db:
        hands.let_loose(
            db,
            permit="f" * 64,
            order=order.id,
            point=POINT,
            device="dev_2",
            granted_at=desk.clock.now(),
            until=desk.clock.now() + timedelta(seconds=300),
        )
    assert not desk.go(order)
    assert desk.order(order).reason["code"] == "unsettled"  # type: ignore[index]


def test_P9_a_late_receipt_of_the_gateway_does_not_end_what_a_hand_may_do() -> None:
    desk = Field()
    order = desk.permitted()
    first = order.command
    desk.receipt(first, Outcome.UNKNOWN, Why.NO_ANSWER, started=True)
    desk.answer(desk.order(order).look, OPEN)
    desk.pass_s(60)
    desk.answer(desk.order(order).look, OPEN)
    assert desk.go(desk.order(order))
    desk.receipt(first, Outcome.DONE)
    desk.receipt(first, Outcome.FAILED, Why.NO_ANSWER, started=True)
    assert (desk.state(order), desk.out()) == (OrderState.PERMITTED, True)


def test_I11_what_was_held_and_is_tried_remotely_again_is_offered_to_no_crew() -> None:
    """A crew's order that was held goes to the gateway first, once its reason has passed."""
    desk = Field()
    order = desk.stuck()
    assert desk.offered() != []
    back = desk.stop("hold", until=desk.clock.now() + timedelta(seconds=60))
    assert back is not None
    desk.receipt(desk.order(back).command, position=OPEN)
    assert desk.offered() == []
    desk.pass_s(61)
    assert desk.state(order) is OrderState.DISPATCHED
    assert desk.offered() == []
