"""What counts as settled, and what a read-back is worth before and after it (P6, P8)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from controlplane.db import reading
from controlplane.orders.life import note
from controlplane.orders.settling import unsettled
from controlplane.orders.states import OrderState
from protocols.types import Outcome, ValvePosition, Verb
from protocols.uplink.messages import Number
from protocols.uplink.reasons import Why
from tests.controlplane.desk import NOON, OTHER, POINT, Clock, Desk

S = OrderState
ACTS_S = (10 + 20) * 1.01
"""Validity and the meter's longest act, for drifting clocks."""


@pytest.fixture
def desk() -> Desk:
    return Desk()


def may_act(desk: Desk) -> bool:
    with reading(desk.engine) as db:
        return unsettled(db, POINT)


def test_P6_by_time_only_after_the_last_grant(desk: Desk) -> None:
    order = desk.permitted()
    desk.pass_s(20)
    assert desk.ask(order, nonce="d" * 32)
    desk.pass_s(ACTS_S - 1)
    assert may_act(desk)
    desk.pass_s(1.1)
    assert not may_act(desk)


def test_P6_a_grant_after_settlement_by_time_is_unsettled_again(desk: Desk) -> None:
    order = desk.permitted()
    desk.pass_s(60)
    assert not may_act(desk)
    assert desk.ask(order, nonce="d" * 32)
    assert may_act(desk)
    desk.pass_s(ACTS_S + 1)
    assert not may_act(desk)


def test_P6_no_crew_is_sent_while_a_late_grant_may_still_act(desk: Desk) -> None:
    order = desk.permitted()
    desk.pass_s(60)
    desk.ask(order, nonce="d" * 32)
    desk.birth(None)
    assert desk.state(order) is S.LOOKING
    desk.answer(desk.order(order).look, ValvePosition.OPEN)
    assert desk.state(order) is S.LOOKING


def test_P6_a_look_settles_only_what_its_journal_names(desk: Desk) -> None:
    order = desk.permitted()
    desk.pass_s(1)
    desk.stop()
    with desk.engine.begin() as db:
        assert unsettled(db, POINT)
    desk.receipt(order.command, Outcome.FAILED, Why.NO_ANSWER)
    assert not may_act(desk)


def test_P6_started_and_not_read_back_is_settled_by_time_alone(desk: Desk) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.UNKNOWN, Why.INTERRUPTED, started=True)
    assert desk.state(order) is S.LOOKING
    assert may_act(desk)
    desk.answer(desk.order(order).look, ValvePosition.OPEN)
    assert desk.state(order) is S.LOOKING
    desk.pass_s(ACTS_S + 1)
    desk.answer(desk.order(order).look, ValvePosition.OPEN)
    assert desk.state(order) is S.PLANNED


def test_P6_what_a_look_names_as_begun_and_not_read_is_settled_by_time_alone(desk: Desk) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.UNKNOWN, Why.INTERRUPTED, started=True)
    desk.answer(desk.order(order).look, ValvePosition.OPEN, settled=(order.command or "",), began=True)
    assert may_act(desk)
    desk.pass_s(ACTS_S + 1)
    assert not may_act(desk)


def test_P6_a_look_that_names_nothing_leaves_a_grant_unsettled_and_sends_nobody(desk: Desk) -> None:
    order = desk.permitted()
    desk.birth(None)
    look = desk.order(order).look
    desk.answer(look, ValvePosition.OPEN)
    looking = desk.order(order)
    assert looking.state is S.LOOKING
    assert may_act(desk)
    desk.pass_s(ACTS_S + 1)
    assert desk.order(order).look != look, "it is looked at again, with a new sequence"


def test_P6_after_a_raised_epoch_the_new_journal_can_not_swear_to_the_old_grant(desk: Desk) -> None:
    order = desk.permitted()
    command = order.command
    assert command is not None
    desk.birth(None)
    desk.answer(desk.order(order).look, ValvePosition.OPEN, settled=(command,))
    assert may_act(desk)
    desk.receipt(command, Outcome.REFUSED, Why.PERMIT_DENIED)
    assert may_act(desk)
    desk.pass_s(ACTS_S + 1)
    assert not may_act(desk)


