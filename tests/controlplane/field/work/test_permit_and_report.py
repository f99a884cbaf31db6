"""A work order from the feed to the report: what a crew may do, when, and what comes of it (CONTROL P9, I11)."""

from datetime import timedelta
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
    """A meter without a valve, to be closed by a crew."""
    point = clerk.fixed
    clerk.meter(point, clerk.gateway())
    clerk.order(point)
    return hand.offered()


def permitted(hand: Hand, work: dict[str, Any]) -> None:
    hand.on_site(work)
    assert hand.ask(work).json()["granted"] is True


def test_P9_from_the_feed_to_a_witnessed_order(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    assert (work["state"], work["kind"], work["reason"]["code"]) == ("planned", "suspend", "no_remote_valve")
    permitted(hand, work)
    assert order(clerk, work["order"])["state"] == "permitted"
    answer = hand.report(work)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["ending"]) == ("closed", "done")
    told = order(clerk, work["order"])
    assert (told["state"], told["grade"]) == ("completed", "witnessed")
    assert [kind for kind, _ in hand.told()] == ["created", "changed", "changed", "changed", "done"]


def test_P9_without_a_permit_a_report_of_an_act_is_an_alarm_and_the_truth(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    hand.on_site(work)
    assert hand.report(work).status_code == 200
    assert "acted_without_permit" in alarms(clerk)
    assert order(clerk, work["order"])["state"] == "completed"


def test_P9_found_as_wanted_is_reported_and_no_permit_is_given(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    hand.on_site(work, CLOSED)
    refused(hand.ask(work, found=CLOSED), 409, "already_as_wanted")
    assert hand.report(work, outcome="already", found=CLOSED).status_code == 200
    assert order(clerk, work["order"])["state"] == "completed"
    assert alarms(clerk) == []


def test_I1_no_permit_after_a_stop(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    hand.on_site(work)
    pay(clerk, work["supply_point"])
    assert order(clerk, work["order"])["state"] == "withdrawn"
    assert hand.told()[-1] == ("stopped", work["id"])
    refused(hand.ask(work), 409, "closed")


def test_P2_the_rules_are_asked_once_more_and_a_friday_is_denied(database: str) -> None:
    clerk = Clerk(database, pack="italy-water")
    hand = Hand(clerk, "mario")
    clerk.order(clerk.fixed)
    work = hand.offered()
    hand.on_site(work)
    clerk.clock.run(4 * 86400)
    answer = hand.ask(work).json()
    assert (answer["granted"], answer["reason"]["code"]) == (False, order(clerk, work["order"])["reason"]["code"])
    assert order(clerk, work["order"])["state"] == "held"
    assert hand.told()[-1] == ("stopped", work["id"])
    clerk.close()


def test_P9_a_permit_is_for_one_device(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    permitted(hand, work)
    second = Hand(clerk, "luigi", crew=hand.crew)
    second.permit = hand.permit
    assert second.report(work).status_code == 200
    assert order(clerk, work["order"])["state"] == "permitted", "a hand is settled by its own device alone"
    assert hand.report(work).status_code == 200
    assert order(clerk, work["order"])["state"] == "completed"


def test_P9_nobody_else_signs_for_a_device(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    permitted(hand, work)
    second = Hand(clerk, "luigi", crew=hand.crew)
    own, hand.key = hand.key, second.key
    refused(hand.report(work), 422, "untrusted")
    hand.key, hand.who = own, "luigi"
    refused(hand.report(work), 422, "untrusted")


def test_P9_a_second_permit_is_not_granted_while_a_hand_is_out(hand: Hand, work: dict[str, Any]) -> None:
    permitted(hand, work)
    refused(hand.ask(work), 409, "illegal_transition")


def test_a_repeated_request_gets_the_same_permit(hand: Hand, work: dict[str, Any]) -> None:
    hand.on_site(work)
    first = hand.ask(work)
    again = hand.clerk.post(
        hand.who,
        f"/field/work-orders/{work['id']}/permit",
        first.request.content,
        idempotency_key=first.request.headers["idempotency-key"],
        content_type="application/json",
    )
    assert again.json() == first.json()


def test_P9_a_request_that_was_signed_long_ago_is_refused(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    hand.on_site(work)
    refused(hand.ask(work, at=clerk.clock.now() - timedelta(seconds=301)), 422, "too_old")


def test_F27_an_abort_says_what_comes_next(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    permitted(hand, work)
    assert hand.abort(work, "nobody_home").status_code == 200
    second = hand.offered()
    assert (second["visit"], second["next_step"], second["reason"]["code"]) == (2, "second_visit", "nobody_home")
    assert second["id"] != work["id"]
    hand.on_site(second)
    assert hand.abort(second, "nobody_home").status_code == 200
    told = order(clerk, work["order"])
    assert (told["state"], told["reason"]["code"]) == ("not_executed", "nobody_home")
    assert [row.data["to"] for row in clerk.news() if row.type == "escalation"] == ["legal"]
    refused(hand.abort(second, "tired"), 422, "unknown_outcome")


def test_what_is_not_as_wanted_is_no_report(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    permitted(hand, work)
    refused(hand.report(work, left=OPEN), 422, "not_as_wanted")
    assert order(clerk, work["order"])["state"] == "permitted"


def test_P9_a_crew_that_does_not_report_is_an_alarm_and_two_persons_end_its_permit(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    permitted(hand, work)
    path = f"/field/work-orders/{work['id']}/release"
    body = {"crew_is": "away", "statement": "the van is back in the yard"}
    assert clerk.post(Role.OPERATOR, path, body).json()["done"] is False
    assert clerk.post(Role.OPERATOR, path, body).json()["done"] is False, "one person twice is one person"
    refused(clerk.post("nobody", path, body), 403, "person_required")
    assert order(clerk, work["order"])["state"] == "permitted"
    assert clerk.post(Role.SUPERVISOR, path, body).json()["done"] is True
    assert order(clerk, work["order"])["state"] == "looking"
    refused(clerk.post(Role.SUPERVISOR, path, body), 409, "no_permit_out")


def test_F33_a_wrong_serial_costs_the_permit_until_two_persons_accept_it(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    hand.on_site(work)
    refused(hand.ask(work, serial="2"), 409, "wrong_serial")
    path = f"/field/work-orders/{work['id']}/override"
    refused(clerk.post(Role.OPERATOR, path, {"accept": True, "reason": "?"}), 409, "nothing_doubted")
    body = {"accept": True, "reason": "exchanged last week", "serial": "2"}
    assert clerk.post(Role.OPERATOR, path, body).json()["done"] is False
    refused(hand.ask(work, serial="2"), 409, "wrong_serial")
    assert clerk.post(Role.SUPERVISOR, path, body).json()["done"] is True
    assert hand.ask(work, serial="2").json()["granted"] is True


@pytest.mark.parametrize(("accept", "state"), [(True, "completed"), (False, "looking")])
def test_F33_a_doubted_report_is_kept_until_two_persons_have_judged_it(
    clerk: Clerk, hand: Hand, work: dict[str, Any], accept: bool, state: str
) -> None:
    permitted(hand, work)
    answer = hand.report(work, serial="2")
    assert (answer.status_code, answer.json()["doubts"]) == (200, ["serial_mismatch"])
    assert order(clerk, work["order"])["state"] == "permitted"
    path, body = f"/field/work-orders/{work['id']}/override", {"accept": accept, "reason": "a photograph shows it"}
    assert clerk.post(Role.OPERATOR, path, body).json()["done"] is False
    assert clerk.post(Role.SUPERVISOR, path, body).json()["done"] is True
    assert order(clerk, work["order"])["state"] == state


@pytest.mark.parametrize("late_s", [0, 1])
def test_P9_who_began_after_its_permits_end_is_an_alarm(
    clerk: Clerk, hand: Hand, work: dict[str, Any], late_s: int
) -> None:
    permitted(hand, work)
    ends_at = clerk.clock.now() + timedelta(seconds=clerk.settings.crew_permit_s)
    clerk.clock.run(clerk.settings.crew_permit_s + 60)
    assert hand.report(work, began_at=ends_at + timedelta(seconds=late_s)).status_code == 200
    assert alarms(clerk) == ["acted_after_permit"] * late_s
    assert order(clerk, work["order"])["state"] == "completed"
