"""Keys of gateways: none counts before an operator has compared it, and one that takes another's place rebinds."""

import string
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import insert, select

from controlplane.access.roles import Role
from controlplane.db import fences
from controlplane.fields import Fingerprint
from controlplane.orders.models import commands
from controlplane.outbox import outbox
from controlplane.registry.binding import bound
from controlplane.registry.models import NO_JOURNAL, gateways, meters_told
from protocols.uplink.keys import short_fingerprint, spoken
from tests.controlplane.desk_clerk import HOUSE_KEY, Clerk, key_of, refused, shown
from tests.controlplane.dialects import both

SAID = TypeAdapter(Fingerprint)


def entered(clerk: Clerk) -> str:
    """A gateway of which no key was sent yet."""
    name = f"cellar-{next(clerk.numbers)}"
    assert clerk.made("/gateways", {"id": name}, Role.OPERATOR)["public_key"] is None
    return name


def said(name: str) -> dict[str, str]:
    """What is read aloud at the machine that has made the key of this name."""
    return {"fingerprint": spoken(key_of(name).public)}


def states(clerk: Clerk, gateway: str) -> list[str]:
    return [key["state"] for key in clerk.get(Role.OPERATOR, f"/gateway-keys?gateway={gateway}").json()["items"]]


@both
def test_a_key_waits_until_an_operator_has_compared_its_fingerprint(clerk: Clerk) -> None:
    gateway = entered(clerk)
    sent = clerk.made(f"/gateways/{gateway}/keys", {"public_key": key_of("a").public.hex()}, Role.CREW)
    assert (sent["state"], sent["sent_by"], sent["house_key"]) == ("waiting", Role.CREW, HOUSE_KEY.public.hex())
    assert clerk.get(Role.OPERATOR, f"/gateways/{gateway}").json()["public_key"] is None
    waiting = clerk.get(Role.OPERATOR, "/gateway-keys?state=waiting").json()["items"]
    assert [key["id"] for key in waiting] == [sent["id"]]
    alarm = clerk.get(Role.OPERATOR, "/alarms").json()["items"][-1]
    assert (alarm["code"], alarm["subject"], alarm["to"]) == ("gateway_key_sent", gateway, "operator")
    path = f"/gateways/{gateway}/keys/{sent['id']}/approve"
    refused(clerk.post(Role.CREW, path, said("a")), 403, "forbidden")
    approved = clerk.post(Role.OPERATOR, path, said("a")).json()
    assert (approved["state"], approved["decided_by"]) == ("approved", Role.OPERATOR)
    told = clerk.get(Role.OPERATOR, f"/gateways/{gateway}").json()
    assert (told["public_key"], told["fingerprint"]) == (sent["public_key"], short_fingerprint(key_of("a").public))
    refused(clerk.post(Role.OPERATOR, path, said("a")), 409, "not_waiting")


def test_a_fingerprint_that_differs_approves_nothing(clerk: Clerk) -> None:
    gateway = entered(clerk)
    key = clerk.waiting_key(gateway, "a")
    for wrong in (said("b"), {"fingerprint": "0" * 16}):
        refused(clerk.post(Role.OPERATOR, f"/gateways/{gateway}/keys/{key}/approve", wrong), 409, "wrong_fingerprint")
    full = {"fingerprint": key_of("a").keyid}
    refused(clerk.post(Role.OPERATOR, f"/gateways/{gateway}/keys/{key}/approve", full), 422, "invalid_request")
    assert states(clerk, gateway) == ["waiting"]
    assert clerk.get(Role.OPERATOR, f"/gateways/{gateway}").json()["public_key"] is None


@both
def test_a_key_that_is_given_at_once_needs_the_fingerprint_that_the_gateway_shows(clerk: Clerk) -> None:
    body = {"id": "cellar", **shown(key_of("a"))}
    refused(clerk.post(Role.OPERATOR, "/gateways", {**body, "fingerprint": "0" * 16}), 409, "wrong_fingerprint")
    for lacks in ("fingerprint", "public_key"):
        less = {name: value for name, value in body.items() if name != lacks}
        refused(clerk.post(Role.OPERATOR, "/gateways", less), 422, "invalid_request")
    assert clerk.get(Role.OPERATOR, "/gateways").json()["items"] == []
    assert clerk.made("/gateways", body, Role.OPERATOR)["public_key"] == body["public_key"]
    assert states(clerk, "cellar") == ["approved"]


def test_a_rejected_key_is_believed_only_if_it_is_sent_again(clerk: Clerk) -> None:
    gateway = entered(clerk)
    key = clerk.waiting_key(gateway, "a")
    path = f"/gateways/{gateway}/keys/{key}"
    rejected = clerk.post(Role.SUPERVISOR, f"{path}/reject", {"reason": "nobody is there"}).json()
    assert (rejected["state"], rejected["reason"]) == ("rejected", "nobody is there")
    refused(clerk.post(Role.SUPERVISOR, f"{path}/approve", said("a")), 409, "not_waiting")
    again = clerk.waiting_key(gateway, "a")
    assert clerk.post(Role.OPERATOR, f"/gateways/{gateway}/keys/{again}/approve", said("a")).status_code == 200


@both
def test_I10_no_key_is_two_gateways_nor_an_old_one_nor_the_houses(clerk: Clerk) -> None:
    first, second = entered(clerk), entered(clerk)
    key = clerk.waiting_key(first, "a")
    for taken in (key_of("a").public, HOUSE_KEY.public):
        answer = clerk.post(Role.CREW, f"/gateways/{second}/keys", {"public_key": taken.hex()})
        refused(answer, 409, "key_taken")
    clerk.post(Role.OPERATOR, f"/gateways/{first}/keys/{key}/approve", said("a"))
    newer = clerk.waiting_key(first, "b")
    assert clerk.post(Role.OPERATOR, f"/gateways/{first}/keys/{newer}/approve", said("b")).status_code == 200
    assert sorted(states(clerk, first)) == ["approved", "replaced"]
    answer = clerk.post(Role.CREW, f"/gateways/{second}/keys", {"public_key": key_of("a").public.hex()})
    refused(answer, 409, "key_taken")