def test_P8_giving_is_not_executed_by_a_read_back_before_settlement(desk: Desk) -> None:
    order = desk.permitted()
    back = desk.stop()
    assert back is not None
    desk.receipt(back.command)
    assert desk.state(back) is S.DISPATCHED
    assert desk.order(order).command is not None


def test_P8_each_settlement_sends_it_again_with_a_higher_number(desk: Desk) -> None:
    order = desk.permitted()
    back = desk.stop()
    assert back is not None
    desk.receipt(order.command)
    again = desk.order(back)
    assert again.command != back.command
    settled = desk.command(order.command or "").settled_sequence
    assert desk.command(again.command or "").sequence > settled > desk.command(back.command or "").sequence
    desk.receipt(back.command)
    assert desk.state(back) is S.DISPATCHED, "asked before the settlement: worth nothing"
    desk.receipt(again.command)
    assert desk.state(back) in (S.EXECUTED, S.COMPLETED)


def test_P8_settlement_by_time_sends_it_again_too(desk: Desk) -> None:
    desk.permitted()
    back = desk.stop()
    assert back is not None
    desk.pass_s(ACTS_S + 1)
    again = desk.order(back)
    assert again.command != back.command
    desk.receipt(again.command)
    assert desk.state(back) in (S.EXECUTED, S.COMPLETED)


def test_P8_the_number_that_counts_is_ours_not_what_a_receipt_claims(desk: Desk) -> None:
    order = desk.permitted()
    back = desk.stop()
    assert back is not None
    desk.receipt(order.command)
    desk.receipt(back.command, number=Number(1, 1_000))
    assert desk.state(back) is S.DISPATCHED


def test_P8_an_open_look_answered_before_settlement_does_not_end_it(desk: Desk) -> None:
    desk.permitted()
    back = desk.stop()
    assert back is not None
    desk.receipt(back.command, Outcome.FAILED, Why.NO_ANSWER)
    assert desk.state(back) is S.LOOKING
    desk.answer(desk.order(back).look, ValvePosition.OPEN)
    assert desk.state(back) is S.LOOKING
    desk.pass_s(ACTS_S + 1)
    assert desk.state(back) is S.DISPATCHED


def test_a_late_proof_ends_an_order_to_give_that_already_went_to_the_field(desk: Desk) -> None:
    desk.settings = replace(desk.settings, giving_sends=1)
    desk.context = replace(desk.context, settings=desk.settings)
    desk.executed()
    back = desk.stop()
    assert back is not None
    desk.receipt(back.command, Outcome.FAILED, Why.NO_ANSWER)
    desk.answer(desk.order(back).look, ValvePosition.CLOSED)
    planned = desk.order(back)
    assert (planned.state, planned.channel) == (S.PLANNED, "field")
    desk.receipt(back.command)
    assert desk.state(back) in (S.EXECUTED, S.COMPLETED)


@pytest.mark.parametrize("position", [ValvePosition.OPEN, ValvePosition.UNKNOWN, ValvePosition.MOVING])
def test_done_without_the_wanted_position_read_is_never_executed(desk: Desk, position: ValvePosition) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.DONE, position=position)
    assert desk.state(order) is S.LOOKING


def test_a_receipt_about_another_verb_than_was_sent_proves_nothing(desk: Desk) -> None:
    back = desk.executed()
    giving = desk.stop()
    assert giving is not None
    desk.receipt(giving.command, verb=Verb.CLOSE, position=ValvePosition.CLOSED)
    assert desk.state(giving) is S.LOOKING
    assert back.command != giving.command


def test_I10_a_gateway_answers_only_for_its_own_meters(desk: Desk) -> None:
    order = desk.permitted()
    assert not desk.ask(order, gateway=OTHER)
    desk.receipt(order.command, gateway=OTHER)
    assert desk.state(order) is S.PERMITTED
    assert desk.alarms() == ["unknown_command"]


def test_the_same_receipt_twice_is_one_receipt(desk: Desk) -> None:
    order = desk.permitted()
    link = desk.link()
    for _ in range(2):
        desk.receipt(order.command, chain=link)
    assert desk.events(order).count("proof") == 1


