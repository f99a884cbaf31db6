"""Each row of CONTROL's table that has a stop in it, and what must never follow one (I1, I6, I15)."""

from datetime import timedelta

import pytest

from controlplane.orders.freezing import freeze
from controlplane.orders.service import withdraw
from controlplane.orders.states import OrderState
from controlplane.policy.facts import Act
from controlplane.problems import ConflictError, StaleError
from protocols.types import Outcome, ValvePosition
from protocols.uplink.reasons import Why
from tests.controlplane.desk import POINT, Desk

S = OrderState


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_I1_a_payment_between_dispatch_and_permit_withdraws_and_denies(desk: Desk) -> None:
    order = desk.enter()
    assert desk.state(order) is S.DISPATCHED
    assert desk.stop() is None
    assert desk.state(order) is S.WITHDRAWN
    assert not desk.ask(order)
    assert desk.giving() == []


def test_a_hold_before_the_permit_holds_burns_by_a_look_and_says_why(desk: Desk) -> None:
    order = desk.enter()
    desk.stop("hold", until=desk.clock.now() + timedelta(hours=2))
    held = desk.order(order)
    assert (held.state, held.reason and held.reason["code"]) == (S.HELD, "on_hold")
    assert held.until == desk.clock.now() + timedelta(hours=2)
    assert held.look is not None
    assert not desk.ask(order)


def test_a_hold_whose_end_is_not_known_holds_too_and_has_a_time_to_look_again(desk: Desk) -> None:
    order = desk.enter()
    desk.stop("hold")
    held = desk.order(order)
    assert held.state is S.HELD
    assert held.until is not None
    assert held.until > desk.clock.now()


def test_a_held_order_still_says_why_after_it_was_reviewed(desk: Desk) -> None:
    order = desk.enter()
    desk.stop("hold")
    desk.pass_s(2 * 86400)
    held = desk.order(order)
    assert (held.state, held.reason and held.reason["code"]) == (S.HELD, "on_hold")


def test_when_a_hold_has_passed_the_order_goes_on_with_a_new_command(desk: Desk) -> None:
    order = desk.enter()
    desk.stop("hold", until=desk.clock.now() + timedelta(hours=2))
    desk.pass_s(2 * 3600 + 1)
    again = desk.order(order)
    assert again.state is S.DISPATCHED
    assert again.command != order.command
    assert desk.ask(order)


def test_a_payment_for_an_order_on_hold_withdraws_it(desk: Desk) -> None:
    order = desk.enter()
    desk.stop("hold", until=desk.clock.now() + timedelta(hours=2))
    desk.stop()
    assert desk.state(order) is S.WITHDRAWN


@pytest.mark.parametrize("kind", ["payment", "hold"])
def test_I15_a_stop_while_permitted_stays_and_gives_back_in_its_own_transaction(desk: Desk, kind: str) -> None:
    order = desk.permitted()
    back = desk.stop(kind)
    assert desk.state(order) is S.PERMITTED
    assert back is not None
    assert desk.state(back) is S.DISPATCHED
    assert [r.digest for r in desk.sent("command")][-1] == back.command


def test_P2_a_second_request_after_a_stop_is_denied_and_the_order_is_withdrawn(desk: Desk) -> None:
    order = desk.permitted()
    desk.stop()
    assert not desk.ask(order, nonce="d" * 32)
    assert desk.state(order) is S.WITHDRAWN


def test_P2_a_second_request_after_a_hold_is_denied_and_the_order_is_held(desk: Desk) -> None:
    order = desk.permitted()
    desk.stop("hold", until=desk.clock.now() + timedelta(hours=1))
    assert not desk.ask(order, nonce="d" * 32)
    held = desk.order(order)
    assert (held.state, held.reason and held.reason["code"]) == (S.HELD, "on_hold")


def test_a_paid_order_that_a_cap_refused_does_not_stand_held_for_ever(desk: Desk) -> None:
    order = desk.permitted()
    desk.stop()
    desk.receipt(order.command, Outcome.REFUSED, Why.CAP)
    assert desk.state(order) is S.HELD
    desk.pass_s(2 * 3600)
    assert desk.state(order) is S.WITHDRAWN


def test_I15_a_stop_while_looking_after_a_permit_stays_and_gives_back(desk: Desk) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.FAILED, Why.NO_ANSWER)
    assert desk.state(order) is S.LOOKING
    assert desk.stop() is not None
    assert desk.state(order) is S.LOOKING


def test_a_stop_while_looking_that_never_had_a_permit_withdraws(desk: Desk) -> None:
    order = desk.enter()
    desk.receipt(order.command, Outcome.FAILED, Why.WRONG_IDENTITY)
    assert desk.state(order) is S.LOOKING
    assert desk.stop() is None
    assert desk.state(order) is S.WITHDRAWN


def test_I15_a_stop_after_execution_gives_back(desk: Desk) -> None:
    order = desk.executed()
    assert desk.stop() is not None
    assert desk.state(order) in (S.EXECUTED, S.COMPLETED)
    assert "stop" in desk.events(order)


