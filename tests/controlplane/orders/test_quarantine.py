"""I5: above the house's own thresholds an order waits for a second person; giving back is never quarantined."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from controlplane.access.roles import Role
from controlplane.orders import deadlines
from controlplane.orders.context import OrderSettings
from controlplane.orders.quarantine import ENTERED
from tests.controlplane.desk_clerk import LONG_AGO, Clerk, refused


@pytest.fixture
def clerk(database: str) -> Iterator[Clerk]:
    made = Clerk(database, settings=OrderSettings(client_per_hour=1, client_per_day=2, gateway_per_day=3))
    yield made
    made.close()


def quarantined(clerk: Clerk, who: str = Role.SUPERVISOR, point: str | None = None) -> dict[str, Any]:
    """An order above the client's threshold."""
    clerk.order(clerk.point())
    body = {"supply_point": point or clerk.point(), "kind": "suspend", "notice": {"received_on": LONG_AGO}}
    order = clerk.made("/orders", body, who)
    assert order["state"] == "awaiting_approval"
    return order


def decide(clerk: Clerk, who: str, order: dict[str, Any], verb: str = "approve") -> Any:
    body = {"reason": "not on our list"} if verb == "reject" else None
    version = clerk.get(Role.ADMIN, f"/orders/{order['id']}").json()["version"]
    return clerk.post(who, f"/orders/{order['id']}/{verb}", body, if_match=f'"{version}"')


def told(clerk: Clerk, order: dict[str, Any]) -> tuple[str, str | None]:
    found = clerk.get(Role.ADMIN, f"/orders/{order['id']}").json()
    return found["state"], found["reason"] and found["reason"]["code"]


def due(clerk: Clerk, hours: float) -> None:
    clerk.clock.run(hours * 3600)
    with clerk.engine.begin() as db:
        deadlines.due(db, clerk.app.state.context)


def test_I5_the_order_above_a_threshold_waits_and_says_which(clerk: Clerk) -> None:
    order = quarantined(clerk)
    assert order["reason"]["code"] == "quarantine"
    assert order["reason"]["en"].startswith("More than 1 orders like this within an hour for this client")
    assert order["quarantine"]["name"] == clerk.mine
    assert order["until"] == order["quarantine"]["until"]
    (waiting,) = clerk.get(Role.SUPERVISOR, "/orders?state=awaiting_approval").json()["items"]
    assert waiting["id"] == order["id"]
    assert [(n.client, n.data["to"]) for n in clerk.news() if n.type == "approval"] == [(None, "supervisor")]


def test_I5_the_day_counts_too_and_another_client_does_not(clerk: Clerk) -> None:
    clerk.order(clerk.point())
    assert clerk.order(clerk.point(clerk.other))["state"] == "planned"
    clerk.clock.run(3601)
    assert clerk.order(clerk.point())["state"] == "planned"
    clerk.clock.run(3601)
    assert clerk.order(clerk.point())["quarantine"]["window_s"] == 86400
    clerk.clock.run(86400)
    assert clerk.order(clerk.point())["state"] == "planned"


def test_I5_a_gateway_counts_over_all_clients(clerk: Clerk) -> None:
    gateway = clerk.gateway()
    for n in range(4):
        point = clerk.point(clerk.other if n % 2 else clerk.mine)
        clerk.meter(point, gateway)
        order = clerk.order(point)
        clerk.clock.run(3601)
    assert (order["quarantine"]["scope"], order["quarantine"]["name"]) == ("gateway", gateway)


def test_I5_a_zone_counts_for_its_client_alone(database: str) -> None:
    clerk = Clerk(database, settings=OrderSettings(zone_per_hour=1))
    clerk.order(clerk.point(clerk.other))
    clerk.order(clerk.point())
    assert clerk.order(clerk.point(clerk.other))["quarantine"]["scope"] == "zone"
    body = {"client": clerk.mine, "code": "elsewhere", "medium": "water", "zone": "y"}
    assert clerk.order(clerk.made("/supply-points", body)["id"])["state"] == "planned"
    clerk.close()


def test_I5_giving_back_is_never_quarantined(clerk: Clerk) -> None:
    quarantined(clerk)
    assert clerk.order(clerk.point(), "reactivate")["state"] == "planned"


def test_I5_what_the_rules_deny_is_rejected_and_does_not_count(clerk: Clerk) -> None:
    for _ in range(3):
        assert clerk.made("/orders", {"supply_point": clerk.point(), "kind": "suspend"})["state"] == "rejected"
    assert clerk.order(clerk.point())["state"] == "planned"


def test_a_second_person_releases_it_and_the_history_says_who(clerk: Clerk) -> None:
    order = quarantined(clerk)
    answer = decide(clerk, "second", order)
    assert (answer.status_code, answer.json()["state"]) == (200, "planned")
    assert answer.json()["approved_by"] == "second"
    assert "second" in [step["actor"] for step in answer.json()["timeline"]]
    refused(decide(clerk, "second", order), 409, "not_awaiting")


