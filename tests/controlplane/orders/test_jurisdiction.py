"""A supply point stands under the rule pack it names: two points of one house, two verdicts at one moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from controlplane.access.roles import Role
from controlplane.orders import jurisdiction
from controlplane.orders.service import request, review
from controlplane.orders.states import OrderState
from controlplane.policy import packs
from controlplane.policy.facts import Act
from controlplane.policy.packs import PackError, Parameters, Term
from controlplane.registry.models import supply_points
from tests.controlplane.desk import NOON, POINT, Desk
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.dialects import both
from tests.controlplane.house import House

S = OrderState
ITALY = "italy-water"
FRIDAY = datetime(2026, 3, 6, 10, tzinfo=UTC)
MONDAY_IN_ROME = datetime(2026, 3, 8, 23, tzinfo=UTC)
RULE = {"pack": ITALY, "id": "forbidden_days", "citation": packs.installed(ITALY).days.citation}


def point(clerk: Clerk, pack: str | None) -> dict[str, Any]:
    body = {"client": clerk.mine, "code": f"c-{next(clerk.numbers)}", "medium": "water", "zone": "z"}
    return clerk.made("/supply-points", body if pack is None else {**body, "pack": pack})


def name_pack(db: Connection, pack: str | None) -> None:
    db.execute(update(supply_points).values(pack=pack))


@both
def test_two_points_under_two_packs_get_two_verdicts_on_one_friday(clerk: Clerk) -> None:
    clerk.clock.wall = FRIDAY
    italian, other = point(clerk, ITALY)["id"], point(clerk, None)["id"]
    held, planned = clerk.order(italian), clerk.order(other)
    assert (held["state"], held["until"], planned["state"]) == ("held", "2026-03-08T23:00:00Z", "planned")
    assert held["reason"]["code"] == "forbidden_day"
    told = clerk.get(Role.CLIENT_VIEWER, f"/orders/{held['id']}").json()
    assert told["reason"]["rule"] == told["timeline"][-1]["reason"]["rule"] == RULE
    assert planned["reason"]["rule"] is None, "that no valve can be moved remotely is no rule's answer"


def test_a_point_tells_the_pack_it_names(clerk: Clerk) -> None:
    made = {each["id"]: each["pack"] for each in (point(clerk, pack) for pack in (ITALY, "demo", None))}
    assert list(made.values()) == [ITALY, "demo", None]
    listed = clerk.get(Role.CLIENT_VIEWER, "/supply-points").json()["items"]
    assert {each["id"]: each["pack"] for each in listed} == made
    assert {name: clerk.get(Role.CLIENT_VIEWER, f"/supply-points/{name}").json()["pack"] for name in made} == made


def test_an_unknown_pack_is_refused_and_those_that_are_served_are_named(clerk: Clerk) -> None:
    body = {"client": clerk.mine, "code": "c", "medium": "water", "pack": "atlantis"}
    answer = clerk.post(Role.OPERATOR, "/supply-points", body)
    refused(answer, 422, "unknown_pack")
    assert answer.json()["packs"] == ["demo", ITALY]
    assert f"'atlantis' is served here; name one of demo, {ITALY}" in answer.json()["detail"]
    assert clerk.get(Role.OPERATOR, "/supply-points").json()["items"] == []
    refused(clerk.post(Role.OPERATOR, "/supply-points", {**body, "pack": ""}), 422, "invalid_request")


@both
@pytest.mark.parametrize(("pack", "granted"), [(None, True), (ITALY, False)])
def test_P3_a_permit_is_asked_under_the_points_own_pack(house: House, pack: str | None, granted: bool) -> None:
    """Sent on a Thursday, five seconds before midnight in Rome: a permit would reach into the Friday."""
    house.clock.wall = datetime(2026, 3, 5, 22, 59, 55, tzinfo=UTC)
    with house.engine.begin() as db:
        name_pack(db, pack)
        house.birth(db)
        order = house.suspend(db)
        assert order.state is S.DISPATCHED
        assert house.ask(db, order.command) is granted
        after = house.order(db, order)
    if granted:
        assert after.state is S.PERMITTED
    else:
        assert (after.state, after.until, after.reason and after.reason["rule"]) == (S.HELD, MONDAY_IN_ROME, RULE)


@both
def test_what_was_held_is_reviewed_under_the_points_own_pack(house: House, db: Connection) -> None:
    house.clock.wall = FRIDAY
    name_pack(db, ITALY)
    order = house.suspend(db)
    assert review(db, house.context, order).state is S.HELD
    house.clock.wall = MONDAY_IN_ROME
    assert review(db, house.context, house.order(db, order)).state is S.DISPATCHED


def test_the_legal_term_is_that_of_the_points_pack_and_is_cited() -> None:
    desk = Desk(capabilities=())
    term = Term(frozenset({Act.SUSPEND}), 5, Parameters("TIMG 6.2", "medium"))
    served = desk.context.packs
    gas = replace(served.default, name="gas", term=term)
    desk.context = replace(desk.context, packs=replace(served, named={**served.named, "gas": gas}))
    with desk.engine.begin() as db:
        db.execute(update(supply_points).where(supply_points.c.id == POINT).values(pack="gas"))
        draft = replace(desk.draft(), deadline=NOON + timedelta(days=90))
        order = request(db, desk.context, draft, "client")
    assert order.legal_term == datetime(2026, 3, 11, 23, tzinfo=UTC), "Wed, Thu, Mon, Tue, Wed; midnight in Rome"
    desk.pass_s((order.legal_term - NOON).total_seconds())
    ended = desk.order(order)
    assert ended.state is S.NOT_EXECUTED
    assert ended.reason is not None
    assert "TIMG 6.2" in ended.reason["en"]


@pytest.mark.parametrize(("default", "named", "state"), [
    ("demo", None, S.DISPATCHED),
    (ITALY, None, S.HELD),
    ("demo", ITALY, S.HELD),
    (ITALY, ITALY, S.HELD),
])  # fmt: skip
def test_another_default_changes_what_names_no_pack_and_nothing_else(
    house: House, db: Connection, default: str, named: str | None, state: OrderState
) -> None:
    house.clock.wall = FRIDAY
    name_pack(db, named)
    house.pack = default
    assert house.suspend(db).state is state


def test_a_demonstrations_pack_is_served_only_where_it_is_the_default() -> None:
    assert list(packs.served(ITALY).named) == [ITALY]
    with pytest.raises(PackError, match=f"'demo' is not served here; served are {ITALY}"):
        packs.served(ITALY).of("demo")


@both
def test_a_pack_that_a_point_names_and_nobody_serves_is_found(db: Connection) -> None:
    jurisdiction.check(db, packs.served(ITALY))
    name_pack(db, "demo")
    jurisdiction.check(db, packs.served("demo"))
    with pytest.raises(PackError, match=f"not served: demo; served are {ITALY}"):
        jurisdiction.check(db, packs.served(ITALY))
