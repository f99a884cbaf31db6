"""What keeps gas from being armed, and when a closing of gas is proven: G3, G4 and G5 in the control plane."""

import pytest

from controlplane.orders import leaks
from controlplane.orders.states import OrderState as S
from protocols.types import ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.crew import CrewAbort, DeviceId
from protocols.uplink.parts import GENESIS, Chain
from tests.controlplane.desk import POINT, Desk
from tests.controlplane.orders.test_gas import CLOSED, gas, reason
from tests.controlplane.orders.test_observing import watched


def arms(desk: Desk) -> int:
    return [desk.command(row.digest).verb for row in desk.sent("command")].count(Verb.ARM)


def leaking(desk: Desk) -> None:
    """A technician at the meter has signed that a leak is suspected."""
    now = desk.clock.now()
    said = CrewAbort(
        device=DeviceId("dev_1"),
        work_order="wo_1",
        order="ord_1",
        at=now,
        permit=None,
        code="leak_suspected",
        left=ValvePosition.CLOSED,
        photographs=(),
        place=None,
        note="",
        software="test",
        chain=Chain(journal="e" * 32, number=1, previous=GENESIS),
    )
    with desk.engine.begin() as db:
        leaks.suspected(db, desk.context, codec.Opened(said, "f" * 64, "technician"), POINT, "cli_1")


def test_G3_nothing_is_armed_before_a_payment_or_an_order_asks_for_it() -> None:
    desk = gas()
    desk.executed()
    for _ in range(30):
        desk.pass_s(86400)
    assert arms(desk) == 0
    assert desk.stop() is not None
    assert arms(desk) == 1


@pytest.mark.parametrize("kind", ["hold", "protection"])
def test_G3_a_hold_or_protection_after_the_closing_arms_as_a_payment_does_and_once(kind: str) -> None:
    """Whoever must not be without gas gets it back; a second stop is no second arm."""
    desk = gas()
    desk.executed()
    assert desk.stop(kind) is not None
    assert desk.stop(kind) is None
    assert arms(desk) == 1


def test_G3_G4_after_a_leak_that_a_technician_told_of_nothing_is_armed() -> None:
    desk = gas()
    desk.executed()
    leaking(desk)
    back = desk.stop()
    assert back is not None
    assert (desk.state(back), desk.order(back).channel, reason(desk, back)) == (S.PLANNED, "field", "leak_alarm")
    for _ in range(3):
        desk.pass_s(86400)
    assert arms(desk) == 0
    assert desk.alarms().count("leak_suspected") == 1


def test_G5_gas_is_proven_closed_only_by_an_index_that_stands_still() -> None:
    desk = gas()
    order = watched(desk)
    desk.answer(order.look, CLOSED, index=("12.3450", "12.3450"))
    assert (desk.state(order), desk.order(order).grade) == (S.COMPLETED, "corroborated")


def test_G5_closed_gas_whose_index_moves_is_an_alarm_and_is_never_called_proven() -> None:
    desk = gas()
    order = watched(desk)
    desk.answer(order.look, CLOSED, index=("12.3450", "12.3451"))
    after = desk.order(order)
    assert (after.grade, reason(desk, order)) == ("read_back", "passing_valve")
    assert desk.alarms() == ["passing_valve"]
    assert [desk.command(row.digest).verb for row in desk.sent("command")].count(Verb.CLOSE) <= 1
