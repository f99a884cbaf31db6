"""Gas given back: armed from afar, executed only by `open` read back, a person's work where it must be (CONTROL)."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import controlplane
from controlplane.orders.context import OrderSettings
from controlplane.orders.halting import halt
from controlplane.orders.leaks import leak_cleared, stands
from controlplane.orders.life import Order
from controlplane.orders.models import leaks
from controlplane.orders.states import OrderState as S
from controlplane.policy.facts import Act
from protocols.types import Capability, Identity, Outcome, ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.reasons import Why
from tests.controlplane.desk import POINT, Desk

WHO = Identity("00000015", "CBS", 3, 3, "00000015")
CAPABLE = (Capability.READ, Capability.POSITION, Capability.CLOSE, Capability.ARM)
OPEN, CLOSED, ARMED = ValvePosition.OPEN, ValvePosition.CLOSED, ValvePosition.ARMED
EXPIRES_S, LOOK_S = 3600.0, 60.0
SLICES = Path(controlplane.__file__).parent


def gas(
    *, pack: str = "demo", capabilities: tuple[Capability, ...] = CAPABLE, expires_s: float | None = EXPIRES_S
) -> Desk:
    return Desk(who=WHO, capabilities=capabilities, pack=pack, arm_expires_s=expires_s)


def paid(desk: Desk) -> Order:
    """Suspended and read closed; then the customer pays."""
    desk.executed()
    back = desk.stop()
    assert back is not None
    return desk.order(back)


def armed(desk: Desk) -> Order:
    back = paid(desk)
    desk.receipt(back.command, position=ARMED)
    return desk.order(back)


def reason(desk: Desk, order: Order) -> str:
    said = desk.order(order).reason
    return said["code"] if said else ""


def test_a_suspension_of_gas_is_as_with_water() -> None:
    desk = gas()
    order = desk.executed()
    assert (order.state, order.grade, order.channel) == (S.COMPLETED, "read_back", "remote")
    assert desk.command(order.command or "").verb == Verb.CLOSE


def test_G1_gas_given_back_is_an_arm_never_an_open() -> None:
    desk = gas()
    back = paid(desk)
    assert (back.state, back.channel) == (S.DISPATCHED, "remote")
    assert desk.command(back.command or "").verb == Verb.ARM
    assert "open" not in {desk.command(row.digest).verb for row in desk.sent("command")}


def test_I4_a_meter_that_claims_to_open_is_not_told_to_where_point_or_plate_say_gas() -> None:
    desk = gas(capabilities=(*CAPABLE, Capability.OPEN))
    assert desk.command(paid(desk).command or "").verb == Verb.ARM
    unarmable = gas(capabilities=(Capability.READ, Capability.POSITION, Capability.CLOSE, Capability.OPEN))
    back = paid(unarmable)
    assert (back.state, back.channel, reason(unarmable, back)) == (S.PLANNED, "field", "no_remote_valve")


def test_I4_armed_is_not_supply_the_order_stays_dispatched_until_open_is_read() -> None:
    desk = gas()
    back = armed(desk)
    assert (back.state, reason(desk, back), back.until) == (
        S.DISPATCHED,
        "armed",
        desk.clock.now() + timedelta(seconds=EXPIRES_S),
    )
    desk.pass_s(LOOK_S)
    back = desk.order(back)
    assert back.look is not None
    desk.answer(back.look, ARMED)
    assert desk.state(back) is S.DISPATCHED
    desk.pass_s(2 * LOOK_S)
    desk.answer(desk.order(back).look, OPEN)
    after = desk.order(back)
    assert (after.state, after.grade, after.armed_until, after.look_at) == (S.EXECUTED, "read_back", None, None)


def test_the_looks_grow_calmer_and_the_last_is_at_the_expiry() -> None:
    desk = gas()
    back, times, begun = armed(desk), [], desk.clock.now()
    seen = desk.order(back).look
    while desk.state(back) is S.DISPATCHED:
        desk.pass_s(10)
        if (look := desk.order(back).look) != seen:
            seen = look
            times.append((desk.clock.now() - begun).total_seconds())
    assert times == [60, 180, 420, 900, 1860, 3600]
    assert desk.state(back) is S.LOOKING


@pytest.mark.parametrize("position", [CLOSED, ARMED])
def test_G2_an_arm_that_nobody_used_becomes_field_work_with_what_was_tried(position: ValvePosition) -> None:
    """Closed: the meter has ended it. Armed: a meter that does not."""
    desk = gas()
    back = armed(desk)
    desk.pass_s(EXPIRES_S)
    assert desk.state(back) is S.LOOKING
    desk.answer(desk.order(back).look, position)
    after = desk.order(back)
    assert (after.state, after.channel, reason(desk, back)) == (S.PLANNED, "field", "arm_unused")
    assert [(t["verb"], t["position"]) for t in after.tried] == [("arm", "armed")]
    assert after.sends == 1


def test_a_meter_that_tells_no_expiry_is_waited_for_as_long_as_the_house_says() -> None:
    desk = gas(expires_s=None)
    back = armed(desk)
    assert back.armed_until == desk.clock.now() + timedelta(days=1)


def test_read_closed_before_its_time_it_is_field_work_and_not_armed_again() -> None:
    desk = gas()
    back = armed(desk)
    desk.pass_s(LOOK_S)
    desk.answer(desk.order(back).look, CLOSED)
    assert (desk.state(back), reason(desk, back), desk.order(back).sends) == (S.PLANNED, "arm_unused", 1)


def test_a_look_that_nobody_answers_changes_nothing_before_the_expiry() -> None:
    desk = gas()
    back = armed(desk)
    desk.pass_s(EXPIRES_S - 1)
    assert desk.state(back) is S.DISPATCHED
    for _ in range(5):
        desk.pass_s(3600)
    assert (desk.state(back), desk.order(back).channel) == (S.PLANNED, "field")


def test_P8_open_read_before_every_taking_act_had_settled_executes_nothing() -> None:
    desk = gas()
    suspend = desk.permitted()
    back = desk.stop()
    assert back is not None
    desk.receipt(desk.order(back).command, position=OPEN)
    assert desk.state(back) is S.DISPATCHED
    desk.receipt(suspend.command)
    again = desk.order(back)
    assert (again.state, again.sends) == (S.DISPATCHED, 2)
    desk.receipt(again.command, position=ARMED)
    desk.receipt(back.command, position=OPEN)
    assert desk.state(back) is S.DISPATCHED
    desk.pass_s(LOOK_S)
    desk.answer(desk.order(back).look, OPEN)
    assert desk.state(back) is S.EXECUTED


@pytest.mark.parametrize("found", [OPEN, ARMED])
def test_found_open_or_armed_nothing_was_written_and_that_counts(found: ValvePosition) -> None:
    desk = gas()
    back = paid(desk)
    before = desk.seen(found)
    if found is ARMED:
        desk.receipt(back.command, why=Why.ALREADY, position=ARMED, before=before)
        assert (desk.state(back), reason(desk, back)) == (S.DISPATCHED, "armed")
    else:
        desk.receipt(back.command, Outcome.REFUSED, Why.NOT_AS_WANTED, before=before)
        assert desk.state(back) is S.EXECUTED
        assert "found_as_wanted" in desk.events(back)


def test_a_hand_quicker_than_the_read_back_executes_it_at_once() -> None:
    desk = gas()
    back = paid(desk)
    desk.receipt(back.command, position=OPEN)
    assert desk.state(back) is S.EXECUTED


def test_an_arm_that_no_link_took_is_sent_again_and_then_a_crews() -> None:
    desk = gas()
    back = paid(desk)
    for sends in (1, 2, 3):
        assert desk.order(back).sends == sends
        desk.receipt(desk.order(back).command, Outcome.FAILED, Why.NO_ANSWER, CLOSED, started=True)
        desk.answer(desk.order(back).look, CLOSED)
    assert (desk.state(back), desk.order(back).channel) == (S.PLANNED, "field")


def test_a_receipt_that_was_lost_is_made_good_by_a_second_arm_that_finds_it_armed() -> None:
    desk = gas()
    back = paid(desk)
    desk.pass_s(200)
    assert desk.state(back) is S.LOOKING
    desk.answer(desk.order(back).look, ARMED)
    again = desk.order(back)
    assert (again.state, again.sends) == (S.DISPATCHED, 2)
    desk.receipt(again.command, why=Why.ALREADY, position=ARMED)
    assert reason(desk, back) == "armed"


# -- the leak check


def opened(desk: Desk) -> Order:
    back = armed(desk)
    desk.pass_s(LOOK_S)
    desk.answer(desk.order(back).look, OPEN)
    return desk.order(back)


def test_reopened_gas_is_watched_longer_than_the_meters_leak_check() -> None:
    desk = gas()
    back = opened(desk)
    assert back.state is S.EXECUTED
    desk.pass_s(OrderSettings().leak_watch_s - 1)
    assert desk.state(back) is S.EXECUTED
    desk.answer(back.look, OPEN, index=("1.000", "1.001"))
    after = desk.order(back)
    assert (after.state, after.grade) == (S.COMPLETED, "corroborated")


def test_G4_a_window_that_was_cut_short_is_begun_again() -> None:
    desk = gas()
    back = opened(desk)
    first = back.look
    desk.answer(first, OPEN, index=("1.000",))
    again = desk.order(back)
    assert again.state is S.EXECUTED
    assert again.look != first
    desk.answer(again.look, CLOSED, alarms=("leak",))
    assert desk.state(back) is S.LOOKING


def test_of_two_windows_that_cut_each_other_short_only_the_newest_is_begun_again() -> None:
    desk = gas()
    older = opened(desk)
    newer = opened(desk)
    assert (desk.state(older), desk.state(newer)) == (S.EXECUTED, S.EXECUTED)
    desk.answer(older.look, OPEN, index=("1.000",))
    assert desk.state(older) is S.COMPLETED
    desk.answer(newer.look, OPEN, index=("1.000",))
    assert desk.state(newer) is S.EXECUTED


def test_G4_closed_again_by_the_leak_check_it_is_looked_at_and_then_a_technicians() -> None:
    desk = gas()
    back = opened(desk)
    desk.answer(back.look, CLOSED, alarms=("leak",))
    assert desk.state(back) is S.LOOKING
    assert "contradicted" in desk.events(back)
    desk.answer(desk.order(back).look, CLOSED, alarms=("leak",))
    after = desk.order(back)
    assert (after.state, after.channel, reason(desk, back)) == (S.PLANNED, "field", "leak_alarm")
    assert desk.alarms().count("gas_leak_check") == 1
    assert after.sends == 1


def test_G4_closed_again_before_any_look_read_it_open() -> None:
    desk = gas()
    back = armed(desk)
    desk.pass_s(LOOK_S)
    desk.answer(desk.order(back).look, CLOSED, alarms=("leak",))
    assert (desk.state(back), reason(desk, back)) == (S.PLANNED, "leak_alarm")


def test_G4_an_arm_refused_for_a_leak_is_not_sent_again() -> None:
    desk = gas()
    back = paid(desk)
    desk.receipt(back.command, Outcome.REFUSED, Why.NOT_AS_WANTED, before=desk.seen(CLOSED, ("leak",)))
    desk.answer(desk.order(back).look, CLOSED, alarms=("leak",))
    assert (desk.state(back), reason(desk, back), desk.order(back).sends) == (S.PLANNED, "leak_alarm", 1)


def test_G4_after_a_leak_nothing_is_armed_until_a_technicians_signed_report() -> None:
    desk = gas()
    back = armed(desk)
    desk.pass_s(LOOK_S)
    desk.answer(desk.order(back).look, CLOSED, alarms=("leak",))
    report = codec.Opened(desk.account(desk.order(back).command), "r" * 64, "technician")
    desk.birth(None, boot=2)
    desk.birth(None, journal="d" * 32, boot=1)
    assert (desk.state(back), desk.order(back).sends) == (S.PLANNED, 1)
    with desk.engine.begin() as db:
        assert stands(db, POINT)
        leak_cleared(db, desk.context, POINT, report, desk.clock.now() - timedelta(days=1))
        assert stands(db, POINT), "a check proves nothing of what came later"
        leak_cleared(db, desk.context, POINT, report, desk.clock.now())
        assert not stands(db, POINT)
        (row,) = db.execute(select(leaks)).all()
    assert (row.cleared_by, row.report) == ("technician", "r" * 64)


def test_G4_no_route_clears_a_leak() -> None:
    """Only a message that was opened with somebody's key does, and no body of a route is one."""
    users = [path for path in SLICES.rglob("*.py") if "leak_cleared" in path.read_text() and path.name != "leaks.py"]
    assert [path.name for path in users] == ["tightness.py"]


