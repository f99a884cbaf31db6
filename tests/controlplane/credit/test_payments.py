"""Payments: exact, once per client and reference, and stopping what they must."""

import pytest

from controlplane.access.roles import Role
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.dialects import both


def stops(clerk: Clerk) -> int:
    return sum(1 for row in clerk.news() if row.type == "order" and row.data["event"] == "stop")


@both
def test_I15_a_payment_stops_the_order_in_its_own_transaction(clerk: Clerk) -> None:
    point = clerk.point()
    order = clerk.order(point)
    paid = clerk.made("/payments", clerk.payment(point), Role.CLIENT_REQUESTER)
    assert (paid["amount"], paid["gives_back"]) == ("120.50", None)
    told = clerk.get(Role.ADMIN, f"/orders/{order['id']}").json()
    assert (told["state"], told["reason"]["code"]) == ("withdrawn", "stopped_payment")
    assert told["timeline"][-1]["actor"] == "client_requester"


@both
def test_the_same_payment_twice_has_one_effect(clerk: Clerk) -> None:
    point = clerk.point()
    clerk.order(point)
    first = clerk.post(Role.ADMIN, "/payments", clerk.payment(point))
    count = stops(clerk)
    again = clerk.post(Role.ADMIN, "/payments", clerk.payment(point))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert stops(clerk) == count


@both
def test_another_payment_under_a_used_reference_is_refused(clerk: Clerk) -> None:
    point = clerk.point()
    first = clerk.made("/payments", clerk.payment(point))
    answer = clerk.post(Role.ADMIN, "/payments", clerk.payment(point, amount="1.00"))
    refused(answer, 409, "reference_taken")
    assert answer.json()["payment"] == first["id"]
    refused(clerk.post(Role.ADMIN, "/payments", clerk.payment(clerk.point())), 409, "reference_taken")
    assert clerk.made("/payments", clerk.payment(clerk.point(clerk.other)))["reference"] == "r1"


def test_a_payment_that_does_not_settle_is_refused_and_stops_nothing(clerk: Clerk) -> None:
    point = clerk.point()
    order = clerk.order(point)
    answer = clerk.post(Role.ADMIN, "/payments", clerk.payment(point, settles=False))
    refused(answer, 422, "payment_does_not_settle")
    assert clerk.get(Role.ADMIN, f"/orders/{order['id']}").json()["state"] == order["state"]


@pytest.mark.parametrize("amount", [120.5, 120, "120,50", "120.5", "-1.00", "1e3", "01.00", "", "NaN", "1.000"])
def test_an_amount_is_exact_decimal_text(clerk: Clerk, amount: object) -> None:
    refused(clerk.post(Role.ADMIN, "/payments", clerk.payment(clerk.point(), amount=amount)), 422, "invalid_request")


def test_nothing_is_no_payment(clerk: Clerk) -> None:
    answer = clerk.post(Role.ADMIN, "/payments", clerk.payment(clerk.point(), amount="0.00"))
    refused(answer, 422, "payment_of_nothing")