def test_a_forked_chain_is_told_whichever_end_comes_first(desk: Desk) -> None:
    order = desk.permitted()
    first, second = desk.link(), desk.link()
    desk.receipt(order.command, Outcome.FAILED, Why.NO_ANSWER, chain=second)
    desk.receipt(order.command, Outcome.FAILED, Why.NO_ANSWER, chain=first)
    assert desk.alarms() == ["receipt_chain_broken"]


def test_a_birth_that_knows_all_keeps_the_epoch_and_one_below_raises_it(desk: Desk) -> None:
    order = desk.enter()
    sent = desk.command(order.command or "")
    desk.birth(Number(sent.epoch, sent.sequence))
    assert desk.state(order) is S.DISPATCHED
    desk.birth(Number(sent.epoch, sent.sequence - 1), boot=2)
    assert desk.state(order) is S.LOOKING
    assert not desk.ask(order), "its epoch is gone"


def test_an_unknown_journal_raises_the_epoch_even_with_a_high_mark(desk: Desk) -> None:
    order = desk.enter()
    sent = desk.command(order.command or "")
    desk.birth(Number(sent.epoch, sent.sequence))
    desk.birth(Number(sent.epoch, sent.sequence), journal="f" * 32)
    assert desk.state(order) is S.LOOKING


def test_the_same_birth_again_is_answered_again_and_raises_nothing(desk: Desk) -> None:
    order = desk.enter()
    desk.birth(None, boot=3)
    looked = desk.order(order).look
    desk.birth(None, boot=3)
    assert desk.order(order).look == looked
    assert len(desk.sent("ack")) == 2


def test_after_a_raised_epoch_what_gives_is_sent_again(desk: Desk) -> None:
    desk.executed()
    back = desk.stop()
    assert back is not None
    desk.birth(None)
    again = desk.order(back)
    assert again.command != back.command
    assert desk.command(again.command or "").epoch > desk.command(back.command or "").epoch


def test_an_answer_before_the_settlement_waits_for_it_and_is_not_asked_again_at_once(desk: Desk) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.UNKNOWN, Why.INTERRUPTED, started=True)
    early = desk.order(order).look
    for _ in range(5):
        desk.answer(early, ValvePosition.OPEN)
    desk.pass_s(ACTS_S - 1)
    assert len(desk.sent("look")) == 1
    desk.pass_s(2)
    assert len(desk.sent("look")) == 2
    assert desk.order(order).look != early


def test_answers_before_the_settlement_do_not_count_as_silence(desk: Desk) -> None:
    order = desk.permitted()
    desk.receipt(order.command, Outcome.UNKNOWN, Why.INTERRUPTED, started=True)
    for _ in range(3):
        desk.answer(desk.order(order).look, ValvePosition.OPEN)
    desk.pass_s(ACTS_S + 1)
    assert desk.state(order) is S.LOOKING, "nobody has seen it after the settlement"
    desk.answer(desk.order(order).look, ValvePosition.CLOSED)
    assert desk.state(order) is not S.LOOKING


def test_I11_while_a_crew_holds_a_permit_a_late_receipt_of_the_gateway_does_not_end_the_order(desk: Desk) -> None:
    order = desk.order(desk.permitted())
    with desk.engine.begin() as db:
        note(db, order, channel="field")
    desk.receipt(desk.order(order).command)
    assert desk.state(order) is OrderState.PERMITTED


@dataclass
class SetForward(Clock):
    """A wall clock that somebody sets, and a clock of the machine that nobody can."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return self.at + self.ahead


def test_P6_a_wall_clock_set_forward_settles_nothing_that_may_still_act() -> None:
    clock = SetForward()
    desk = Desk(clock=clock)
    desk.permitted()
    clock.ahead = timedelta(hours=1)
    desk.pass_s(ACTS_S - 1)
    assert may_act(desk)
    desk.pass_s(1.1)
    assert not may_act(desk)


def test_P6_after_the_machine_has_started_anew_the_time_counts_from_there() -> None:
    clock = SetForward()
    desk = Desk(clock=clock)
    clock.at += timedelta(hours=9)
    desk.permitted()
    clock.at, clock.ahead = NOON, timedelta(hours=10)
    desk.pass_s(ACTS_S - 1)
    assert may_act(desk)
    desk.pass_s(1.1)
    assert not may_act(desk)
