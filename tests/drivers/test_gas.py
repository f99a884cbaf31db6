"""Plans against the reference gas meter: what is read of it, and that only a closed and calm one is ever armed."""

from decimal import Decimal

import pytest

from drivers import mbus
from drivers.plan import PlanError, Send
from protocols.types import Capability, Identity, ValvePosition, Verb
from protocols.uplink.reasons import Why
from simulators.physics import Constant, Supply
from simulators.reference import gas
from simulators.reference.gas import GasMeter, Setting
from simulators.valve import Valve
from tests.drivers.drive import GAS_VALVE, Hall
from tests.simulators.talk import PLATE, HandClock

WHO = Identity("12345678", "CBS", 3, 3, "87654321")
CLOSED, ARMED, OPEN = ValvePosition.CLOSED, ValvePosition.ARMED, ValvePosition.OPEN


def one(position: ValvePosition = CLOSED, *, flow: int = 0) -> tuple[Hall, GasMeter]:
    clock = HandClock()
    supply = Supply(clock, Constant(flow), valve=Valve(clock, position), index_dl=12345)
    slave = gas.slave(clock, supply, PLATE, Setting(obeys_open=True), address=5)
    assert isinstance(slave.application, GasMeter)
    return Hall([slave], clock), slave.application


def moves(meter: GasMeter) -> list[str]:
    return [str(act.wanted) for act in meter.valve.history]


def refused(line: Hall, verb: Verb) -> PlanError:
    with pytest.raises(PlanError) as caught:
        line.run(mbus.move_valve(GAS_VALVE, WHO, verb))
    return caught.value


def test_I4_the_gas_model_knows_no_open() -> None:
    assert GAS_VALVE.capabilities == {Capability.READ, Capability.POSITION, Capability.CLOSE, Capability.ARM}
    assert GAS_VALVE.arm_expires_s == 86_400


def test_it_is_read_in_dm3() -> None:
    line, _ = one(OPEN)
    read = line.run(mbus.read_valve(GAS_VALVE, WHO))
    assert read == mbus.ValveRead(WHO, OPEN, frozenset(), mbus.IndexRead(Decimal("1.234"), "m3"))


@pytest.mark.parametrize(("verb", "start", "end"), [(Verb.CLOSE, OPEN, CLOSED), (Verb.ARM, CLOSED, ARMED)])
def test_a_verb_moves_it_once_and_ends_with_what_was_read(verb: Verb, start: ValvePosition, end: ValvePosition) -> None:
    line, meter = one(start)
    assert line.run(mbus.move_valve(GAS_VALVE, WHO, verb)) == mbus.Moved(WHO, acknowledged=True, after=end)
    assert moves(meter) == [end]


def test_a_close_disarms_an_armed_meter() -> None:
    line, meter = one()
    line.run(mbus.move_valve(GAS_VALVE, WHO, Verb.ARM))
    assert line.run(mbus.move_valve(GAS_VALVE, WHO, Verb.CLOSE)).after is CLOSED
    meter.press()
    assert moves(meter) == ["armed", "closed"]


def test_G1_I4_nothing_is_sent_to_open_it_although_this_meter_would_obey() -> None:
    line, meter = one()
    assert refused(line, Verb.OPEN).why is Why.GAS_NEVER_OPENED
    assert (line.heard, moves(meter)) == ([], [])


@pytest.mark.parametrize(("flag", "said"), [(gas.TAMPER, "tamper"), (gas.LOW_BATTERY, "low_battery")])
def test_G3_an_alarm_forbids_the_arm(flag: int, said: str) -> None:
    line, meter = one()
    meter.raised = flag
    error = refused(line, Verb.ARM)
    assert (error.why, line.moving, moves(meter)) == (Why.NOT_AS_WANTED, [], [])
    assert said in error.detail


def test_G4_a_leak_alarm_forbids_the_arm() -> None:
    line, meter = one(flow=600)
    line.run(mbus.move_valve(GAS_VALVE, WHO, Verb.ARM))
    meter.press()
    line.clock.seconds += 400
    assert "leak" in refused(line, Verb.ARM).detail
    assert moves(meter) == ["armed", "open", "closed"]


@pytest.mark.parametrize("start", [OPEN, ARMED])
def test_G3_only_a_closed_meter_is_armed(start: ValvePosition) -> None:
    line, meter = one(start)
    assert f"stands {start}" in refused(line, Verb.ARM).detail
    assert (line.moving, moves(meter)) == ([], [])


def test_G3_it_is_the_reading_right_before_the_write_that_counts() -> None:
    """Somebody opens it after an earlier reading: the plan reads again in the hold that writes."""
    line, meter = one(ARMED)
    assert line.run(mbus.read_valve(GAS_VALVE, WHO)).position is ARMED
    meter.press()
    line.clock.seconds += 10
    refused(line, Verb.ARM)
    assert moves(meter) == ["open"]


def test_a_hand_that_is_quicker_than_the_read_back_has_used_the_arm() -> None:
    line, meter = one()

    def pressed(send: Send) -> None:
        if line.moving and not send.moves_valve and meter.valve.position is ARMED:
            meter.press()

    line.before = pressed
    assert line.run(mbus.move_valve(GAS_VALVE, WHO, Verb.ARM)).after is OPEN


def test_G7_there_is_no_override_and_no_emergency_close() -> None:
    """Nothing that goes past a meter's own conditions can be asked for: four verbs, of which gas knows two."""
    assert set(Verb) == {Verb.OPEN, Verb.CLOSE, Verb.LIMIT, Verb.ARM}
    assert GAS_VALVE.valve is not None
    assert set(GAS_VALVE.valve.verbs) == {Verb.CLOSE, Verb.ARM}
