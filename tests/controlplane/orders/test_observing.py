"""Corroboration: how long an index must be watched, and what its end says. Numbers that are none stop nobody (I12)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert

from controlplane.orders.life import Order
from controlplane.orders.observing import window_s
from controlplane.orders.states import OrderState
from controlplane.telemetry.models import readings
from protocols.types import Outcome, ValvePosition
from tests.controlplane.desk import JOURNAL, METER, NOON, Desk, G

S = OrderState


def moving(steps: int, every_s: float, step: str = "0.0001") -> list[tuple[datetime, Decimal]]:
    return [(NOON + timedelta(seconds=n * every_s), 10 + n * Decimal(step)) for n in range(steps + 1)]


def store(desk: Desk, values: list[str], every_s: float = 6.0) -> None:
    fixed = {"journal": JOURNAL, "boot": 1, "quantity": "volume", "unit": "m3", "storage": 0, "tariff": 0, "subunit": 0}
    with desk.engine.begin() as db:
        for n, value in enumerate(values):
            at = NOON - timedelta(seconds=(len(values) - n) * every_s)
            row = {"meter": METER, "at": at, "sequence": n, "value": value, "function": "instantaneous", "gateway": G}
            db.execute(insert(readings).values(**fixed, **row))


def ticking() -> list[str]:
    return [f"{Decimal(10) + n * Decimal('0.0001'):.4f}" for n in range(30)]


def watched(desk: Desk) -> Order:
    store(desk, ticking())
    order = desk.executed()
    assert (order.state, order.grade) == (S.EXECUTED, "read_back")
    return order


def test_ten_steps_in_six_seconds_need_ten_seconds_at_least() -> None:
    assert window_s(moving(10, 0.6), Desk().context) == 10.0


def test_a_window_is_long_enough_that_a_running_meter_had_a_chance_under_one_percent() -> None:
    assert window_s(moving(10, 60), Desk().context) == pytest.approx(4.6 * 60)


@pytest.mark.parametrize("steps", [0, 1, 9])
def test_fewer_than_ten_steps_prove_nothing(steps: int) -> None:
    assert window_s(moving(steps, 1), Desk().context) is None
    assert window_s([], Desk().context) is None


def test_a_window_longer_than_three_days_is_not_tried() -> None:
    assert window_s(moving(10, 16 * 3600), Desk().context) is None


def test_a_still_index_completes_as_corroborated() -> None:
    desk = Desk()
    order = watched(desk)
    desk.answer(order.look, ValvePosition.CLOSED, index=("12.3450", "12.3450"))
    after = desk.order(order)
    assert (after.state, after.grade) == (S.COMPLETED, "corroborated")


def test_a_moving_index_after_a_closure_raises_a_passing_valve() -> None:
    desk = Desk()
    order = watched(desk)
    desk.answer(order.look, ValvePosition.CLOSED, index=("12.3450", "12.3451"))
    after = desk.order(order)
    assert (after.state, after.grade) == (S.COMPLETED, "read_back")
    assert desk.alarms() == ["passing_valve"]


def test_a_position_that_no_longer_holds_is_an_alarm_for_a_closure() -> None:
    desk = Desk()
    order = watched(desk)
    desk.answer(order.look, ValvePosition.OPEN, index=("1.0", "1.0"))
    assert desk.alarms() == ["position_contradicted"]
    assert "contradicted" in desk.events(order)


def test_a_position_that_no_longer_holds_sends_an_opening_to_look_again() -> None:
    desk = Desk()
    watched(desk)
    back = desk.stop()
    assert back is not None
    desk.receipt(desk.order(back).command)
    assert desk.state(back) is S.EXECUTED
    desk.answer(desk.order(back).look, ValvePosition.CLOSED)
    assert desk.state(back) is S.LOOKING


@pytest.mark.parametrize("index", [("12.3", "none"), ("NaN", "NaN"), ("", ""), ("12.3",), ()])
def test_I12_an_index_that_is_no_number_ends_the_window_and_stops_nobody(index: tuple[str, ...]) -> None:
    desk = Desk()
    order = watched(desk)
    desk.answer(order.look, ValvePosition.CLOSED, index=index)
    after = desk.order(order)
    assert (after.state, after.grade) == (S.COMPLETED, "read_back")
    assert after.reason is not None
    assert after.reason["code"] == "not_corroborated"


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "no number", "2026-01-01"])
def test_I12_stored_readings_that_are_no_numbers_stop_no_proof(bad: str) -> None:
    desk = Desk()
    store(desk, [*ticking(), bad])
    assert desk.executed().state in (S.EXECUTED, S.COMPLETED)


def test_a_window_that_nobody_answers_ends_and_says_so() -> None:
    desk = Desk()
    order = watched(desk)
    desk.pass_s(3600)
    after = desk.order(order)
    assert (after.state, after.grade) == (S.COMPLETED, "read_back")
    assert after.reason is not None


def test_a_refused_look_corroborates_nothing() -> None:
    desk = Desk()
    order = watched(desk)
    desk.answer(order.look, ValvePosition.CLOSED, index=("1.0", "1.0"), outcome=Outcome.REFUSED)
    assert desk.order(order).grade == "read_back"
