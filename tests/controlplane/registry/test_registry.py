"""The registry's promises: what fits, what is taken, and a rebinding that waits until nothing may act."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from controlplane.access.roles import Role
from controlplane.db import fences
from controlplane.orders.models import commands
from controlplane.registry.binding import bound
from controlplane.registry.models import meters_told
from drivers.catalogue import installed
from gateway.config import parse_config
from tests.controlplane.desk_clerk import Clerk, refused
from tests.gateway.world import config_text


def epoch(clerk: Clerk, point: str) -> int:
    with clerk.engine.connect() as db:
        return int(db.execute(select(fences.c.epoch).where(fences.c.point == point)).scalar_one())


def test_what_is_taken_is_refused_by_name(clerk: Clerk) -> None:
    body = {"client": clerk.mine, "code": "PDR", "medium": "water"}
    point = clerk.made("/supply-points", body)["id"]
    refused(clerk.post(Role.ADMIN, "/supply-points", body), 409, "code_taken")
    assert clerk.made("/supply-points", {**body, "client": clerk.other})["client"] == clerk.other
    gateway = clerk.gateway()
    refused(clerk.post(Role.ADMIN, "/gateways", {"id": gateway}), 409, "gateway_taken")
    name = clerk.meter(point, gateway)
    who = {"id": "12345678", "manufacturer": "CBS", "version": 1, "medium": 7}
    meter = {"supply_point": clerk.point(), "gateway": gateway, "name": name, "identity": who}
    refused(clerk.post(Role.ADMIN, "/meters", meter), 409, "meter_taken")
    refused(clerk.post(Role.ADMIN, "/meters", {**meter, "name": "x", "supply_point": point}), 409, "point_taken")


def test_a_meter_of_another_medium_is_refused(clerk: Clerk) -> None:
    who = {"id": "12345678", "manufacturer": "CBS", "version": 1, "medium": 7}
    body = {"supply_point": clerk.point(medium="gas"), "gateway": clerk.gateway(), "name": "m", "identity": who}
    refused(clerk.post(Role.ADMIN, "/meters", body), 422, "wrong_medium")


@pytest.mark.parametrize("what", ["client", "supply_point", "gateway"])
def test_what_is_not_known_is_named(clerk: Clerk, what: str) -> None:
    if what == "client":
        answer = clerk.post(Role.ADMIN, "/supply-points", {"client": "cli_x", "code": "c", "medium": "gas"})
    else:
        who = {"id": "12345678", "manufacturer": "CBS", "version": 1, "medium": 7}
        body = {"supply_point": clerk.point(), "gateway": clerk.gateway(), "name": "m", "identity": who}
        answer = clerk.post(Role.ADMIN, "/meters", {**body, what: "none"})
    refused(answer, 422, f"unknown_{what}")


def test_a_key_that_is_no_point_of_the_curve_is_refused(clerk: Clerk) -> None:
    answer = clerk.post(Role.ADMIN, "/gateways", {"id": "g", "public_key": "zz" + "0" * 62})
    refused(answer, 422, "invalid_request")


def test_a_protection_of_a_new_point_is_kept_and_obeyed(clerk: Clerk) -> None:
    body = {
        "client": clerk.mine,
        "code": "c",
        "medium": "water",
        "protections": [{"act": "suspend", "reason": "bonus"}],
    }
    point = clerk.made("/supply-points", body)
    (told,) = point["protections"]
    assert told == {"id": told["id"], "act": "suspend", "reason": "bonus", "until": None}
    assert clerk.order(point["id"])["state"] == "rejected"


def test_rebinding_needs_the_version_that_was_read(clerk: Clerk) -> None:
    name, gateway = clerk.meter(clerk.point(), clerk.gateway()), clerk.gateway()
    path, body = f"/meters/{name}", {"gateway": gateway}
    refused(clerk.send(Role.ADMIN, "PATCH", path, body), 428, "if_match_required")
    refused(clerk.send(Role.ADMIN, "PATCH", path, body, if_match='"7"'), 412, "stale_version")
    refused(clerk.send(Role.ADMIN, "PATCH", path, body, if_match="W/x"), 412, "stale_version")
    tag = clerk.get(Role.ADMIN, path).headers["etag"]
    changed = clerk.send(Role.ADMIN, "PATCH", path, body, if_match=tag)
    assert (changed.json()["gateway"], changed.headers["etag"]) == (gateway, '"2"')


def test_I3_rebinding_raises_the_epoch_above_any_the_meter_had(clerk: Clerk) -> None:
    old, new, gateway = clerk.point(), clerk.point(), clerk.gateway()
    name = clerk.meter(old, gateway)
    told = {"spec": "s", "spec_digest": "d", "capabilities": [], "act_max_s": 1.0, "told_at": clerk.clock.now()}
    with clerk.engine.begin() as db:
        db.execute(insert(meters_told).values(meter=name, gateway=gateway, mark_epoch=9, mark_sequence=4, **told))
    moved = clerk.send(Role.ADMIN, "PATCH", f"/meters/{name}", {"supply_point": new}, if_match='"1"')
    assert moved.json()["supply_point"] == new
    assert epoch(clerk, new) == 10
    assert clerk.meter(old, gateway)


def test_P6_nothing_is_rebound_while_a_command_may_still_act(clerk: Clerk) -> None:
    point = clerk.point()
    name = clerk.meter(point, clerk.gateway())
    order = clerk.order(point)["id"]
    now = clerk.clock.now()
    with clerk.engine.begin() as db:
        db.execute(
            insert(commands).values(
                digest="d", order=order, point=point, meter=name, gateway="g", epoch=1, sequence=1, verb="close",
                issued_at=now, expires_at=now + timedelta(seconds=60), act_max_s=10.0, granted_at=now, validity_s=10.0,
                void=False, answered=True,
            )
        )  # fmt: skip
    body = {"gateway": clerk.gateway()}
    refused(clerk.send(Role.ADMIN, "PATCH", f"/meters/{name}", body, if_match='"1"'), 409, "unsettled")
    assert epoch(clerk, point) == 1
    with clerk.engine.begin() as db:
        db.execute(commands.update().values(settled_sequence=2))
    assert clerk.send(Role.ADMIN, "PATCH", f"/meters/{name}", body, if_match='"1"').status_code == 200


def test_I13_an_identity_is_spelt_as_the_gateways_file_spells_it(clerk: Clerk) -> None:
    """A command's identity must equal the gateway's own, letter by letter: both doors write hexadecimal small."""
    who = {"id": "0500023E", "manufacturer": "CBS", "version": 1, "medium": 7, "fabrication_number": "00AB0012"}
    point = clerk.point()
    body = {"supply_point": point, "gateway": clerk.gateway(), "name": "hexed", "identity": who}
    clerk.made("/meters", body)
    text = config_text().replace('id = "00000011"', 'id = "0500023E"')
    text = text.replace('fabrication_number = "00000011"', 'fabrication_number = "00AB0012"')
    gateways_own = parse_config(text, Path("gateway.toml"), installed()).meters[0].identity
    with clerk.engine.connect() as db:
        meter = bound(db, point)
    assert meter is not None
    assert meter.identity == gateways_own
