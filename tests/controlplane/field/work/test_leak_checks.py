"""Gas given back by a crew: only with a leak check that says tight, and never over a leak (LG12, G4)."""

from datetime import timedelta
from typing import Any

import pytest

from controlplane.access.roles import Role
from controlplane.db import reading
from controlplane.orders import leaks
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.hand import CLOSED, OPEN, Hand, alarms, order, pay

TIGHT, LEAKING = {"leak_check": "tight"}, {"leak_check": "leaking"}


@pytest.fixture
def hand(clerk: Clerk) -> Hand:
    return Hand(clerk, "mario")


def closed(clerk: Clerk, hand: Hand, point: str) -> None:
    """A crew has closed it."""
    clerk.order(point)
    work = hand.offered()
    hand.on_site(work)
    assert hand.ask(work).json()["granted"] is True
    assert hand.report(work).status_code == 200


def paid(clerk: Clerk, hand: Hand, point: str) -> dict[str, Any]:
    """A crew has closed it, the customer has paid, and the crew is there again: the work order by which it opens."""
    closed(clerk, hand, point)
    hand.permit = None
    pay(clerk, point)
    work = hand.offered()
    assert work["kind"] == "reactivate"
    hand.on_site(work, CLOSED)
    return work


@pytest.fixture
def work(clerk: Clerk, hand: Hand) -> dict[str, Any]:
    return paid(clerk, hand, clerk.point(medium="gas"))


def back(hand: Hand, work: dict[str, Any], **other: Any) -> Any:
    return hand.report(work, **{"left": OPEN, "found": CLOSED, **other})


def stands(clerk: Clerk, work: dict[str, Any]) -> bool:
    with reading(clerk.engine) as db:
        return leaks.stands(db, work["supply_point"])


def leak(clerk: Clerk, work: dict[str, Any]) -> None:
    """The meter's own leak check has raised its alarm."""
    with clerk.engine.begin() as db:
        leaks.saw(db, clerk.app.state.context, work["supply_point"], "meter", "a" * 64)


def test_LG12_gas_is_given_back_with_a_leak_check_that_says_tight(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    assert back(hand, work, checks=TIGHT).status_code == 200
    assert order(clerk, work["order"])["state"] == "completed"
    assert alarms(clerk) == []


@pytest.mark.parametrize(
    ("checks", "code", "says"),
    [({}, "leak_check_missing", "do the check"), ({"leak_check": "fine"}, "leak_check_unknown", "tight or leaking")],
)
@pytest.mark.parametrize(("outcome", "found"), [("done", CLOSED), ("already", OPEN)])
def test_LG12_without_its_result_gas_is_not_given_back_and_nothing_is_kept(
    clerk: Clerk, hand: Hand, work: dict[str, Any], checks: Any, code: str, says: str, outcome: str, found: Any
) -> None:
    before = len(clerk.news())
    answer = back(hand, work, checks=checks, outcome=outcome, found=found)
    refused(answer, 422, "evidence_missing")
    assert [finding["code"] for finding in answer.json()["findings"]] == [code]
    assert says in answer.json()["detail"]
    assert order(clerk, work["order"])["state"] == "on_site"
    assert len(clerk.news()) == before
    assert back(hand, work, checks=TIGHT, outcome=outcome, found=found).status_code == 200
    assert order(clerk, work["order"])["state"] == "completed"


def test_water_needs_no_leak_check_and_its_taking_neither(clerk: Clerk, hand: Hand) -> None:
    work = paid(clerk, hand, clerk.point())
    assert back(hand, work).status_code == 200
    assert order(clerk, work["order"])["state"] == "completed"


@pytest.mark.parametrize("left", [CLOSED, OPEN])
@pytest.mark.parametrize("verb", ["report", "abort"])
def test_G4_a_leak_is_an_alarm_and_the_order_stands_planned_for_the_planner(
    clerk: Clerk, hand: Hand, work: dict[str, Any], verb: str, left: Any
) -> None:
    """However the valve was left, the truth is taken; the alarm says how."""
    if verb == "report":
        answer = back(hand, work, left=left, checks=LEAKING)
    else:
        answer = hand.abort(work, "leak_suspected", left=left)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["ending"], answer.json()["next_step"]) == ("aborted", "planner")
    told = order(clerk, work["order"])
    assert (told["state"], told["channel"], told["reason"]["code"]) == ("planned", "field", "leak_suspected")
    (alarm,) = [row.data for row in clerk.news() if row.type == "alarm"]
    assert (alarm["code"], alarm["to"], alarm["left"]) == ("leak_suspected", "operator", left)
    assert [row.data["to"] for row in clerk.news() if row.type == "escalation"] == ["planner"]
    assert stands(clerk, work)


