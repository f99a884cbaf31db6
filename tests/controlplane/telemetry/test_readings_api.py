"""Readings and positions over the API."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from controlplane.access.roles import Role
from controlplane.orders.models import positions
from controlplane.telemetry.service import take_readings
from protocols.types import GatewayId, MeterId
from protocols.uplink.messages import Reading, Readings
from tests.controlplane.desk_clerk import Clerk, refused


def batch(clerk: Clerk, meter: str, gateway: str, first: int, values: list[str]) -> Readings:
    at = clerk.clock.now()
    told = tuple(
        Reading(meter=MeterId(meter), at=at + timedelta(seconds=first + n), quantity="volume", value=value, unit="m3")
        for n, value in enumerate(values)
    )
    return Readings(gateway=GatewayId(gateway), journal="ab" * 16, boot=1, first=first, readings=told)


def pieces(clerk: Clerk, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        document = clerk.get(Role.ADMIN, f"{path}{cursor}").json()
        found += document["items"]
        if document["next"] is None:
            return found
        cursor = f"&cursor={document['next']}"


def test_readings_are_given_newest_first_in_pieces_and_exact(clerk: Clerk) -> None:
    gateway = clerk.gateway()
    meter = clerk.meter(clerk.point(), gateway)
    values = [f"104.{n}00" for n in range(7)]
    with clerk.engine.begin() as db:
        take_readings(db, batch(clerk, meter, gateway, 0, values))
        take_readings(db, batch(clerk, meter, gateway, 0, values))
    found = pieces(clerk, f"/meters/{meter}/readings?limit=3")
    assert [item["value"] for item in found] == values[::-1]
    since = found[2]["at"].replace("+", "%2B")
    assert len(pieces(clerk, f"/meters/{meter}/readings?since={since}")) == 3
    assert pieces(clerk, f"/meters/{meter}/readings?quantity=energy") == []
    (latest,) = clerk.get(Role.CLIENT_VIEWER, f"/meters/{meter}/readings/latest").json()["items"]
    assert (latest["value"], latest["unit"]) == ("104.600", "m3")
    refused(clerk.get(Role.ADMIN, f"/meters/{meter}/readings?cursor=WyJ4IiwieCIsMSwxXQ"), 422, "bad_cursor")


def test_a_position_tells_its_age_and_its_grade(clerk: Clerk) -> None:
    meter = clerk.meter(clerk.point(), clerk.gateway())
    assert clerk.get(Role.ADMIN, f"/meters/{meter}/position").json()["position"] == "unknown"
    row = {"position": "closed", "at": clerk.clock.now(), "source": "gateway", "grade": "read_back"}
    with clerk.engine.begin() as db:
        db.execute(insert(positions).values(meter=meter, **row))
    clerk.clock.run(90)
    told = clerk.get(Role.CLIENT_VIEWER, f"/meters/{meter}/position").json()
    assert (told["position"], told["age_s"], told["grade"], told["source"]) == ("closed", 90.0, "read_back", "gateway")
