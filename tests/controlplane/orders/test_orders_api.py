"""Orders over the API: versions, withdrawal, second orders, and the freeze that two lift."""

from controlplane.access.roles import Role
from tests.controlplane.desk_clerk import LONG_AGO, Clerk, refused


def test_an_order_tells_its_timeline_and_its_version(clerk: Clerk) -> None:
    order = clerk.order(clerk.point())
    answer = clerk.get(Role.CLIENT_VIEWER, f"/orders/{order['id']}")
    assert answer.headers["etag"] == f'"{order["version"]}"'
    assert answer.json() == order
    assert set(order["timeline"][0]) == {"at", "state", "grade", "actor", "reason"}
    assert order["reason"]["it"]
    assert order["notice"] == {"received_on": LONG_AGO, "channel": "post"}


def test_withdrawing_needs_the_version_that_was_read(clerk: Clerk) -> None:
    order = clerk.order(clerk.point())
    path = f"/orders/{order['id']}/withdraw"
    refused(clerk.post(Role.CLIENT_REQUESTER, path), 428, "if_match_required")
    refused(clerk.post(Role.CLIENT_REQUESTER, path, if_match='"99"'), 412, "stale_version")
    taken = clerk.post(Role.CLIENT_REQUESTER, path, if_match=f'"{order["version"]}"')
    assert (taken.status_code, taken.json()["state"]) == (200, "withdrawn")
    refused(clerk.post(Role.CLIENT_REQUESTER, path, if_match=taken.headers["etag"]), 409, "ended")


def test_a_second_taking_order_and_an_unknown_point_are_refused(clerk: Clerk) -> None:
    point = clerk.point()
    clerk.order(point)
    body = {"supply_point": point, "kind": "limit"}
    refused(clerk.post(Role.ADMIN, "/orders", body), 409, "second_taking_order")
    refused(clerk.post(Role.ADMIN, "/orders", {**body, "supply_point": "pt_none"}), 404, "not_found")
    refused(clerk.post(Role.ADMIN, "/orders", {"supply_point": clerk.point(), "kind": "interrupt"}), 422, "not_gas")


def test_I15_a_reactivation_that_a_stop_has_made_due_can_not_be_withdrawn(clerk: Clerk) -> None:
    point = clerk.point()
    clerk.made("/payments", clerk.payment(point))
    back = clerk.order(point, "reactivate")
    answer = clerk.post(Role.ADMIN, f"/orders/{back['id']}/withdraw", if_match=f'"{back["version"]}"')
    refused(answer, 409, "due_after_stop")


def test_the_freeze_is_lifted_by_two_different_people(clerk: Clerk) -> None:
    refused(clerk.send(Role.SUPERVISOR, "DELETE", "/freeze"), 409, "not_frozen")
    frozen = clerk.post(Role.OPERATOR, "/freeze", {"reason": "a wrong list"})
    assert frozen.json() == {"frozen": True, "reason": "a wrong list", "lift_asked_by": ""}
    assert clerk.order(clerk.point())["state"] == "held"
    assert clerk.send(Role.SUPERVISOR, "DELETE", "/freeze").status_code == 202
    assert clerk.send(Role.SUPERVISOR, "DELETE", "/freeze").status_code == 202
    refused(clerk.send("nobody", "DELETE", "/freeze"), 403, "person_required")
    assert clerk.send("second", "DELETE", "/freeze").status_code == 204
    assert clerk.order(clerk.point())["state"] != "held"


def test_two_tokens_of_one_person_do_not_lift_a_freeze(clerk: Clerk) -> None:
    clerk.post(Role.OPERATOR, "/freeze", {"reason": "a wrong list"})
    assert clerk.send("second", "DELETE", "/freeze").status_code == 202
    assert clerk.send("second again", "DELETE", "/freeze").status_code == 202
    assert clerk.send(Role.SUPERVISOR, "DELETE", "/freeze").status_code == 204


def test_an_order_entered_while_a_hold_stands_is_held_and_nothing_is_sent(clerk: Clerk) -> None:
    point = clerk.point()
    clerk.made(f"/supply-points/{point}/holds", {"reason": "a dispute"})
    order = clerk.order(point)
    assert (order["state"], order["reason"]["code"]) == ("held", "on_hold")


def test_a_notice_is_refused_and_stands_in_nobodys_way(clerk: Clerk) -> None:
    """A notice that counted as giving back would keep every permit and every reactivation from its point (I15)."""
    point = clerk.point()
    body = {"supply_point": point, "kind": "deliver_notice"}
    refused(clerk.post(Role.ADMIN, "/orders", body), 422, "notice_not_taken")
    assert clerk.order(point, "reactivate")["state"] == "planned"
