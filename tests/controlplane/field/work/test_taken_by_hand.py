"""P8, I15: where a hand has closed, a motor valve that stands open as ever does not give supply back."""

import pytest

from controlplane.orders.states import OrderState
from protocols.types import Outcome, ValvePosition
from protocols.uplink.reasons import Why
from tests.controlplane.field.work.field_desk import CLOSED, OPEN, Field

GIVEN = (OrderState.EXECUTED, OrderState.COMPLETED)


def closed_by_a_crew() -> Field:
    """The valve is stuck open, a crew has shut the curb stop, and the customer pays."""
    desk = Field()
    order = desk.stuck()
    assert desk.go(order)
    desk.reported(order, left=CLOSED)
    desk.pass_s(300)
    desk.stop("payment")
    assert [giving.state for giving in desk.giving()] == [OrderState.DISPATCHED]
    return desk


def test_open_already_is_no_supply_and_a_crew_gives_it_back() -> None:
    desk = closed_by_a_crew()
    (giving,) = desk.giving()
    desk.receipt(giving.command, Outcome.DONE, Why.ALREADY, OPEN)
    (giving,) = desk.giving()
    assert (giving.state, giving.channel) == (OrderState.PLANNED, "field")
    assert (giving.reason or {})["code"] == "taken_by_hand"
    assert [work.kind for work in desk.offered()] == ["reactivate"]
    desk.on_site(giving)
    desk.reported(giving, left=OPEN, permit=None, found=CLOSED, sequence=10**6)
    assert desk.giving()[0].state in GIVEN


def test_a_look_that_reads_open_is_no_supply_either() -> None:
    desk = closed_by_a_crew()
    (giving,) = desk.giving()
    desk.receipt(giving.command, Outcome.FAILED, Why.LINE_DOWN)
    (giving,) = desk.giving()
    assert giving.state is OrderState.LOOKING
    desk.answer(giving.look, OPEN)
    (giving,) = desk.giving()
    assert (giving.state, giving.channel) == (OrderState.PLANNED, "field")


def test_a_valve_that_the_gateway_moved_open_itself_gives_it_back() -> None:
    """The crew has turned the meter's own valve: the wire opens it again."""
    desk = closed_by_a_crew()
    (giving,) = desk.giving()
    desk.receipt(giving.command, before=desk.seen(CLOSED))
    assert desk.giving()[0].state in GIVEN


@pytest.mark.parametrize("way_back", ["wire", "crew"])
def test_once_it_was_given_back_the_hand_is_history(way_back: str) -> None:
    desk = closed_by_a_crew()
    (giving,) = desk.giving()
    if way_back == "wire":
        desk.receipt(giving.command, before=desk.seen(CLOSED))
    else:
        desk.receipt(giving.command, Outcome.DONE, Why.ALREADY, OPEN)
        desk.on_site(giving)
        desk.reported(giving, left=OPEN, permit=None, found=CLOSED, sequence=10**6)
    desk.pass_s(300)
    again = desk.permitted()
    desk.receipt(again.command)
    assert desk.state(again) in GIVEN
    desk.pass_s(300)
    desk.stop("payment")
    newest = desk.giving()[-1]
    desk.receipt(newest.command, Outcome.DONE, Why.ALREADY, OPEN)
    assert desk.giving()[-1].state in GIVEN


def test_what_a_released_crew_has_done_is_not_known_so_a_crew_looks() -> None:
    desk = Field()
    order = desk.stuck()
    assert desk.go(order)
    desk.stop("payment")
    desk.released(order)
    desk.receipt(desk.giving()[0].command, Outcome.DONE, Why.ALREADY, OPEN)
    (giving,) = desk.giving()
    assert (giving.state, giving.channel) == (OrderState.PLANNED, "field")


@pytest.mark.parametrize(("left", "by_hand"), [(OPEN, False), (CLOSED, True)])
def test_an_abort_says_how_the_valve_was_left(left: ValvePosition, by_hand: bool) -> None:
    desk = Field()
    order = desk.stuck()
    assert desk.go(order)
    desk.stop("payment")
    desk.aborted(order, left)
    desk.receipt(desk.giving()[0].command, Outcome.DONE, Why.ALREADY, OPEN)
    assert (desk.giving()[0].state is OrderState.PLANNED) is by_hand
