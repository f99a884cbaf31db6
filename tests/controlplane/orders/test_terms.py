"""The client's deadline tells the planner again; the legal term ends what nobody could carry out (CONTROL, I8)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from controlplane.access.roles import Role
from controlplane.db import reading
from controlplane.news import news
from controlplane.orders.life import Order
from controlplane.orders.service import request
from controlplane.orders.states import OrderState
from controlplane.policy import packs
from controlplane.policy.facts import Act
from controlplane.policy.packs import Parameters, Term
from tests.controlplane.desk import NOON, Desk
from tests.controlplane.desk_clerk import LONG_AGO, Clerk, refused

S = OrderState
DAY = timedelta(days=1)
CALENDAR = packs.installed("italy-water").calendar
TIMG = Term(frozenset({Act.SUSPEND}), 5, Parameters("TIMG 6.2", "medium"))


@pytest.fixture
def desk() -> Desk:
    return Desk(capabilities=())


def enter(desk: Desk, deadline: datetime | None, kind: Act = Act.SUSPEND) -> Order:
    with desk.engine.begin() as db:
        return request(db, desk.context, replace(desk.draft(kind), deadline=deadline), "client")


def go_to(desk: Desk, at: datetime) -> None:
    desk.pass_s((at - desk.clock.at).total_seconds())


def escalations(desk: Desk) -> list[tuple[str, str | None]]:
    with reading(desk.engine) as db:
        rows = db.execute(select(news).where(news.c.type == "escalation").order_by(news.c.id))
        return [(row.data["to"], row.data["deadline"]) for row in rows]


def with_term(desk: Desk) -> None:
    served = desk.context.packs
    desk.context = replace(desk.context, packs=replace(served, default=replace(served.default, term=TIMG)))


def test_I8_at_the_clients_deadline_the_planner_is_told_and_the_order_stays(desk: Desk) -> None:
    deadline = NOON + timedelta(hours=5)
    order = enter(desk, deadline)
    go_to(desk, deadline - timedelta(seconds=1))
    assert escalations(desk) == []
    go_to(desk, deadline)
    assert escalations(desk) == [("planner", deadline.isoformat())]
    assert (desk.state(order), desk.events(order)[-1]) == (S.PLANNED, "deadline")
    go_to(desk, deadline + 2 * DAY)
    assert len(escalations(desk)) == 2


def test_I8_after_the_term_it_is_not_executed_and_says_why(desk: Desk) -> None:
    deadline = NOON + DAY
    order = enter(desk, deadline)
    go_to(desk, deadline + 30 * DAY - timedelta(seconds=1))
    assert desk.state(order) is S.PLANNED
    go_to(desk, deadline + 30 * DAY)
    ended = desk.order(order)
    assert (ended.state, ended.reason and ended.reason["code"]) == (S.NOT_EXECUTED, "legal_term_ended")
    assert desk.enter().alive, "the point is free for another order"


def test_the_packs_term_counts_before_the_clients_deadline_and_is_cited(desk: Desk) -> None:
    with_term(desk)
    order = enter(desk, NOON + 90 * DAY)
    assert order.legal_term == datetime(2026, 3, 11, 23, tzinfo=UTC), "Wed, Thu, Mon, Tue, Wed; midnight in Rome"
    go_to(desk, order.legal_term)
    ended = desk.order(order)
    assert ended.state is S.NOT_EXECUTED
    assert ended.reason is not None
    assert "TIMG 6.2" in ended.reason["it"]


def test_an_order_without_deadline_has_no_term_and_is_told_for_ever(desk: Desk) -> None:
    order = enter(desk, None)
    for n in range(1, 20):
        go_to(desk, NOON + 2 * n * DAY)
    assert desk.state(order) is S.PLANNED
    assert len(escalations(desk)) == 19


def test_I15_giving_back_has_no_term(desk: Desk) -> None:
    with_term(desk)
    order = enter(desk, NOON + DAY, Act.REACTIVATE)
    go_to(desk, NOON + 365 * DAY)
    assert (desk.state(order), escalations(desk)[-1][0]) == (S.PLANNED, "planner")


def test_what_was_held_beyond_its_term_is_not_sent_out() -> None:
    desk = Desk()
    order = enter(desk, NOON + DAY)
    desk.stop("hold", until=NOON + 60 * DAY)
    go_to(desk, NOON + 60 * DAY + DAY)
    assert desk.state(order) is S.HELD, "a Sunday"
    go_to(desk, NOON + 62 * DAY)
    assert desk.state(order) is S.NOT_EXECUTED
    assert len(desk.sent("command")) == 1


def test_a_deadline_in_the_past_is_refused_and_one_to_come_is_told(clerk: Clerk) -> None:
    body = {"supply_point": clerk.point(), "kind": "suspend", "notice": {"received_on": LONG_AGO}}
    past = {**body, "deadline": "2026-03-02T08:59:59Z"}
    refused(clerk.post(Role.ADMIN, "/orders", past), 422, "deadline_passed")
    order = clerk.made("/orders", {**body, "deadline": "2026-03-03T09:00:00Z"})
    assert (order["deadline"], order["legal_term"]) == ("2026-03-03T09:00:00Z", "2026-04-02T09:00:00Z")
    assert order["until"] == order["deadline"]


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(1, 30))  # noqa: DTZ001
def test_a_term_holds_so_many_open_days_and_ends_after_an_open_one(at: datetime, days: int) -> None:
    end = CALENDAR.end_of_open_day(at, days)
    last = CALENDAR.day_of(end) - DAY
    between: list[date] = []
    day = CALENDAR.day_of(at) + DAY
    while day <= last:
        between.append(day)
        day += DAY
    assert sum(not CALENDAR.forbidden(each) for each in between) == days
    assert not CALENDAR.forbidden(last)