def test_I15_who_found_it_closed_gives_back_too(desk: Desk) -> None:
    order = desk.enter()
    desk.receipt(order.command, why=Why.ALREADY)
    found = desk.order(order)
    assert (found.state, found.ever_permitted) == (S.COMPLETED, False)
    assert desk.stop() is not None
    assert "stop" in desk.events(order)


def test_I15_a_stop_of_an_order_without_permit_gives_back_what_an_earlier_one_took(desk: Desk) -> None:
    desk.executed()
    desk.pass_s(1)
    second = desk.enter()
    back = desk.stop()
    assert desk.state(second) is S.WITHDRAWN
    assert back is not None


def test_I15_a_stop_when_held_after_a_permit_withdraws_and_gives_back(desk: Desk) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.REFUSED, Why.CAP)
    assert desk.state(order) is S.HELD
    assert desk.stop() is not None
    assert desk.state(order) is S.WITHDRAWN


def test_a_second_stop_enters_no_second_order_that_gives_back(desk: Desk) -> None:
    desk.executed()
    desk.stop()
    desk.stop()
    assert len(desk.giving()) == 1


def test_a_stop_does_not_reach_orders_entered_after_it(desk: Desk) -> None:
    desk.stop()
    assert desk.ask(desk.enter())


def test_what_was_given_back_is_not_given_back_again(desk: Desk) -> None:
    desk.executed()
    back = desk.stop()
    assert back is not None
    desk.receipt(desk.order(back).command)
    assert desk.state(back) in (S.EXECUTED, S.COMPLETED)
    assert desk.stop() is None


def test_I6_a_protection_of_one_act_lets_another_be(desk: Desk) -> None:
    desk.stop("protection", act="remove")
    assert desk.ask(desk.enter())


def test_I6_a_protection_recorded_just_before_the_permit_is_enough(desk: Desk) -> None:
    order = desk.enter()
    desk.stop("protection", act="suspend")
    assert desk.state(order) is S.WITHDRAWN
    assert not desk.ask(order)


def test_no_stop_hold_or_freeze_touches_an_order_that_gives_back(desk: Desk) -> None:
    desk.executed()
    back = desk.stop()
    assert back is not None
    desk.stop("hold")
    with desk.engine.begin() as db:
        freeze(db, desk.context, "storm", "anna")
    assert desk.state(back) is S.DISPATCHED


def test_I15_an_order_that_a_stop_made_due_is_not_withdrawn(desk: Desk) -> None:
    desk.executed()
    back = desk.stop()
    assert back is not None
    version = desk.order(back).version
    with pytest.raises(ConflictError) as refused, desk.engine.begin() as db:
        withdraw(db, desk.context, back.id, version, "client")
    assert refused.value.code == "due_after_stop"
    assert desk.state(back) is S.DISPATCHED


def test_a_client_takes_back_its_own_order_to_give_before_any_stop(desk: Desk) -> None:
    back = desk.enter(Act.REACTIVATE)
    with desk.engine.begin() as db:
        withdraw(db, desk.context, back.id, back.version, "client")
    assert desk.state(back) is S.WITHDRAWN
    assert all(row.next_at is None for row in desk.sent("command")), "its command is sent no more"


def test_who_acts_on_an_old_version_is_refused(desk: Desk) -> None:
    order = desk.enter()
    with pytest.raises(StaleError), desk.engine.begin() as db:
        withdraw(db, desk.context, order.id, order.version - 1, "client")
    assert desk.state(order) is S.DISPATCHED


def test_withdrawing_what_was_done_gives_back(desk: Desk) -> None:
    order = desk.executed()
    with desk.engine.begin() as db:
        withdraw(db, desk.context, order.id, order.version, "client")
    assert len(desk.giving()) == 1


def test_withdrawing_what_has_ended_without_act_is_refused(desk: Desk) -> None:
    order = desk.enter()
    desk.stop()
    version = desk.order(order).version
    with pytest.raises(ConflictError) as refused, desk.engine.begin() as db:
        withdraw(db, desk.context, order.id, version, "client")
    assert refused.value.code == "ended"


def test_at_most_one_order_that_takes_is_alive_per_point(desk: Desk) -> None:
    desk.enter()
    with pytest.raises(ConflictError) as refused:
        desk.enter()
    assert (refused.value.code, len(desk.orders())) == ("second_taking_order", 1)
    assert POINT in refused.value.detail


def test_looking_not_as_wanted_with_a_hold_is_held_never_withdrawn(desk: Desk) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.FAILED, Why.NOT_AS_WANTED, ValvePosition.OPEN)
    desk.stop("hold", until=desk.clock.now() + timedelta(hours=1))
    desk.answer(desk.order(order).look, ValvePosition.OPEN)
    assert desk.state(order) is S.HELD


def test_looking_not_as_wanted_with_a_payment_is_withdrawn_and_given_back(desk: Desk) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.FAILED, Why.NOT_AS_WANTED, ValvePosition.OPEN)
    desk.stop()
    desk.answer(desk.order(order).look, ValvePosition.OPEN)
    assert desk.state(order) is S.WITHDRAWN
    assert len(desk.giving()) == 1
