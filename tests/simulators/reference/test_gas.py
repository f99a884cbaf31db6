"""The reference gas meter: its bytes, what it does from afar, by hand and by itself."""

import pytest

from protocols.types import ValvePosition
from simulators.physics import Constant, Flow, Scripted, Supply
from simulators.reference import gas
from simulators.reference.gas import USUAL, GasMeter, Setting
from simulators.reference.slave import Slave
from simulators.reference.telegram import Request
from simulators.valve import Valve
from tests.simulators.talk import ARM, CLOSE, LIMIT, OPEN, PLATE, HandClock

READOUT = Request(0x7B, 5)
ANSWER = bytes.fromhex(
    "68 2E 2E 68  08 05 72"
    "78 56 34 12  53 0C  03 03  01 00  00 00"
    "0C 78 21 43 65 87"
    "0C 13 34 12 00 00"
    "0A 3B 00 06"
    "04 6D 1E 09 58 3B"
    "01 FD 1A 01"
    "02 FD 17 09 00"
)
CLOSED, ARMED, OPENED, MOVING = (
    ValvePosition.CLOSED,
    ValvePosition.ARMED,
    ValvePosition.OPEN,
    ValvePosition.MOVING,
)


def slave_of(clock: HandClock, position: ValvePosition, *, flow: Flow | None = None, setting: Setting = USUAL) -> Slave:
    supply = Supply(clock, flow or Constant(600), valve=Valve(clock, position), index_dl=12340)
    return gas.slave(clock, supply, PLATE, setting, address=5)


def meter(
    position: ValvePosition = CLOSED, *, flow: Flow | None = None, setting: Setting = USUAL
) -> tuple[HandClock, GasMeter]:
    clock = HandClock()
    application = slave_of(clock, position, flow=flow, setting=setting).application
    assert isinstance(application, GasMeter)
    return clock, application


def told(one: GasMeter) -> list[tuple[str, str]]:
    """What was done to its valve, and by whom."""
    return [(str(act.wanted), str(act.by)) for act in one.valve.history]


def test_the_telegram_byte_by_byte() -> None:
    slave = slave_of(HandClock(), OPENED)
    assert isinstance(slave.application, GasMeter)
    slave.application.raised = gas.TAMPER | gas.LOW_BATTERY
    assert slave.receive(READOUT) == ANSWER + bytes([sum(ANSWER[4:]) & 0xFF, 0x16])


def test_two_telegrams_hold_what_one_holds() -> None:
    whole = slave_of(HandClock(), OPENED).receive(READOUT)
    clock = HandClock()
    supply = Supply(clock, Constant(600), valve=Valve(clock), index_dl=12340)
    slave = gas.slave(clock, supply, PLATE, address=5, telegrams=2)
    first, second = slave.receive(READOUT), slave.receive(Request(0x5B, 5))
    assert whole is not None
    assert first is not None
    assert second is not None
    assert whole[19:-2] == first[19:-3] + second[19:-2]


def test_a_point_without_a_valve_is_no_reference_gas_meter() -> None:
    clock = HandClock()
    with pytest.raises(ValueError, match="has a valve"):
        gas.slave(clock, Supply(clock, Constant(0)), PLATE)


@pytest.mark.parametrize("start", [CLOSED, ARMED, OPENED])
@pytest.mark.parametrize("verb", [OPEN, LIMIT, bytes.fromhex("01 FD 1A 01"), ARM + ARM, b""], ids=str)
def test_I4_no_bytes_from_afar_open_it(start: ValvePosition, verb: bytes) -> None:
    clock, one = meter(start)
    one.write(0x51, verb)
    clock.seconds = 100
    assert (one.valve.position, one.refused, told(one)) == (start, 1, [])


def test_it_is_closed_armed_and_opened_by_a_hand_alone() -> None:
    clock, one = meter(OPENED)
    one.press()
    one.write(0x51, CLOSE)
    one.press()
    clock.seconds = 5
    one.press()
    assert one.valve.position is CLOSED
    one.write(0x51, ARM)
    assert one.valve.position is ARMED
    one.press()
    assert one.valve.position is MOVING
    clock.seconds = 9
    assert one.valve.position is OPENED
    assert told(one) == [("closed", "wire"), ("armed", "wire"), ("open", "button")]


@pytest.mark.parametrize("start", [OPENED, MOVING])
def test_an_arm_on_a_meter_that_is_not_closed_does_nothing(start: ValvePosition) -> None:
    clock, one = meter(OPENED)
    if start is MOVING:
        one.write(0x51, CLOSE)
    one.write(0x51, ARM)
    assert ("armed", "wire") not in told(one)
    assert one.refused == 1
    clock.seconds = 10
    assert one.valve.position is (OPENED if start is OPENED else CLOSED)