def test_who_asked_can_not_decide_nor_can_their_other_token_nor_nobody(clerk: Clerk) -> None:
    order = quarantined(clerk, "second")
    for verb in ("approve", "reject"):
        refused(decide(clerk, "second", order, verb), 403, "same_person")
        refused(decide(clerk, "second again", order, verb), 403, "same_person")
        refused(decide(clerk, "nobody", order, verb), 403, "person_required")
        refused(decide(clerk, Role.OPERATOR, order, verb), 403, "forbidden")
    assert told(clerk, order)[0] == "awaiting_approval"


def test_deciding_needs_the_version_that_was_read(clerk: Clerk) -> None:
    order = quarantined(clerk)
    path = f"/orders/{order['id']}/approve"
    refused(clerk.post("second", path), 428, "if_match_required")
    refused(clerk.post("second", path, if_match='"99"'), 412, "stale_version")


def test_a_second_person_deletes_it_for_good(clerk: Clerk) -> None:
    order = quarantined(clerk)
    answer = decide(clerk, "second", order, "reject")
    assert answer.json()["state"] == "rejected"
    assert "not on our list" in answer.json()["reason"]["it"]
    refused(decide(clerk, "second", order), 409, "not_awaiting")


def test_nobody_decides_and_it_is_deleted_after_a_day(clerk: Clerk) -> None:
    order = quarantined(clerk)
    due(clerk, 23.9)
    assert told(clerk, order)[0] == "awaiting_approval"
    due(clerk, 0.2)
    assert told(clerk, order) == ("rejected", "quarantine_expired")


def test_I5_a_hold_that_comes_and_goes_releases_nothing(clerk: Clerk) -> None:
    point = clerk.point()
    order = quarantined(clerk, point=point)
    hold = clerk.made(f"/supply-points/{point}/holds", {"reason": "x"})
    assert told(clerk, order) == ("held", "on_hold")
    clerk.post(Role.ADMIN, f"/supply-points/{point}/holds/{hold['id']}/end", {"reason": "x"})
    assert told(clerk, order) == ("held", "quarantine")
    assert decide(clerk, "second", order).json()["state"] == "planned"


def test_what_a_hold_holds_is_deleted_in_its_time_too(clerk: Clerk) -> None:
    point = clerk.point()
    order = quarantined(clerk, point=point)
    clerk.made(f"/supply-points/{point}/holds", {"reason": "x"})
    due(clerk, 24.1)
    assert told(clerk, order) == ("rejected", "quarantine_expired")


def test_approved_is_not_yet_allowed(clerk: Clerk) -> None:
    order = quarantined(clerk)
    clerk.post(Role.OPERATOR, "/freeze", {"reason": "storm"})
    assert decide(clerk, "second", order).json()["state"] == "held"
    assert told(clerk, order) == ("held", "frozen")
    clerk.send("second", "DELETE", "/freeze")
    clerk.send(Role.SUPERVISOR, "DELETE", "/freeze")
    due(clerk, 0.1)
    assert told(clerk, order)[0] == "planned"


def test_a_payment_withdraws_it_and_the_requester_may_take_it_back(clerk: Clerk) -> None:
    point = clerk.point()
    order = quarantined(clerk, point=point)
    clerk.made("/payments", clerk.payment(point))
    assert told(clerk, order) == ("withdrawn", "stopped_payment")
    refused(decide(clerk, "second", order), 409, "not_awaiting")
    other = quarantined(clerk)
    path = f"/orders/{other['id']}/withdraw"
    assert clerk.post(Role.CLIENT_REQUESTER, path, if_match=f'"{other["version"]}"').json()["state"] == "withdrawn"


def test_a_deferral_waits_behind_the_second_person(clerk: Clerk) -> None:
    clerk.order(clerk.point())
    later = (clerk.clock.now() + timedelta(days=9)).isoformat()
    body = {"supply_point": clerk.point(), "kind": "suspend", "not_before": later, "notice": {"received_on": LONG_AGO}}
    order = clerk.made("/orders", body)
    assert order["state"] == "awaiting_approval"
    assert decide(clerk, "second", order).json()["state"] == "held"
    assert told(clerk, order) == ("held", "not_before")
    due(clerk, 9 * 24 + 1)
    assert told(clerk, order)[0] == "planned"


def test_counting_never_reads_all_points_or_meters_of_the_house(clerk: Clerk) -> None:
    """SQLite's own plan: however many points there are, an order enters as fast."""
    compiled = ENTERED.compile(dialect=clerk.engine.dialect)
    with clerk.engine.connect() as db:
        given = tuple("x" for _ in compiled.positiontup or ())
        plan = [str(row[3]) for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", given)]
    scanned = [step for step in plan if step.startswith("SCAN") and "anon" not in step]
    assert scanned == ["SCAN CONSTANT ROW"], plan
