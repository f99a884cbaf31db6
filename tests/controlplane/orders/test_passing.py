"""A valve that reads closed while its index moves: one alarm, one work order, no second closure; and no false alarm."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from controlplane.db import lock_point, reading
from controlplane.dispatch.doors import Doors
from controlplane.field.work.models import work_orders
from controlplane.news import news
from controlplane.orders import passing
from controlplane.orders.life import Order, note
from controlplane.orders.models import commands, positions
from controlplane.orders.states import OrderState as S
from controlplane.registry.models import gateways, meters
from controlplane.telemetry.passing import watch
from controlplane.telemetry.service import take_readings
from protocols.types import ValvePosition
from protocols.uplink import codec, topics
from protocols.uplink.messages import Reading, Readings
from tests.controlplane.desk import JOURNAL, KEY, METER, POINT, Desk, G
from tests.controlplane.dialects import both
from tests.controlplane.orders.test_observing import store, ticking


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """A desk over this database."""
    made = Desk(database)
    yield made
    made.engine.dispose()


def believed(desk: Desk) -> None:
    with desk.engine.begin() as db:
        db.execute(update(gateways).where(gateways.c.id == G).values(public_key=KEY.public.hex()))


def closed(desk: Desk, index: tuple[str, ...] = ("12.3450", "12.3450")) -> Order:
    """A closure that was read back, and whose window has ended."""
    store(desk, ticking())
    order = desk.executed()
    desk.answer(order.look, ValvePosition.CLOSED, index=index)
    believed(desk)
    return desk.order(order)


def say(desk: Desk, value: str, unit: str = "m3", quantity: str = "volume", **other: Any) -> None:
    """The gateway tells a reading, an hour after the one before."""
    desk.clock.at += timedelta(hours=1)
    told: dict[str, Any] = {"meter": METER, "at": desk.clock.at, "value": value, "unit": unit, "quantity": quantity}
    batch = Readings(gateway=G, journal=JOURNAL, boot=1, first=next(desk.links), readings=(Reading(**told, **other),))
    raw = codec.encode_plain(batch)
    with desk.engine.begin() as db:
        Doors(desk.context, take_readings, watch).take(db, topics.parse(topics.up(G, Readings.kind)), raw)


def told(desk: Desk, *values: str) -> None:
    for value in values:
        say(desk, value)


def alarms(desk: Desk) -> list[dict[str, Any]]:
    with reading(desk.engine) as db:
        return [row.data for row in db.execute(select(news).where(news.c.type == "alarm"))]


def repairs(desk: Desk) -> list[Any]:
    with reading(desk.engine) as db:
        return list(db.execute(select(work_orders).where(work_orders.c.kind == "repair")))


def closures(desk: Desk) -> int:
    return len([row for row in desk.sent("command") if b'"close"' in row.payload])


PASSES = ("13.000", "13.000", "13.020", "13.040", "13.060")


@both
def test_an_index_that_moves_under_a_look_is_an_alarm_and_a_crews_work(desk: Desk) -> None:
    order = closed(desk, ("12.3450", "12.3451"))
    (alarm,) = alarms(desk)
    said = {name: alarm[name] for name in ("code", "to", "meter", "before", "after", "unit", "point")}
    index = {"before": "12.3450", "after": "12.3451", "unit": "m3"}
    assert said == {"code": "passing_valve", "to": "planner", "meter": METER, "point": POINT, **index}
    assert alarm["since"] == desk.clock.at.isoformat()
    (repair,) = repairs(desk)
    assert (repair.order, repair.point, repair.closed_at) == (order.id, POINT, None)
    assert (order.state, order.grade) == (S.COMPLETED, "read_back")


@both
def test_readings_that_move_later_are_told_once_and_lower_the_grade(desk: Desk) -> None:
    order = closed(desk)
    assert order.grade == "corroborated"
    told(desk, *PASSES, "13.080", "13.100")
    (alarm,) = alarms(desk)
    assert (alarm["before"], alarm["after"], alarm["meter"]) == ("13.000", "13.040", METER)
    assert len(repairs(desk)) == 1
    after = desk.order(order)
    assert (after.state, after.grade) == (S.COMPLETED, "read_back")
    assert after.reason is not None
    assert after.reason["code"] == "passing_valve"
    assert "passing_valve" in desk.events(order)


def test_a_passing_valve_is_never_closed_a_second_time() -> None:
    desk = Desk()
    closed(desk)
    told(desk, *PASSES)
    for _ in range(20):
        desk.pass_s(3600)
    assert closures(desk) == 1
    assert [o.state for o in desk.orders()] == [S.COMPLETED]


def test_another_closure_at_a_valve_that_passes_makes_no_second_alarm() -> None:
    desk = Desk()
    closed(desk, ("12.3450", "12.3451"))
    again = desk.executed()
    desk.answer(again.look, ValvePosition.CLOSED, index=("12.4", "12.5"))
    assert desk.order(again).grade == "read_back"
    assert (len(alarms(desk)), len(repairs(desk))) == (1, 1)


@both
def test_a_person_ends_it_and_only_what_moves_after_that_is_told_again(desk: Desk) -> None:
    closed(desk)
    told(desk, *PASSES)
    with desk.engine.begin() as db:
        lock_point(db, POINT)
        passing.end(db, desk.context, POINT, "olga", "new gasket")
        db.execute(update(work_orders).values(closed_at=desk.clock.at))
    told(desk, "13.080", "13.081", "13.085", "13.089")
    assert len(alarms(desk)) == 1
    told(desk, "13.100", "13.120")
    assert (len(alarms(desk)), len(repairs(desk))) == (2, 2)


@pytest.mark.parametrize("channel", ["remote", "field"])
def test_supply_that_is_given_back_leaves_the_repair_to_a_person(channel: str) -> None:
    desk = Desk()
    order = closed(desk, ("12.3450", "12.3451"))
    with desk.engine.begin() as db:
        note(db, order, channel=channel)
    assert desk.stop() is not None
    (repair,) = repairs(desk)
    assert repair.closed_at is None


@pytest.mark.parametrize(
    "values",
    [
        ("13.000", "13.000", "13.004", "13.008", "13.010"),
        ("99999.990", "99999.995", "0.001", "0.005", "5.000"),
        ("13.000", "13.000", "13.000", "99.000", "13.000", "13.001"),
        ("0.000", "13.000", "13.000", "13.001", "13.002"),
        ("13.000", "nonsense", "13.500", "13.600"),
        ("13.000", "13.000"),
    ],
    ids=["a drip", "rolled over", "misread once", "misread at first", "no number", "nothing moved"],
)
def test_what_is_no_passing_valve_is_no_alarm(values: tuple[str, ...]) -> None:
    desk = Desk()
    order = closed(desk)
    told(desk, *values)
    assert (alarms(desk), repairs(desk)) == ([], [])
    assert desk.order(order).grade == "corroborated"


def test_an_index_that_falls_in_the_window_proves_nothing_and_is_no_alarm() -> None:
    desk = Desk()
    order = closed(desk, ("99999.9999", "0.0001"))
    assert (order.state, order.grade) == (S.COMPLETED, "read_back")
    assert alarms(desk) == []


@pytest.mark.parametrize("other", [{"unit": "l"}, {"quantity": "energy"}, {"storage": 1}, {"function": "maximum"}])
def test_another_register_or_unit_says_nothing(other: dict[str, Any]) -> None:
    desk = Desk()
    closed(desk)
    for value in PASSES:
        say(desk, value, **other)
    assert alarms(desk) == []


def test_a_meter_that_was_exchanged_starts_anew() -> None:
    desk = Desk()
    closed(desk)
    told(desk, "13.000", "13.000", "13.005")
    with desk.engine.begin() as db:
        db.execute(update(meters).where(meters.c.name == METER).values(bound_at=desk.clock.at))
    told(desk, "845.000", "845.000", "845.001")
    assert alarms(desk) == []


def test_a_point_that_is_or_was_given_back_is_not_watched() -> None:
    desk = Desk()
    closed(desk)
    back = desk.stop()
    assert back is not None
    told(desk, *PASSES)
    assert alarms(desk) == [], "on its way: the position is still the old one"
    desk.receipt(desk.order(back).command)
    told(desk, *(str(Decimal(value) + 1) for value in PASSES))
    assert alarms(desk) == []


def test_P6_nobody_is_sent_before_all_has_settled() -> None:
    desk = Desk()
    order = closed(desk)
    moved = passing.Moved(METER, "1", "2", "m3", desk.clock.at)
    with desk.engine.begin() as db:
        lock_point(db, POINT)
        db.execute(update(commands).values(settled_sequence=None))
        assert not passing.saw(db, desk.context, order, moved)
    assert repairs(desk) == []


def test_a_closure_without_any_window_is_watched_too() -> None:
    desk = Desk()
    order = desk.executed()
    assert desk.order(order).state is S.COMPLETED
    believed(desk)
    told(desk, *PASSES)
    assert [alarm["code"] for alarm in alarms(desk)] == ["passing_valve"]


def test_while_the_looks_window_is_open_the_look_decides() -> None:
    desk = Desk()
    store(desk, ticking())
    order = desk.executed()
    believed(desk)
    told(desk, *PASSES)
    assert (desk.state(order), alarms(desk)) == (S.EXECUTED, [])


def test_a_valve_that_was_seen_open_passes_nothing() -> None:
    desk = Desk()
    store(desk, ticking())
    order = desk.executed()
    desk.answer(order.look, ValvePosition.OPEN)
    believed(desk)
    told(desk, *PASSES)
    assert desk.state(order) is S.COMPLETED
    assert desk.alarms() == ["position_contradicted"]


def test_a_valve_that_somebody_else_closed_after_supply_was_given_back_is_no_closure_of_ours() -> None:
    desk = Desk()
    closed(desk)
    back = desk.stop()
    assert back is not None
    desk.receipt(desk.order(back).command)
    desk.pass_s(4000)
    assert desk.state(back) is S.COMPLETED
    with desk.engine.begin() as db:
        db.execute(update(positions).values(position="closed"))
    told(desk, *PASSES)
    assert alarms(desk) == []