def test_G2_an_unused_arm_expires_in_the_meter_and_is_not_prolonged_by_a_second() -> None:
    clock, one = meter(setting=Setting(arm_expires_s=600))
    one.write(0x51, ARM)
    clock.seconds = 500
    one.write(0x51, ARM)
    clock.seconds = 599.9
    assert one.valve.position is ARMED
    clock.seconds = 600
    assert one.valve.position is CLOSED
    one.press()
    assert told(one) == [("armed", "wire"), ("closed", "expiry")]
    assert one.valve.history[-1].at_s == 600


def test_a_used_arm_does_not_expire() -> None:
    clock, one = meter(flow=Constant(0), setting=Setting(arm_expires_s=600))
    one.write(0x51, ARM)
    one.press()
    clock.seconds = 100_000
    assert one.valve.position is OPENED


def test_a_close_disarms() -> None:
    clock, one = meter(setting=Setting(arm_expires_s=600))
    one.write(0x51, ARM)
    one.write(0x51, CLOSE)
    one.press()
    clock.seconds = 700
    assert told(one) == [("armed", "wire"), ("closed", "wire")]


def test_G4_more_than_the_threshold_in_the_window_closes_it_again_and_raises_the_leak_alarm() -> None:
    clock, one = meter(flow=Constant(600), setting=Setting(leak_dm3=12))
    one.write(0x51, ARM)
    one.press()
    index = one.supply.index_dl()
    clock.seconds = 75.9
    assert (one.valve.position, one.alarms) == (OPENED, 0)
    clock.seconds = 76.1
    assert (one.valve.position, one.alarms) == (MOVING, gas.LEAK)
    clock.seconds = 1000
    assert one.valve.position is CLOSED
    assert one.supply.index_dl() - index == 126, "12 l until it is seen, and what flows while the valve turns"
    assert told(one)[-1] == ("closed", "leak check")


@pytest.mark.parametrize(
    ("flow", "leaks"),
    [
        (Constant(120), False),
        (Constant(122), True),
        (Scripted([(0, 0), (365, 6000)]), False),
        (Scripted([(0, 0), (300, 6000)]), True),
    ],
)
def test_G4_the_window_is_360_s_and_the_threshold_is_a_volume(flow: Flow, leaks: bool) -> None:
    clock, one = meter(flow=flow)
    one.write(0x51, ARM)
    one.press()
    clock.seconds = 10_000
    assert (one.alarms == gas.LEAK) is leaks
    assert (one.valve.position is CLOSED) is leaks


def test_a_leak_alarm_stands_until_a_technician_resets_it() -> None:
    clock, one = meter()
    one.write(0x51, ARM)
    one.press()
    clock.seconds = 400
    assert one.alarms == gas.LEAK
    one.reset_leak()
    assert one.alarms == 0


def test_with_a_low_battery_nothing_turns() -> None:
    for start, verb in ((OPENED, CLOSE), (CLOSED, ARM)):
        _, one = meter(start)
        one.raised = gas.LOW_BATTERY
        one.write(0x51, verb)
        assert (one.refused, told(one)) == (1, [])
    _, one = meter()
    one.write(0x51, ARM)
    one.raised = gas.LOW_BATTERY
    one.press()
    assert one.valve.position is ARMED


@pytest.mark.parametrize("mode", [1, 3, 5, 6])
def test_class_70_a_reconnect_from_afar_arms_in_modes_1_3_5_6(mode: int) -> None:
    _, one = meter(setting=Setting(mode=mode))
    one.write(0x51, ARM)
    assert one.valve.position is ARMED


@pytest.mark.parametrize("mode", [2, 4])
def test_class_70_a_reconnect_from_afar_opens_in_modes_2_and_4(mode: int) -> None:
    """Why a spec must say the mode: such a meter is not for gas."""
    clock, one = meter(setting=Setting(mode=mode))
    one.write(0x51, ARM)
    clock.seconds = 4
    assert one.valve.position is OPENED


@pytest.mark.parametrize(("mode", "after"), [(1, ARMED), (3, OPENED), (5, ARMED), (6, OPENED)])
def test_class_70_a_hand_disconnects_in_modes_1_and_5(mode: int, after: ValvePosition) -> None:
    clock, one = meter(OPENED, flow=Constant(0), setting=Setting(mode=mode))
    one.press()
    clock.seconds = 10
    assert one.valve.position is after


def test_class_70_mode_0_never_disconnects() -> None:
    _, one = meter(OPENED, setting=Setting(mode=0))
    one.write(0x51, CLOSE)
    assert (one.refused, told(one)) == (1, [])


def test_a_meter_set_up_wrongly_obeys_an_open_so_that_the_edge_can_be_tried() -> None:
    clock, one = meter(flow=Constant(0), setting=Setting(obeys_open=True))
    one.write(0x51, OPEN)
    clock.seconds = 4
    assert told(one) == [("open", "wire")]
