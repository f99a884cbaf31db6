import pytest

from protocols.types import ValvePosition
from simulators.valve import Actuation, By, Valve
from tests.simulators.talk import HandClock

OPEN, CLOSED, ARMED, LIMITED = ValvePosition.OPEN, ValvePosition.CLOSED, ValvePosition.ARMED, ValvePosition.LIMITED
MOVING = ValvePosition.MOVING


def test_a_valve_travels_four_seconds() -> None:
    clock = HandClock()
    valve = Valve(clock)
    valve.actuate(CLOSED)
    assert valve.position is MOVING
    clock.seconds = 3.999_999
    assert valve.position is MOVING
    clock.seconds = 4.0
    assert valve.position is CLOSED


def test_a_sticking_valve_accepts_and_never_moves() -> None:
    clock = HandClock()
    valve = Valve(clock, sticks=True)
    valve.actuate(CLOSED)
    clock.seconds = 1000
    assert valve.position is OPEN
    assert valve.history == [Actuation(0.0, CLOSED, OPEN, OPEN, moved=False)]


def test_the_history_tells_every_accepted_actuation() -> None:
    clock = HandClock()
    valve = Valve(clock)
    for at, wanted in ((1.0, CLOSED), (2.0, OPEN), (10.0, OPEN), (20.0, LIMITED)):
        clock.seconds = at
        valve.actuate(wanted)
    assert valve.history == [
        Actuation(1.0, CLOSED, OPEN, CLOSED, moved=True),
        Actuation(2.0, OPEN, MOVING, OPEN, moved=True),
        Actuation(10.0, OPEN, OPEN, OPEN, moved=False),
        Actuation(20.0, LIMITED, OPEN, LIMITED, moved=True),
    ]


def test_an_order_to_stay_turns_nothing() -> None:
    clock = HandClock()
    valve = Valve(clock, CLOSED)
    valve.actuate(CLOSED)
    assert valve.position is CLOSED


def test_only_a_closed_valve_can_be_armed_and_arming_turns_nothing() -> None:
    clock = HandClock()
    valve = Valve(clock, CLOSED)
    valve.actuate(ARMED)
    assert valve.position is ARMED
    valve.actuate(CLOSED)
    assert valve.position is CLOSED
    opened = Valve(clock, OPEN)
    opened.actuate(ARMED)
    assert opened.position is OPEN
    assert not opened.history[0].moved


def test_a_fault_hides_the_position() -> None:
    valve = Valve(HandClock())
    valve.fault = True
    assert valve.position is ValvePosition.FAULT


@pytest.mark.parametrize("by", By)
def test_the_history_tells_whose_hand_it_was(by: By) -> None:
    valve = Valve(HandClock())
    valve.actuate(CLOSED, by)
    assert valve.history[0].by is by


def test_a_hand_turns_what_the_motor_cannot() -> None:
    clock = HandClock()
    valve = Valve(clock, sticks=True)
    valve.actuate(CLOSED)
    valve.actuate(CLOSED, By.HAND)
    clock.seconds = 10
    assert valve.position is CLOSED
    assert valve.history[-1] == Actuation(0.0, CLOSED, OPEN, CLOSED, moved=True, by=By.HAND)
