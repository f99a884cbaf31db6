"""Protections and holds over the API: per act, before and after a permit, ended and never erased (I6, I10, I15)."""

from typing import Any

import pytest

from controlplane.access.roles import Role
from controlplane.orders.models import stops
from tests.controlplane.desk_clerk import LONG_AGO, Clerk, refused
from tests.controlplane.dialects import both

pytestmark = both
UNTIL = "2026-05-01T00:00:00Z"


def protect(clerk: Clerk, point: str, act: str = "suspend", until: str | None = None) -> dict[str, Any]:
    body = {"act": act, "reason": "water bonus", "until": until}
    return clerk.made(f"/supply-points/{point}/protections", body, Role.CLIENT_REQUESTER)


def hold(clerk: Clerk, point: str, until: str | None = None) -> dict[str, Any]:
    return clerk.made(f"/supply-points/{point}/holds", {"reason": "a dispute", "until": until}, Role.CLIENT_REQUESTER)


def end(clerk: Clerk, point: str, what: str, identity: str) -> Any:
    return clerk.post(Role.OPERATOR, f"/supply-points/{point}/{what}/{identity}/end", {"reason": "proven wrong"})


def state(clerk: Clerk, order: dict[str, Any]) -> tuple[str, str | None]:
    told = clerk.get(Role.ADMIN, f"/orders/{order['id']}").json()
    return told["state"], told["reason"] and told["reason"]["code"]


def test_I6_a_protection_withdraws_the_order_that_stands_and_denies_the_next(clerk: Clerk) -> None:
    point = clerk.point()
    order = clerk.order(point)
    made = protect(clerk, point)
    assert made["gives_back"] is None
    assert state(clerk, order) == ("withdrawn", "stopped_protection")
    assert state(clerk, clerk.order(point)) == ("rejected", "protected")


def test_I6_a_protection_with_an_end_holds_until_then(clerk: Clerk) -> None:
    point = clerk.point()
    order = clerk.order(point)
    protect(clerk, point, until=UNTIL)
    assert state(clerk, order) == ("held", "stopped_protection")
    assert clerk.get(Role.ADMIN, f"/orders/{order['id']}").json()["until"] == UNTIL


def test_I6_a_protection_is_per_act(clerk: Clerk) -> None:
    point = clerk.point()
    order = clerk.order(point, "limit")
    protect(clerk, point, "suspend")
    assert state(clerk, order)[0] == "planned"
    protect(clerk, point, "limit")
    assert state(clerk, order)[0] == "withdrawn"


def test_a_protection_that_has_ended_lets_what_it_held_go_on(clerk: Clerk) -> None:
    point = clerk.point()
    order = clerk.order(point)
    made = protect(clerk, point, until=UNTIL)
    ended = end(clerk, point, "protections", made["id"])
    assert (ended.status_code, ended.json()["ended_by"]) == (200, Role.OPERATOR)
    assert ended.json()["end_reason"] == "proven wrong"
    assert state(clerk, order)[0] == "planned"
    assert clerk.get(Role.ADMIN, f"/supply-points/{point}").json()["protections"] == []
    refused(end(clerk, point, "protections", made["id"]), 409, "ended")


def test_a_protection_from_the_points_first_day_can_be_ended_too(clerk: Clerk) -> None:
    forbidden = [{"act": "suspend", "reason": "dialysis", "until": UNTIL}]
    body = {"client": clerk.mine, "code": "p", "medium": "water", "protections": forbidden}
    point = clerk.made("/supply-points", body)
    order = clerk.order(point["id"])
    assert state(clerk, order) == ("held", "protected")
    assert end(clerk, point["id"], "protections", point["protections"][0]["id"]).status_code == 200
    assert state(clerk, order)[0] == "planned"


def test_a_hold_holds_every_taking_act_and_its_end_is_recorded_not_its_row_erased(clerk: Clerk) -> None:
    point = clerk.point()
    order = clerk.order(point)
    made = hold(clerk, point)
    assert state(clerk, order) == ("held", "on_hold")
    assert end(clerk, point, "holds", made["id"]).status_code == 200
    assert state(clerk, order)[0] == "planned"
    refused(end(clerk, point, "holds", made["id"]), 409, "ended")
    (row,) = clerk.get(Role.CLIENT_VIEWER, f"/supply-points/{point}/stops").json()["items"]
    assert (row["kind"], row["recorded_by"], row["ended_by"]) == ("hold", Role.CLIENT_REQUESTER, Role.OPERATOR)


def test_of_two_holds_the_second_still_holds(clerk: Clerk) -> None:
    point = clerk.point()
    order = clerk.order(point)
    first, second = hold(clerk, point), hold(clerk, point, UNTIL)
    end(clerk, point, "holds", first["id"])
    assert state(clerk, order) == ("held", "on_hold")
    end(clerk, point, "holds", second["id"])
    assert state(clerk, order)[0] == "planned"


def test_ending_a_hold_does_not_undo_what_the_rules_say(clerk: Clerk) -> None:
    point = clerk.point()
    body = {"supply_point": point, "kind": "suspend", "not_before": UNTIL, "notice": {"received_on": LONG_AGO}}
    order = clerk.made("/orders", body)
    made = hold(clerk, point)
    end(clerk, point, "holds", made["id"])
    assert state(clerk, order) == ("held", "not_before")


def test_an_end_in_the_past_is_refused(clerk: Clerk) -> None:
    point = clerk.point()
    body = {"reason": "x", "until": "2026-03-01T00:00:00Z"}
    refused(clerk.post(Role.ADMIN, f"/supply-points/{point}/holds", body), 422, "until_passed")
    body["act"] = "suspend"
    refused(clerk.post(Role.ADMIN, f"/supply-points/{point}/protections", body), 422, "until_passed")


@pytest.mark.parametrize("what", ["holds", "protections"])
def test_what_stands_at_another_point_can_not_be_ended_here(clerk: Clerk, what: str) -> None:
    here, there = clerk.point(), clerk.point()
    made = hold(clerk, there) if what == "holds" else protect(clerk, there)
    refused(end(clerk, here, what, made["id"]), 404, "not_found")
    refused(end(clerk, here, what, "none"), 404, "not_found")


def test_a_payment_is_never_ended(clerk: Clerk) -> None:
    point = clerk.point()
    clerk.made("/payments", clerk.payment(point))
    (row,) = clerk.get(Role.ADMIN, f"/supply-points/{point}/stops").json()["items"]
    refused(end(clerk, point, "holds", row["id"]), 404, "not_found")


def test_the_same_hold_sent_twice_is_one(clerk: Clerk) -> None:
    point = clerk.point()
    for _ in range(2):
        clerk.post(Role.ADMIN, f"/supply-points/{point}/holds", {"reason": "x"}, idempotency_key="k")
    with clerk.engine.connect() as db:
        assert len(db.execute(stops.select()).all()) == 1


def test_stops_are_told_to_the_client_with_who_did_it(clerk: Clerk) -> None:
    point = clerk.point()
    made = hold(clerk, point)
    end(clerk, point, "holds", made["id"])
    told = [(n.client, n.data["ended"], n.data["actor"]) for n in clerk.news() if n.type == "stop"]
    assert told == [(clerk.mine, False, Role.CLIENT_REQUESTER), (clerk.mine, True, Role.OPERATOR)]
