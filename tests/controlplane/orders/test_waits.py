"""What waits, and until when: nothing is due before the time that is told, something is at it, and it gets done."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Select, insert, select, update

from controlplane import idempotency, outbox
from controlplane.db import reading
from controlplane.orders import deadlines, waits
from controlplane.orders.context import OrderSettings
from controlplane.orders.models import orders
from controlplane.orders.revoking import revoke
from controlplane.orders.states import OrderState
from controlplane.telemetry.models import readings
from protocols.types import Outcome
from protocols.uplink.reasons import Why
from tests.controlplane.desk import JOURNAL, METER, NOON, Desk, G

Scene = Callable[[Desk], object]


def held(desk: Desk) -> None:
    desk.enter()
    desk.stop("hold", until=desk.clock.now() + timedelta(minutes=5))


def looking(desk: Desk) -> None:
    desk.receipt(desk.enter().command, Outcome.REFUSED, Why.NO_ANSWER)


def granted(desk: Desk) -> None:
    """Its command is for ever under way, so that only what was granted waits."""
    desk.receipt(desk.permitted().command, Outcome.UNKNOWN, Why.NO_ANSWER, started=True)


def quarantined(desk: Desk) -> None:
    desk.enter()
    assert desk.orders()[-1].state is OrderState.AWAITING_APPROVAL


def watched(desk: Desk) -> None:
    fixed = {"journal": JOURNAL, "boot": 1, "quantity": "volume", "unit": "m3", "storage": 0, "tariff": 0, "subunit": 0}
    mine = {**fixed, "meter": METER, "function": "instantaneous", "gateway": G}
    with desk.engine.begin() as db:
        for n in range(30):
            at = NOON - timedelta(seconds=(30 - n) * 6)
            db.execute(insert(readings).values(**mine, at=at, sequence=n, value=f"{10 + n / 10_000:.4f}"))
    assert desk.executed().state is OrderState.EXECUTED


def revoked(desk: Desk) -> None:
    desk.permitted()
    desk.stop()
    with desk.engine.begin() as db:
        revoke(db, desk.context, G, "stolen", "anna")


SCENES: dict[str, Scene] = {
    "dispatched": lambda desk: desk.enter(),
    "permitted": lambda desk: desk.permitted(),
    "held": held,
    "looking": looking,
    "granted": granted,
    "watched": watched,
    "planned": lambda desk: desk.enter(),
    "quarantined": quarantined,
    "revoked": revoked,
}
DESKS: dict[str, dict[str, Any]] = {
    "planned": {"capabilities": ()},
    "quarantined": {"settings": OrderSettings(client_per_hour=0)},
}


def next_due(desk: Desk) -> datetime | None:
    with reading(desk.engine) as db:
        return waits.next_due(db, desk.context)


def due(desk: Desk) -> list[object]:
    with reading(desk.engine) as db:
        return [*waits.points_due(db, desk.context), *waits.orders_due(db, desk.context)]


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_is_due_before_its_time_and_something_is_at_it(scene: str) -> None:
    desk = Desk(**DESKS.get(scene, {}))
    SCENES[scene](desk)
    assert next_due(desk) is not None
    for _ in range(6):
        at = next_due(desk)
        if at is None:
            return
        assert at > desk.clock.at, "what was due has been done"
        desk.clock.at = at - timedelta(milliseconds=1)
        assert due(desk) == []
        desk.clock.at = at
        assert due(desk) != []
        desk.pass_s(0)


def test_where_nothing_waits_nothing_is_ever_due() -> None:
    desk = Desk()
    assert next_due(desk) is None
    desk.executed()
    assert [o.state for o in desk.orders()] == [OrderState.COMPLETED]
    assert next_due(desk) is None
    with desk.engine.begin() as db:
        deadlines.due(db, desk.context)


def test_answers_kept_for_repeated_posts_are_cleared_away_once_outdated() -> None:
    desk = Desk()
    answer = idempotency.Answer(201, {"id": "x"})
    with desk.engine.begin() as db:
        for key in ("a", "b"):
            idempotency.once(db, idempotency.Once("p", key, "d"), desk.clock.now(), lambda _: answer)
    assert next_due(desk) == desk.clock.at + timedelta(days=7, hours=1)
    desk.pass_s(7 * 86400)
    with desk.engine.begin() as db:
        assert len(db.execute(select(idempotency.idempotency)).all()) == 2, "kept for seven days"
    desk.pass_s(3600)
    with desk.engine.begin() as db:
        assert db.execute(select(idempotency.idempotency)).all() == []
    assert next_due(desk) is None


@pytest.mark.parametrize("state", [OrderState.LOOKING, OrderState.EXECUTED])
def test_I8_an_order_whose_look_is_not_known_waits_no_more(state: OrderState) -> None:
    desk = Desk()
    order = desk.enter()
    with desk.engine.begin() as db:
        db.execute(update(orders).values(state=state, look="0" * 64))
    assert len(due(desk)) == 1
    desk.pass_s(0)
    assert desk.state(order) is (OrderState.LOOKING if state is OrderState.LOOKING else OrderState.COMPLETED)
    assert due(desk) == []


NO_TABLE = "SCAN CONSTANT ROW"


def test_each_state_that_has_a_door_has_its_time() -> None:
    assert set(waits.STATES) == set(deadlines.DOORS)


@pytest.mark.parametrize("question", [waits.ALL, waits.DUE, waits.UNSETTLED, outbox.NEXT, idempotency.OLDEST])
def test_what_is_asked_at_each_look_reads_no_whole_table(question: Select[Any]) -> None:
    desk = Desk()
    with reading(desk.engine) as db:
        asked = str(question.params(now=NOON, expired=NOON).compile(db, compile_kwargs={"render_postcompile": True}))
        plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", (None,) * asked.count("?")).all()
    steps = [str(step[-1]) for step in plan]
    assert [s for s in steps if s.startswith("SCAN") and "USING" not in s and s != NO_TABLE] == []
