"""A passing valve as a crew's work: taken by one crew, without any permit, and ended by a person."""

from typing import Any

import pytest

from controlplane.access.roles import Role
from controlplane.db import lock_point
from controlplane.orders import passing
from controlplane.orders.life import get
from protocols.types import ValvePosition
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.hand import Hand


@pytest.fixture
def repair(clerk: Clerk) -> dict[str, Any]:
    """The work order of a valve that passes, where another order of the point has not gone to any crew."""
    point = clerk.point()
    order = clerk.order(point)["id"]
    context = clerk.app.state.context
    tag = f'"{clerk.get(Role.ADMIN, f"/orders/{order}").json()["version"]}"'
    assert clerk.post(Role.ADMIN, f"/orders/{order}/withdraw", if_match=tag).status_code == 200
    with clerk.engine.begin() as db:
        lock_point(db, point)
        moved = passing.Moved("A", "12.3450", "12.3451", "m3", clerk.clock.now())
        assert passing.saw(db, context, get(db, order), moved)
    items = clerk.get(Role.OPERATOR, "/field/feed?limit=500").json()["items"]
    (work,) = [item["work_order"] for item in items if item["work_order"]["kind"] == "repair"]
    return dict(work)


def test_a_repair_is_offered_taken_by_one_crew_and_ended_by_a_person(clerk: Clerk, repair: dict[str, Any]) -> None:
    assert (repair["state"], repair["crew"]) == ("planned", None)
    mario, luigi = Hand(clerk, "mario"), Hand(clerk, "luigi")
    assert mario.accept(repair).json()["state"] == "assigned"
    refused(luigi.accept(repair), 404, "not_found")
    assert ("taken", repair["id"]) in luigi.told()
    assert mario.arrive(repair, ValvePosition.CLOSED).json()["state"] == "on_site"
    path = f"/field/work-orders/{repair['id']}/end"
    refused(clerk.post("mario", path, {"reason": "done"}), 403, "forbidden")
    ended = clerk.post(Role.OPERATOR, path, {"reason": "a new valve"}).json()
    assert (ended["state"], ended["ending"]) == ("closed", "ended")
    refused(clerk.post(Role.OPERATOR, path, {"reason": "again"}), 409, "closed")
    assert mario.told()[-1] == ("done", repair["id"])
    with clerk.engine.connect() as db:
        assert not passing.stands(db, repair["supply_point"])
    refused(mario.accept(repair), 409, "closed")


def test_a_repair_gives_nobody_a_permit_to_close(clerk: Clerk, repair: dict[str, Any]) -> None:
    mario = Hand(clerk, "mario")
    mario.on_site(repair, ValvePosition.OPEN)
    answer = mario.ask(repair)
    assert answer.json().get("granted") is not True, answer.text


def test_what_is_an_orders_work_is_not_ended_as_a_repair(clerk: Clerk) -> None:
    order = clerk.order(clerk.fixed)
    work = Hand(clerk, "mario").offered()
    assert work["order"] == order["id"]
    refused(clerk.post(Role.OPERATOR, f"/field/work-orders/{work['id']}/end", {"reason": "x"}), 409, "no_repair")
    refused(clerk.post(Role.OPERATOR, "/field/work-orders/wo_none/end", {"reason": "x"}), 404, "not_found")