def test_a_leak_of_water_bars_nothing() -> None:
    desk = Desk()
    order = desk.executed()
    back = desk.stop()
    assert back is not None
    desk.receipt(desk.order(back).command, Outcome.FAILED, Why.NO_ANSWER, CLOSED, started=True)
    desk.answer(desk.order(back).look, CLOSED, alarms=("leak",))
    assert desk.order(back).sends == 2
    assert desk.alarms() == []
    assert order.state is S.COMPLETED


# -- who opens


def test_LG12_by_default_a_technician_opens_gas_and_nothing_is_armed() -> None:
    desk = gas(pack="italy-water")
    back = paid(desk)
    assert (back.state, back.channel, back.command) == (S.PLANNED, "field", None)
    said = back.reason
    assert said is not None
    assert said["code"] == "technician_reopens"
    assert "LG12" in said["en"]
    assert "LG12" in said["it"]


def test_I15_a_halted_house_gives_gas_back_by_an_arm() -> None:
    desk = gas()
    with desk.engine.begin() as db:
        halt(db, desk.context, "restored")
    back = desk.stop()
    assert back is not None
    assert desk.command(desk.order(back).command or "").verb == Verb.ARM


def test_a_gas_interruption_is_a_crews_alone() -> None:
    desk = gas()
    order = desk.enter(Act.INTERRUPT)
    assert (order.state, order.channel) == (S.PLANNED, "field")
