"""Payments that overtake a crew, supply that is given back after one, and the feed that tells of it (P9, I15, I11)."""

from typing import Any

import pytest

from controlplane.access.roles import Role
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.hand import CLOSED, OPEN, Hand, alarms, order, pay


@pytest.fixture
def hand(clerk: Clerk) -> Hand:
    return Hand(clerk, "mario")


@pytest.fixture
def work(clerk: Clerk, hand: Hand) -> dict[str, Any]:
    clerk.order(clerk.fixed)
    return hand.offered()


def permitted(hand: Hand, work: dict[str, Any]) -> None:
    hand.on_site(work)
    assert hand.ask(work).json()["granted"] is True


def giving(clerk: Clerk) -> list[dict[str, Any]]:
    found = clerk.get(Role.OPERATOR, "/orders").json()["items"]
    return [o for o in found if o["kind"] == "reactivate"]


def test_P9_a_permitted_crew_finishes_and_giving_back_waits_for_its_report(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    permitted(hand, work)
    pay(clerk, work["supply_point"])
    assert order(clerk, work["order"])["state"] == "permitted"
    assert hand.told()[-1] == ("stopped", work["id"])
    (back,) = giving(clerk)
    assert (back["state"], back["channel"], back["reason"]["code"]) == ("planned", None, "hand_out")
    assert hand.report(work).status_code == 200
    assert order(clerk, work["order"])["state"] == "completed"
    again = hand.offered()
    assert (again["kind"], again["order"]) == ("reactivate", back["id"])
    hand.on_site(again, CLOSED)
    assert hand.report(again, left=OPEN, permit=None, found=CLOSED).status_code == 200
    assert order(clerk, back["id"])["state"] == "completed"
    assert alarms(clerk) == []


def test_P9_an_abort_after_a_payment_withdraws_and_gives_back(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    permitted(hand, work)
    pay(clerk, work["supply_point"])
    assert hand.abort(work, "stopped").status_code == 200
    assert order(clerk, work["order"])["state"] == "withdrawn"
    assert hand.offered()["kind"] == "reactivate"


def test_P9_a_hold_after_the_permit_holds_at_the_abort(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    permitted(hand, work)
    clerk.made(f"/supply-points/{work['supply_point']}/holds", {"reason": "disputed"})
    assert order(clerk, work["order"])["state"] == "permitted"
    assert hand.abort(work, "stopped").status_code == 200
    assert order(clerk, work["order"])["state"] == "held"


def test_P9_a_release_gives_back_after_a_payment(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    permitted(hand, work)
    pay(clerk, work["supply_point"])
    body = {"crew_is": "spoken_to", "statement": "it left without doing anything"}
    for who in (Role.OPERATOR, Role.SUPERVISOR):
        clerk.post(who, f"/field/work-orders/{work['id']}/release", body)
    assert hand.offered()["kind"] == "reactivate"


def test_I15_a_hand_that_acted_after_its_order_was_withdrawn_is_given_back(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    hand.on_site(work)
    pay(clerk, work["supply_point"])
    assert giving(clerk) == []
    assert hand.report(work).status_code == 200
    assert "acted_without_permit" in alarms(clerk)
    assert hand.offered()["kind"] == "reactivate"


def test_a_giving_report_counts_only_after_arriving_and_as_wanted(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    permitted(hand, work)
    hand.report(work)
    pay(clerk, work["supply_point"])
    again = hand.offered()
    refused(hand.report(again, left=OPEN, permit=None), 409, "not_accepted")
    hand.on_site(again, CLOSED)
    refused(hand.report(again, left=CLOSED, permit=None), 422, "not_as_wanted")
    assert hand.abort(again, "nobody_home", left=CLOSED, permit=None).status_code == 200
    assert (hand.offered()["order"], hand.offered()["visit"]) == (again["order"], 2)


def test_I10_a_crew_sees_its_clients_work_orders_and_no_other_crews(clerk: Clerk) -> None:
    mine, theirs = Hand(clerk, "mario"), Hand(clerk, "luigi")
    confined = Hand(clerk, "anna", clients=[clerk.other])
    clerk.order(clerk.fixed)
    work = mine.offered()
    assert confined.feed()["items"] == []
    path = f"/field/work-orders/{work['id']}"
    refused(clerk.get("anna", path), 404, "not_found")
    refused(confined.accept(work), 404, "not_found")
    mine.accept(work)
    assert theirs.told() == [("created", work["id"]), ("taken", work["id"])]
    assert theirs.feed()["items"][-1]["work_order"] is None
    for verb in ("accept", "arrive"):
        body = {"position": "open"} if verb == "arrive" else None
        refused(theirs.post(work, verb, body), 404, "not_found")
    refused(clerk.get("luigi", path), 404, "not_found")
    refused(clerk.get("other-integration", path), 404, "not_found")
    assert clerk.get("other-integration", "/field/feed").json()["items"] == []
    kinds = [item["type"] for item in clerk.get(Role.INTEGRATION, "/field/feed").json()["items"]]
    assert kinds == ["created", "changed"]


def test_the_feed_goes_on_where_it_was_left_and_says_when_nothing_is_new(clerk: Clerk, hand: Hand) -> None:
    for _ in range(3):
        clerk.order(clerk.point())
    first = clerk.get(Role.PLANNER, "/field/feed?limit=2")
    told = first.json()
    assert (len(told["items"]), told["more"]) == (2, True)
    rest = clerk.get(Role.PLANNER, f"/field/feed?cursor={told['next']}").json()
    assert (len(rest["items"]), rest["more"]) == (1, False)
    seen = [item["id"] for item in told["items"] + rest["items"]]
    assert seen == sorted(set(seen))
    path = f"/field/feed?cursor={rest['next']}"
    empty = clerk.get(Role.PLANNER, path)
    assert (empty.json()["items"], empty.json()["next"]) == ([], rest["next"])
    same = clerk.send(Role.PLANNER, "GET", path, if_none_match=empty.headers["etag"])
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", empty.headers["etag"])
    hand.accept(hand.offered())
    fresh = clerk.send(Role.PLANNER, "GET", path, if_none_match=empty.headers["etag"])
    assert [item["type"] for item in fresh.json()["items"]] == ["changed"]
    refused(clerk.get(Role.PLANNER, "/field/feed?cursor=bad"), 422, "bad_cursor")