def test_G4_the_next_visit_that_finds_it_tight_clears_the_leak(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    assert back(hand, work, left=CLOSED, checks=LEAKING).status_code == 200
    clerk.clock.run(60)
    again = hand.offered()
    assert (again["order"], again["visit"], again["reason"]["code"]) == (work["order"], 2, "leak_suspected")
    hand.on_site(again, CLOSED)
    refused(back(hand, again), 422, "evidence_missing")
    assert stands(clerk, work)
    assert back(hand, again, checks=TIGHT).status_code == 200
    assert not stands(clerk, work)
    assert order(clerk, work["order"])["state"] == "completed"


def test_G4_the_same_account_of_a_leak_sent_again_is_no_second_alarm(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    first = hand.abort(work, "leak_suspected", left=CLOSED)
    path = f"/field/work-orders/{work['id']}/abort"
    again = clerk.post("mario", path, first.request.content, content_type="application/json")
    assert again.status_code == 200, again.text
    assert alarms(clerk) == ["leak_suspected"]


def test_G4_a_leak_told_by_the_meter_is_cleared_by_a_report_that_says_tight(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    leak(clerk, work)
    clerk.clock.run(60)
    assert back(hand, work, checks=TIGHT).status_code == 200
    assert not stands(clerk, work)


def test_G4_a_check_clears_nothing_that_was_seen_after_it(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    checked = clerk.clock.now()
    clerk.clock.run(60)
    leak(clerk, work)
    early = {"began_at": checked - timedelta(seconds=60), "ended_at": checked}
    assert back(hand, work, checks=TIGHT, **early).status_code == 200
    assert stands(clerk, work)


@pytest.mark.parametrize(("accept", "left"), [(True, False), (False, True)])
def test_G4_a_doubted_report_clears_a_leak_when_two_persons_have_accepted_it(
    clerk: Clerk, hand: Hand, accept: bool, left: bool
) -> None:
    point = clerk.point(medium="gas")
    clerk.meter(point, clerk.gateway(), medium=3)
    work = paid(clerk, hand, point)
    leak(clerk, work)
    clerk.clock.run(60)
    assert back(hand, work, checks=TIGHT, serial="2").json()["doubts"] == ["serial_mismatch"]
    assert stands(clerk, work)
    path, body = f"/field/work-orders/{work['id']}/override", {"accept": accept, "reason": "a photograph shows it"}
    for who in (Role.OPERATOR, Role.SUPERVISOR):
        assert clerk.post(who, path, body).status_code == 200
    assert stands(clerk, work) is left


def test_a_leak_told_at_a_water_point_bars_nothing(clerk: Clerk, hand: Hand) -> None:
    work = paid(clerk, hand, clerk.point())
    assert hand.abort(work, "leak_suspected", left=CLOSED).status_code == 200
    assert alarms(clerk) == []
    assert not stands(clerk, work)


def test_G4_a_leak_found_while_gas_is_closed_is_told_and_the_closing_stands(clerk: Clerk, hand: Hand) -> None:
    clerk.order(clerk.point(medium="gas"))
    work = hand.offered()
    hand.on_site(work)
    assert hand.ask(work).json()["granted"] is True
    assert hand.report(work, checks=LEAKING).status_code == 200
    assert alarms(clerk) == ["leak_suspected"]
    assert order(clerk, work["order"])["state"] == "completed"


def test_G4_a_leak_is_heard_of_even_where_its_account_is_refused(clerk: Clerk, hand: Hand) -> None:
    """Before arriving nothing can be reported, and a refusal must not take the alarm back with it."""
    point = clerk.point(medium="gas")
    closed(clerk, hand, point)
    hand.permit = None
    pay(clerk, point)
    work = hand.offered()
    assert hand.accept(work).status_code == 200
    refused(back(hand, work, left=CLOSED, checks=LEAKING), 409, "not_arrived")
    assert alarms(clerk) == ["leak_suspected"]
    assert stands(clerk, work)


def test_a_leak_that_a_stranger_tells_of_is_not_heard(clerk: Clerk, work: dict[str, Any]) -> None:
    other = Hand(clerk, "luca")
    assert back(other, work, left=CLOSED, checks=LEAKING).status_code in (404, 422)
    assert alarms(clerk) == []
