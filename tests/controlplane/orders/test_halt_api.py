"""The halt over REST: seen by who works here, ended by a supervisor who vouches for what was brought up to date."""

import pytest

from controlplane.access.roles import Role
from controlplane.orders import halting
from tests.controlplane.desk_clerk import Clerk, refused

VOUCHED = {"stops_sent_again": True, "crews_reported": True, "note": "billing sent all since Sunday again"}


def halt(clerk: Clerk) -> None:
    with clerk.engine.begin() as db:
        halting.halt(db, clerk.app.state.context, "the database was restored")


def test_a_halt_is_seen_and_ended_once(clerk: Clerk) -> None:
    assert clerk.get(Role.OPERATOR, "/halt").json() == {"halted": False, "reason": ""}
    halt(clerk)
    assert clerk.get(Role.OPERATOR, "/halt").json() == {"halted": True, "reason": "the database was restored"}
    answer = clerk.post(Role.SUPERVISOR, "/halt/resume", VOUCHED)
    assert (answer.status_code, answer.json()) == (200, {"halted": False, "reason": ""})
    refused(clerk.post(Role.SUPERVISOR, "/halt/resume", VOUCHED), 409, "not_halted")


@pytest.mark.parametrize("missing", ["stops_sent_again", "crews_reported"])
def test_nobody_resumes_without_vouching_for_both(clerk: Clerk, missing: str) -> None:
    halt(clerk)
    refused(clerk.post(Role.SUPERVISOR, "/halt/resume", {**VOUCHED, missing: False}), 422, "invalid_request")
    refused(
        clerk.post(Role.SUPERVISOR, "/halt/resume", {k: v for k, v in VOUCHED.items() if k != missing}),
        422,
        "invalid_request",
    )
    assert clerk.get(Role.OPERATOR, "/halt").json()["halted"] is True


def test_an_order_entered_while_halted_says_why_it_waits(clerk: Clerk) -> None:
    halt(clerk)
    order = clerk.order(clerk.point())
    assert (order["state"], order["reason"]["code"]) == ("held", "halted")
    assert {"en", "it"} < set(order["reason"])
