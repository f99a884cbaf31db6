"""An index that can't be true waits for two persons, like a serial that is not the meter's (F30, F33)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from controlplane.access.roles import Role
from protocols.uplink.crew import Register
from tests.controlplane.desk_clerk import Clerk
from tests.controlplane.hand import CLOSED, OPEN, Hand, alarms, order, pay


@pytest.fixture
def hand(clerk: Clerk) -> Hand:
    """Ten days ago the meter stood at 90, now at 100: a cubic metre a day."""
    now = clerk.clock.now()
    steps = [(now - timedelta(days=10), Decimal("90.0")), (now, Decimal("100.0"))]
    clerk.app.state.context = replace(clerk.app.state.context, steps=lambda *_: steps)
    return Hand(clerk, "mario")


@pytest.fixture
def work(clerk: Clerk, hand: Hand) -> dict[str, Any]:
    """A crew stands before the meter, its permit granted."""
    clerk.meter(clerk.fixed, clerk.gateway())
    clerk.order(clerk.fixed)
    work = hand.offered()
    hand.on_site(work)
    assert hand.ask(work).json()["granted"] is True
    return work


def read(value: str) -> Register:
    return Register(value=value, unit="m3")


def judged(clerk: Clerk, work: dict[str, Any], *, accept: bool) -> list[bool]:
    path, body = f"/field/work-orders/{work['id']}/override", {"accept": accept, "reason": "the photograph shows it"}
    return [clerk.post(who, path, body).json()["done"] for who in (Role.OPERATOR, Role.SUPERVISOR)]


@pytest.mark.parametrize("value", ["100.0", "100", "104.9"])
def test_F30_an_index_within_its_tolerance_is_no_doubt(
    clerk: Clerk, hand: Hand, work: dict[str, Any], value: str
) -> None:
    assert hand.report(work, register=read(value)).json()["doubts"] == []
    assert order(clerk, work["order"])["state"] == "executed"


@pytest.mark.parametrize(("value", "code"), [("99.9", "index_below"), ("0", "index_below"), ("105.1", "index_above")])
@pytest.mark.parametrize(("accept", "state"), [(True, "executed"), (False, "looking")])
def test_F30_an_index_out_of_its_tolerance_waits_for_two_persons(
    clerk: Clerk, hand: Hand, work: dict[str, Any], value: str, code: str, accept: bool, state: str
) -> None:
    answer = hand.report(work, register=read(value))
    assert (answer.status_code, answer.json()["doubts"]) == (200, [code])
    assert order(clerk, work["order"])["state"] == "permitted"
    assert [row.data["doubts"] for row in clerk.news() if row.data.get("code") == "report_doubted"] == [[code]]
    assert judged(clerk, work, accept=accept) == [False, True]
    assert order(clerk, work["order"])["state"] == state


def test_F30_a_reading_that_came_after_the_crew_had_read_casts_no_doubt(
    clerk: Clerk, hand: Hand, work: dict[str, Any]
) -> None:
    """Supply flows again while the report is on its way, and the gateway reads the meter before it comes."""
    now = clerk.clock.now()
    steps = [(now - timedelta(minutes=5), Decimal("100.0")), (now - timedelta(seconds=1), Decimal("100.4"))]
    known = replace(clerk.app.state.context, steps=lambda _db, _meter, before: [s for s in steps if s[0] < before])
    clerk.app.state.context = known
    times: dict[str, Any] = {"began_at": now - timedelta(seconds=60), "ended_at": now - timedelta(seconds=30)}
    assert hand.report(work, register=read("100.1"), **times).json()["doubts"] == []
    assert order(clerk, work["order"])["state"] == "completed"


def test_F33_what_is_doubted_is_told_as_a_whole(hand: Hand, work: dict[str, Any]) -> None:
    answer = hand.report(work, serial="2", register=read("5"))
    assert answer.json()["doubts"] == ["serial_mismatch", "index_below"]


def test_a_doubted_index_keeps_no_supply_off(clerk: Clerk, hand: Hand, work: dict[str, Any]) -> None:
    """The hand has settled: the payment is followed by an order that gives back, and its report may be doubted too."""
    assert hand.report(work, register=read("500")).json()["doubts"] == ["index_above"]
    pay(clerk, work["supply_point"])
    back = hand.offered()
    assert back["kind"] == "reactivate"
    hand.on_site(back, CLOSED)
    hand.permit = None
    assert hand.report(back, left=OPEN, found=CLOSED, register=read("500")).json()["doubts"] == ["index_above"]
    assert order(clerk, back["order"])["state"] == "on_site"
    assert judged(clerk, back, accept=True) == [False, True]
    assert order(clerk, back["order"])["state"] == "executed"
    assert alarms(clerk) == []
