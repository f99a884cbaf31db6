"""Enrolment: nothing that is not approved is believed, and an approval compares what the device itself shows."""

from controlplane.access.roles import Role
from protocols.uplink.keys import SigningKey, fingerprint
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.hand import Hand


def body(code: str, key: bytes = b"k") -> dict[str, str]:
    return {"code": code, "name": "a phone", "public_key": SigningKey(key.ljust(32)).public.hex()}


def code(clerk: Clerk) -> str:
    crew = clerk.made("/field/crews", {"name": "north"})["id"]
    return str(clerk.made(f"/field/crews/{crew}/codes", None)["code"])


def test_nothing_unapproved_is_believed(clerk: Clerk) -> None:
    hand = Hand(clerk, "mario", approved=False)
    clerk.order(clerk.fixed)
    refused(clerk.get("mario", "/field/feed"), 409, "no_device")
    other = Hand(clerk, "luigi").offered()
    refused(hand.accept(other), 409, "no_device")
    hand.approve()
    assert hand.accept(other).status_code == 200


def test_an_approval_compares_the_fingerprint(clerk: Clerk) -> None:
    hand = Hand(clerk, "mario", approved=False)
    path = f"/field/devices/{hand.id}/approve"
    refused(clerk.post(Role.OPERATOR, path, {"fingerprint": "0" * 16}), 409, "wrong_fingerprint")
    shown = fingerprint(hand.key.public)[:16].upper()
    grouped = "-".join(shown[i : i + 4] for i in range(0, 16, 4))
    answer = clerk.post(Role.OPERATOR, path, {"fingerprint": grouped})
    assert (answer.json()["fingerprint"], answer.json()["approved_by"]) == (shown.lower(), Role.OPERATOR)


def test_a_revoked_device_is_believed_no_more(clerk: Clerk) -> None:
    hand = Hand(clerk, "mario")
    clerk.order(clerk.fixed)
    work = hand.offered()
    hand.on_site(work)
    assert hand.ask(work).json()["granted"] is True
    path = f"/field/devices/{hand.id}/revoke"
    assert clerk.post(Role.OPERATOR, path, {"reason": "stolen"}).json()["revoke_reason"] == "stolen"
    refused(hand.report(work), 409, "no_device")
    refused(clerk.post(Role.OPERATOR, path, {"reason": "stolen"}), 409, "device_revoked")
    shown = {"fingerprint": fingerprint(hand.key.public)[:16]}
    refused(clerk.post(Role.OPERATOR, f"/field/devices/{hand.id}/approve", shown), 409, "device_revoked")
    assert "revoked_with_permit" in [row.data.get("code") for row in clerk.news()]


def test_a_code_enrols_one_device_within_the_hour(clerk: Clerk) -> None:
    first, late = code(clerk), code(clerk)
    assert clerk.post(Role.CREW, "/field/devices", body(first)).status_code == 201
    refused(clerk.post(Role.CREW, "/field/devices", body(first, b"other")), 422, "bad_code")
    refused(clerk.post(Role.CREW, "/field/devices", body(code(clerk))), 409, "device_enrolled")
    clerk.clock.run(3601)
    refused(clerk.post(Role.CREW, "/field/devices", body(late, b"third")), 422, "bad_code")


def test_a_code_is_shown_once(clerk: Clerk) -> None:
    crew = clerk.made("/field/crews", {"name": "north"})["id"]
    first = clerk.post(Role.OPERATOR, f"/field/crews/{crew}/codes", None, idempotency_key="once")
    again = clerk.post(Role.OPERATOR, f"/field/crews/{crew}/codes", None, idempotency_key="once")
    assert len(first.json()["code"]) == 32
    assert again.json()["code"] is None


def test_a_crew_is_confined_to_clients_that_are_there(clerk: Clerk) -> None:
    refused(clerk.post(Role.OPERATOR, "/field/crews", {"name": "x", "clients": ["cli_no"]}), 422, "unknown_client")
