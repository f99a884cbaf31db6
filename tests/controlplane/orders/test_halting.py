"""A restored control plane: halted until an operator resumes; what it may have forgotten counts as done (Delivery)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from controlplane.db import fences
from controlplane.orders import halting
from controlplane.orders.barring import halted
from controlplane.orders.settling import unsettled
from controlplane.orders.states import OrderState
from controlplane.problems import ConflictError
from protocols.types import Capability, Outcome, ValvePosition
from protocols.uplink.messages import Number
from tests.controlplane.desk import POINT, Desk

S = OrderState
SETTLES_S = (30 + 20) * 1.01 + 1


@pytest.fixture
def desk() -> Desk:
    return Desk()


def halt(desk: Desk) -> None:
    with desk.engine.begin() as db:
        halting.halt(db, desk.context, "restored")


def resume(desk: Desk) -> None:
    with desk.engine.begin() as db:
        halting.resume(db, desk.context, "anna", "all is sent again")


def epoch(desk: Desk) -> int:
    with desk.engine.begin() as db:
        return int(db.execute(select(fences.c.epoch)).scalar_one())


def is_halted(desk: Desk) -> bool:
    with desk.engine.begin() as db:
        return halted(db)


def is_unsettled(desk: Desk) -> bool:
    with desk.engine.begin() as db:
        return unsettled(db, POINT)


def test_a_halt_raises_every_epoch_and_holds_what_was_on_its_way(desk: Desk) -> None:
    order, before = desk.enter(), epoch(desk)
    halt(desk)
    found = desk.order(order)
    assert epoch(desk) == before + 1
    assert (found.state, found.reason and found.reason["code"], found.ever_permitted) == (S.HELD, "halted", True)
    assert found.look is not None
    assert is_unsettled(desk)


def test_I1_no_permit_is_granted_while_halted(desk: Desk) -> None:
    order = desk.permitted()
    halt(desk)
    assert desk.state(order) is S.LOOKING
    assert not desk.ask(order, nonce="d" * 32)
    assert desk.state(desk.order(order)) is S.LOOKING


def test_an_order_entered_while_halted_waits(desk: Desk) -> None:
    halt(desk)
    order = desk.enter()
    assert (desk.state(order), desk.sent("command")) == (S.HELD, [])


def test_I15_a_stop_gives_back_what_a_living_order_may_have_taken(desk: Desk) -> None:
    desk.enter()
    halt(desk)
    giving = desk.stop()
    assert giving is not None
    assert desk.state(giving) is S.DISPATCHED


def test_I15_an_order_that_was_held_when_the_backup_was_taken_may_have_acted_since(desk: Desk) -> None:
    held = desk.enter()
    desk.stop("hold", desk.clock.at + timedelta(days=1))
    halt(desk)
    assert desk.order(held).ever_permitted
    assert desk.stop() is not None


def test_I15_a_payment_while_halted_gives_back_though_the_order_itself_is_forgotten(desk: Desk) -> None:
    halt(desk)
    giving = desk.stop()
    assert giving is not None
    assert desk.state(giving) is S.DISPATCHED
    assert desk.stop("withdrawal") is None


@pytest.mark.parametrize("kind", ["hold", "protection"])
def test_a_hold_or_protection_while_halted_gives_nothing_back_that_nobody_took(desk: Desk, kind: str) -> None:
    halt(desk)
    assert desk.stop(kind, desk.clock.at + timedelta(days=1)) is None


def test_a_point_that_no_gateway_can_open_is_left_to_the_reports(desk: Desk) -> None:
    desk = Desk(capabilities=(Capability.READ,))
    halt(desk)
    assert desk.stop() is None


def test_P8_supply_is_given_back_only_by_what_was_read_after_the_forgotten_acts_settled(desk: Desk) -> None:
    desk.enter()
    halt(desk)
    giving = desk.stop()
    assert giving is not None
    desk.receipt(desk.order(giving).command, Outcome.DONE, position=ValvePosition.OPEN)
    assert desk.state(giving) is S.DISPATCHED
    desk.pass_s(SETTLES_S)
    assert not is_unsettled(desk)
    again = desk.order(giving)
    assert again.command != giving.command
    desk.receipt(again.command, Outcome.DONE, position=ValvePosition.OPEN)
    assert desk.order(giving).grade == "read_back"


def test_permits_resume_when_all_is_settled_and_an_operator_says_so(desk: Desk) -> None:
    order = desk.enter()
    halt(desk)
    with pytest.raises(ConflictError, match="could still act"):
        resume(desk)
    desk.pass_s(SETTLES_S)
    assert desk.state(order) is S.HELD
    resume(desk)
    assert not is_halted(desk)
    desk.pass_s(1)
    assert desk.state(order) is S.DISPATCHED
    assert desk.ask(desk.order(order))


def test_a_resume_of_nothing_is_refused(desk: Desk) -> None:
    with pytest.raises(ConflictError, match="nothing is halted"):
        resume(desk)


def test_a_second_restore_while_halted_doubts_anew(desk: Desk) -> None:
    order = desk.enter()
    halt(desk)
    desk.pass_s(SETTLES_S)
    halt(desk)
    assert desk.order(order).state is S.HELD
    assert is_unsettled(desk)


def test_a_mark_above_the_houses_own_halts_it_and_raises_the_epoch_above_it(desk: Desk) -> None:
    order = desk.enter()
    desk.birth(mark=Number(3, 50))
    assert is_halted(desk)
    assert epoch(desk) == 4
    assert desk.state(order) in (S.HELD, S.LOOKING)
    desk.pass_s(SETTLES_S)
    resume(desk)
    desk.birth(mark=Number(3, 50), boot=9)
    assert not is_halted(desk)


def test_the_next_number_that_was_not_issued_yet_is_above(desk: Desk) -> None:
    desk.enter()
    with desk.engine.begin() as db:
        fence = db.execute(select(fences)).one()
    desk.birth(mark=Number(fence.epoch, fence.next_sequence - 1))
    assert not is_halted(desk)
    desk.birth(mark=Number(fence.epoch, fence.next_sequence), boot=9)
    assert is_halted(desk)


def test_a_field_order_that_a_restored_house_holds_is_planned_again(desk: Desk) -> None:
    desk = Desk(capabilities=(Capability.READ,))
    order = desk.enter()
    assert desk.order(order).channel == "field"
    halt(desk)
    assert desk.state(order) is S.HELD
    desk.pass_s(SETTLES_S)
    resume(desk)
    desk.pass_s(1)
    assert (desk.state(order), desk.order(order).channel) == (S.PLANNED, "field")
