"""An operator asks a gateway to hold to settings; it is told until it holds them, and what it reports is seen."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from controlplane import outbox
from controlplane.access.roles import Role
from controlplane.dispatch.doors import Doors
from controlplane.news import news
from controlplane.remote import service
from protocols.uplink import codec
from protocols.uplink.keys import SigningKey
from protocols.uplink.messages import Configuration, Standing
from protocols.uplink.remote import Settings
from protocols.uplink.topics import Topic
from tests.controlplane.desk import Desk, G
from tests.controlplane.desk_clerk import Clerk, refused

BODY = {"settings": {"per_hour": 2, "spared": ["water-a"]}, "reason": "works in via Roma"}
JOURNAL = "a" * 32


@pytest.fixture
def desk() -> Desk:
    return Desk()


def ask(desk: Desk, **settings: Any) -> int:
    with desk.engine.begin() as db:
        return service.ask(db, desk.context.now, G, Settings(**settings), 300.0, "works", "anna")


def tell(desk: Desk, number: int, verdict: str = "taken", **changed: Any) -> None:
    told = Standing(
        gateway=G,
        journal=JOURNAL,
        boot=1,
        boot_s=10.0,
        number=number,
        verdict="none",
        why="",
        in_force=number if verdict == "taken" else 0,
        frozen=None,
        at=desk.context.now,
    )
    with desk.engine.begin() as db:
        service.take_standing(db, desk.context.now, msgspec.structs.replace(told, verdict=verdict, **changed))


def state(desk: Desk) -> tuple[str, int | None, str | None]:
    with desk.engine.connect() as db:
        told = service.configuration(db, G)
    assert told.desired is not None
    return (told.desired.state, *((told.reported.in_force, told.reported.frozen) if told.reported else (None, None)))


def due(desk: Desk) -> list[Configuration]:
    rows = [row for row in desk.sent("configuration") if row.next_at is not None]
    return [codec.decode_payload(bytes(row.payload), Configuration) for row in rows]


def test_it_is_pushed_until_held_and_only_the_newest(desk: Desk) -> None:
    assert [ask(desk, per_hour=2), ask(desk, per_hour=1)] == [1, 2]
    (pushed,) = due(desk)
    assert (pushed.number, pushed.settings.per_hour) == (2, 1)
    with desk.engine.begin() as db:
        outbox.acknowledged(db, G, (codec.digest(codec.encode(pushed)),))
    assert due(desk) == []
    assert state(desk) == ("asked", None, None)


@pytest.mark.parametrize("verdict", ["on_trial", "taken", "refused", "rolled_back"])
def test_what_the_gateway_says_is_seen_and_told(desk: Desk, verdict: str) -> None:
    tell(desk, ask(desk, per_hour=2), verdict, why="because")
    assert state(desk)[0] == verdict
    with desk.engine.connect() as db:
        said = [row.data for row in db.execute(select(news).where(news.c.type == "gateway"))]
    assert {"configuration": 1, "state": verdict, "why": "because"} in said


def test_an_older_word_of_the_same_journal_changes_nothing(desk: Desk) -> None:
    number = ask(desk, per_hour=2)
    tell(desk, number, boot_s=20.0)
    tell(desk, number, "on_trial", boot_s=15.0)
    assert state(desk) == ("taken", 1, None)


def test_a_gateway_that_has_forgotten_is_told_again(desk: Desk) -> None:
    ask(desk, per_hour=2)
    (pushed,) = due(desk)
    with desk.engine.begin() as db:
        outbox.acknowledged(db, G, (codec.digest(codec.encode(pushed)),))
    tell(desk, 0, "none", journal="b" * 32)
    assert due(desk) == [pushed], "to the last bit the same"


def test_a_house_that_has_forgotten_asks_with_a_number_above_the_gateways(desk: Desk) -> None:
    tell(desk, 41)
    assert ask(desk, per_hour=2) == 42


def test_a_freeze_on_the_spot_is_seen_and_told_once(desk: Desk) -> None:
    ask(desk)
    tell(desk, 0, "none", frozen="a burst main")
    tell(desk, 0, "none", frozen="a burst main")
    assert state(desk) == ("asked", 0, "a burst main")
    tell(desk, 0, "none", frozen=None)
    with desk.engine.connect() as db:
        said = [r.data for r in db.execute(select(news)) if "frozen_on_the_spot" in r.data]
    assert [(s["frozen_on_the_spot"], s["reason"]) for s in said] == [(True, "a burst main"), (False, "")]


def test_nobody_but_the_gateway_tells_how_it_stands(desk: Desk) -> None:
    ask(desk)
    word = Standing(
        gateway=G,
        journal=JOURNAL,
        boot=1,
        boot_s=1.0,
        number=1,
        verdict="taken",
        why="",
        in_force=1,
        frozen=None,
        at=desk.context.now,
    )
    raw, _ = codec.seal(word, SigningKey(b"x" * 32))
    doors = Doors(desk.context, lambda _db, _batch: None)
    with desk.engine.begin() as db:
        doors.take(db, Topic(G, "up", "standing"), raw)
    assert state(desk) == ("asked", None, None)


def test_asked_by_the_api_once_for_each_key(clerk: Clerk) -> None:
    gateway = clerk.gateway()
    path = f"/gateways/{gateway}/configuration"
    assert clerk.get(Role.AUDITOR, path).json() == {"gateway": gateway, "desired": None, "reported": None}
    first = clerk.post(Role.OPERATOR, path, BODY, idempotency_key="k")
    assert (first.status_code, first.json()["desired"]["number"]) == (201, 1)
    assert clerk.post(Role.OPERATOR, path, BODY, idempotency_key="k").json() == first.json()
    desired = clerk.get(Role.AUDITOR, path).json()["desired"]
    assert desired["settings"]["per_hour"] == 2
    assert (desired["state"], desired["asked_by"]) == ("asked", Role.OPERATOR)
    refused(clerk.post(Role.CREW, path, BODY), 403, "forbidden")
    refused(clerk.post(Role.OPERATOR, "/gateways/nowhere/configuration", BODY), 404, "not_found")
    refused(clerk.post(Role.OPERATOR, path, {**BODY, "settings": {"spec": "another"}}), 422, "invalid_request")


def test_nothing_is_asked_of_a_gateway_that_is_not_believed(clerk: Clerk) -> None:
    clerk.made("/gateways", {"id": "unborn"})
    refused(clerk.post(Role.ADMIN, "/gateways/unborn/configuration", BODY), 409, "gateway_not_approved")
    gateway = clerk.gateway()
    clerk.post(Role.ADMIN, f"/gateways/{gateway}/revoke", {"reason": "stolen"})
    refused(clerk.post(Role.ADMIN, f"/gateways/{gateway}/configuration", BODY), 409, "gateway_revoked")