def test_a_key_is_approved_for_the_gateway_that_it_was_sent_for(clerk: Clerk) -> None:
    first, second = entered(clerk), entered(clerk)
    key = clerk.waiting_key(first, "a")
    for verb, body in (("approve", said("a")), ("reject", {"reason": "x"})):
        refused(clerk.post(Role.OPERATOR, f"/gateways/{second}/keys/{key}/{verb}", body), 404, "not_found")


def test_so_many_keys_wait_and_no_more(clerk: Clerk) -> None:
    gateway = entered(clerk)
    for n in range(8):
        clerk.waiting_key(gateway, f"k{n}")
    answer = clerk.post(Role.CREW, f"/gateways/{gateway}/keys", {"public_key": key_of("one more").public.hex()})
    refused(answer, 409, "keys_wait")


def test_a_revoked_gateway_is_never_believed_again_by_a_new_key(clerk: Clerk) -> None:
    gateway = clerk.gateway()
    key = clerk.waiting_key(gateway, "b")
    clerk.post(Role.OPERATOR, f"/gateways/{gateway}/revoke", {"reason": "stolen"})
    refused(clerk.post(Role.OPERATOR, f"/gateways/{gateway}/keys/{key}/approve", said("b")), 409, "gateway_revoked")
    answer = clerk.post(Role.CREW, f"/gateways/{gateway}/keys", {"public_key": key_of("c").public.hex()})
    refused(answer, 409, "gateway_revoked")


def put(clerk: Clerk, point: str, name: str, gateway: str) -> None:
    """A permit that is out at a point, and something that waits in the outbox for its gateway."""
    now = clerk.clock.now()
    row = {"digest": "d", "order": clerk.order(point)["id"], "point": point, "meter": name, "gateway": gateway}
    times = {"issued_at": now, "expires_at": now + timedelta(seconds=60), "granted_at": now, "validity_s": 10.0}
    rest = {"epoch": 1, "sequence": 1, "verb": "close", "act_max_s": 10.0, "void": False, "answered": True}
    waits = {"gateway": gateway, "kind": "command", "digest": "d", "payload": b"", "once": False, "next_at": now}
    told = {"spec": "s", "spec_digest": "d", "capabilities": ["close"], "act_max_s": 1.0, "told_at": now}
    with clerk.engine.begin() as db:
        db.execute(insert(commands).values(**row, **times, **rest))
        db.execute(insert(outbox).values(**waits))
        db.execute(insert(meters_told).values(meter=name, gateway=gateway, mark_epoch=6, mark_sequence=4, **told))


@both
def test_P6_a_key_takes_anothers_place_only_when_all_has_settled_and_raises_the_epoch(clerk: Clerk) -> None:
    point, gateway = clerk.point(), clerk.gateway()
    name = clerk.meter(point, gateway)
    put(clerk, point, name, gateway)
    path = f"/gateways/{gateway}/keys/{clerk.waiting_key(gateway, 'new')}/approve"
    old = clerk.get(Role.OPERATOR, f"/gateways/{gateway}").json()["public_key"]
    refused(clerk.post(Role.OPERATOR, path, said("new")), 409, "unsettled")
    assert clerk.get(Role.OPERATOR, f"/gateways/{gateway}").json()["public_key"] == old
    with clerk.engine.begin() as db:
        assert db.execute(select(fences.c.epoch).where(fences.c.point == point)).scalar_one() == 1
        db.execute(commands.update().values(settled_sequence=2))
    assert clerk.post(Role.OPERATOR, path, said("new")).status_code == 200
    with clerk.engine.connect() as db:
        assert db.execute(select(fences.c.epoch).where(fences.c.point == point)).scalar_one() == 7
        assert db.execute(select(gateways.c.journal).where(gateways.c.id == gateway)).scalar_one() == NO_JOURNAL
        assert [row.next_at for row in db.execute(select(outbox)) if row.kind == "command"] == [None]
        meter = bound(db, point)
    assert meter is not None
    assert not meter.capabilities, "what the old one has told of its meters counts no more"


@given(st.integers(0, 2**64 - 1), st.lists(st.sampled_from(["", " ", "-", ":"]), min_size=15, max_size=15))
def test_a_fingerprint_is_read_however_it_is_grouped_and_spelt(number: int, between: list[str]) -> None:
    digits = f"{number:016x}"
    spelt = "".join(a + b for a, b in zip(digits, [*between, ""], strict=True))
    assert SAID.validate_python(spelt) == SAID.validate_python(spelt.upper()) == digits


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40) | st.text(string.hexdigits + " -:\n", max_size=40))
def test_anything_else_is_no_fingerprint(text: str) -> None:
    try:
        read = SAID.validate_python(text)
    except ValidationError:
        return
    assert len(read) == 16
    assert read == "".join(c for c in text if c in string.hexdigits).lower()
    assert not set(text) - set(string.hexdigits + " -:")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 15,
        "0" * 17,
        "0" * 64,
        "0" * 16 + "\n",
        "-" + "0" * 16,
        "00--" + "0" * 14,
        "\N{ARABIC-INDIC DIGIT ZERO}" * 16,
    ],
)
def test_what_only_looks_like_a_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        SAID.validate_python(text)
