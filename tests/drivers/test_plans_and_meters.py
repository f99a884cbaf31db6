"""Plans against the reference meters, whose bytes were written by hand: one end proves the other."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from drivers import mbus
from drivers.plan import Plan, PlanError, Send
from protocols.mbus.frame import Ack
from protocols.types import Identity, ValvePosition, Verb
from protocols.uplink.reasons import Why
from simulators.physics import Constant, Supply
from simulators.reference import water
from simulators.reference.slave import Slave
from simulators.reference.water import Plate
from tests.drivers.drive import VALVE, WATER, WHO, Hall
from tests.simulators.talk import PLATE, HandClock, meter_of, valve_meter, valve_of

OTHERS = Identity("12345678", "CBS", 1, 7, "11111111")
MOVES = [
    (Verb.CLOSE, ValvePosition.OPEN, ValvePosition.CLOSED),
    (Verb.OPEN, ValvePosition.CLOSED, ValvePosition.OPEN),
    (Verb.LIMIT, ValvePosition.OPEN, ValvePosition.LIMITED),
]


def one(
    position: ValvePosition = ValvePosition.OPEN, *, telegrams: int = 1, sticks: bool = False
) -> tuple[Hall, Slave]:
    clock = HandClock()
    slave = valve_meter(clock, position=position, telegrams=telegrams, sticks=sticks)
    return Hall([slave], clock), slave


@pytest.mark.parametrize(("verb", "start", "end"), MOVES)
@pytest.mark.parametrize("telegrams", [1, 2])
def test_a_verb_moves_the_valve_once_and_ends_with_what_was_read(
    verb: Verb, start: ValvePosition, end: ValvePosition, telegrams: int
) -> None:
    line, meter = one(position=start, telegrams=telegrams)
    moved = line.run(mbus.move_valve(VALVE, WHO, verb))
    assert moved == mbus.Moved(WHO, acknowledged=True, after=end)
    assert [a.wanted for a in valve_of(meter).history] == [end]
    assert valve_of(meter).position is end
    assert len(line.moving) == 1


@pytest.mark.parametrize("telegrams", [1, 2])
def test_a_readout_holds_all_that_the_meter_says(telegrams: int) -> None:
    line, meter = one(telegrams=telegrams)
    meter_of(meter).alarms = water.LEAK | water.LOW_BATTERY
    read = line.run(mbus.read_meter(VALVE, WHO))
    quantities = [r.quantity for r in read.records if r.quantity != "manufacturer_specific"]
    assert (read.identity, read.position, len(quantities)) == (WHO, ValvePosition.OPEN, 6)
    assert read.index == mbus.IndexRead(Decimal("1.2340"), "m3")
    seen = line.run(mbus.read_valve(VALVE, WHO))
    assert (seen.position, seen.index) == (ValvePosition.OPEN, read.index)
    assert seen.alarms == {"leak", "low_battery"}


def test_a_meter_without_a_valve_is_read_and_never_moved() -> None:
    clock = HandClock()
    meter = water.slave(clock, Supply(clock, Constant(0)), PLATE, address=5)
    line, who = Hall([meter], clock), Identity("12345678", "CBS", 2, 7, "87654321")
    assert line.run(mbus.read_meter(WATER, who)).position is None
    for plan in (mbus.read_valve(WATER, who), *(mbus.move_valve(WATER, who, verb) for verb in Verb)):
        with pytest.raises(PlanError) as caught:
            line.run(plan)
        assert caught.value.why is Why.NOT_CAPABLE
        assert not line.moving


def test_an_acknowledgement_is_not_success() -> None:
    line, meter = one(sticks=True)
    moved = line.run(mbus.move_valve(VALVE, WHO, Verb.CLOSE))
    assert moved == mbus.Moved(WHO, acknowledged=True, after=ValvePosition.OPEN)
    assert [(a.wanted, a.before, a.after) for a in valve_of(meter).history] == [
        (ValvePosition.CLOSED, ValvePosition.OPEN, ValvePosition.OPEN)
    ]
    assert sum(line.waits) >= VALVE.timing.act_max_s


def test_a_fault_ends_the_reading_back() -> None:
    line, meter = one()

    def breaks(send: Send) -> None:
        valve_of(meter).fault = send.moves_valve or valve_of(meter).fault

    line.before = breaks
    moved = line.run(mbus.move_valve(VALVE, WHO, Verb.CLOSE))
    assert moved.after is ValvePosition.FAULT
    assert line.waits == [VALVE.timing.travel_s]


def test_I2_the_moving_write_is_marked_and_is_the_only_one() -> None:
    line, _ = one()
    line.run(mbus.move_valve(VALVE, WHO, Verb.CLOSE))
    assert len(line.moving) == 1
    place = line.sends.index(line.moving[0])
    assert place == 2
    assert line.heard[place][6] == 0x51


def test_I13_of_two_meters_only_the_one_that_is_meant_moves() -> None:
    clock = HandClock()
    mine = valve_meter(clock)
    near = valve_meter(clock, address=6, plate=Plate("12345679", "87654321"))
    line = Hall([near, mine], clock)
    line.run(mbus.read_valve(VALVE, Identity("12345679", "CBS", 1, 7, "87654321")))
    assert line.run(mbus.move_valve(VALVE, WHO, Verb.CLOSE)).after is ValvePosition.CLOSED
    assert valve_of(near).history == []
    assert len(valve_of(mine).history) == 1


PLANS: list[Callable[[Identity], Plan[object]]] = [
    lambda who: mbus.read_meter(VALVE, who),
    lambda who: mbus.read_valve(VALVE, who),
    lambda who: mbus.move_valve(VALVE, who, Verb.CLOSE),
]


@pytest.mark.parametrize("plan", PLANS)
def test_I13_another_fabrication_number_at_the_right_address_is_a_wrong_identity(
    plan: Callable[[Identity], Plan[object]],
) -> None:
    line, meter = one()
    with pytest.raises(PlanError) as caught:
        line.run(plan(OTHERS))
    assert caught.value.why is Why.WRONG_IDENTITY
    assert "87654321" in caught.value.detail
    assert "11111111" in caught.value.detail
    assert line.moving == []
    assert valve_of(meter).history == []


@pytest.mark.parametrize("plan", PLANS)
def test_a_meter_that_is_not_there_is_no_answer(plan: Callable[[Identity], Plan[object]]) -> None:
    line, _ = one()
    with pytest.raises(PlanError) as caught:
        line.run(plan(Identity("00000099", "CBS", 1, 7, "87654321")))
    assert caught.value.why is Why.NO_ANSWER
    assert line.moving == []
    assert {frame[6] for frame in line.heard} == {0x52}


def test_no_request_of_a_move_holds_a_wildcard_or_a_broadcast() -> None:
    line, _ = one()
    line.run(mbus.move_valve(VALVE, WHO, Verb.CLOSE))
    assert {s.frame.a for s in line.sends if not isinstance(s.frame, Ack)} == {0xFD}
    selections = [f for f in line.heard if f[0] == 0x68 and f[6] == 0x52]
    assert {f[7:-2] for f in selections} == {bytes.fromhex("78 56 34 12 53 0C 01 07")}


class RefusedError(Exception):
    """What a bus throws into a plan whose write its guard refuses."""


@pytest.mark.parametrize("close", [True, False])
def test_P4_a_refused_write_leaves_nothing_behind(close: bool) -> None:
    line, meter = one()
    plan = mbus.move_valve(VALVE, WHO, Verb.CLOSE)
    event = None
    while True:
        step = plan.send(event)
        assert isinstance(step, Send)
        if step.moves_valve:
            break
        event = line._step(step)
    if close:
        plan.close()
    else:
        with pytest.raises(RefusedError):
            plan.throw(RefusedError())
    with pytest.raises(StopIteration):
        next(plan)
    assert valve_of(meter).history == []
    assert line.run(mbus.read_valve(VALVE, WHO)).position is ValvePosition.OPEN
