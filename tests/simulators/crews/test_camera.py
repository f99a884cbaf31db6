"""Photographs of the simulated camera, looked at and judged as the house does with those of strangers."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

from controlplane.field.evidence import judging, look
from controlplane.field.evidence.facts import Facts
from controlplane.field.evidence.likeness import NEAR, distance
from controlplane.field.evidence.shots import Shot as Named
from controlplane.field.evidence.shots import View, missing
from controlplane.policy.facts import Act
from protocols.types import ValvePosition
from protocols.uplink.crew import Place
from simulators.crews.camera import Camera, Shot

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
HERE = Place(latitude=43.7695604, longitude=-11.2558136, accuracy_m=4.5)


def shots_of(camera: Camera, serial: str) -> list[Shot]:
    return [
        camera.plate(serial, NOW),
        camera.register("51.975 m3", NOW),
        camera.valve("before", ValvePosition.OPEN, NOW),
        camera.valve("after", ValvePosition.CLOSED, NOW),
        camera.seal("DEMO-0001", NOW),
        camera.surroundings(NOW),
    ]


def facts_of(shot: Shot) -> Facts:
    return look.look(BytesIO(shot.jpeg))[0]


def test_nothing_is_found_about_them_and_none_is_missing() -> None:
    shots = shots_of(Camera("cellar", HERE), "26110003")
    named = tuple(Named(View(shot.shot), shot.named.digest) for shot in shots)
    facts = {shot.named.digest: facts_of(shot) for shot in shots}
    told = judging.Report(Act.SUSPEND, named, NOW - timedelta(minutes=1), NOW, UTC, sealed=True)
    assert judging.judge(told, facts, {}, missing(Act.SUSPEND, named, sealed=True)) == ()


def test_they_say_when_and_where_they_were_taken() -> None:
    for shot in shots_of(Camera("cellar", HERE), "26110003"):
        facts = facts_of(shot)
        assert facts.taken_at == NOW
        assert facts.place is not None
        assert abs(facts.place.latitude - HERE.latitude) < 1e-6
        assert abs(facts.place.longitude - HERE.longitude) < 1e-6
        assert facts.place.accuracy_m == HERE.accuracy_m


def test_two_places_never_look_alike() -> None:
    one, other = (shots_of(Camera(site, HERE), f"2611000{site}") for site in ("1", "2"))
    seen = [[facts_of(shot).likeness or "" for shot in shots] for shots in (one, other)]
    assert all(distance(here, there) > NEAR for here in seen[0] for there in seen[1])


def test_the_same_place_and_moment_give_the_same_bytes() -> None:
    first, again = Camera("cellar", HERE).plate("1", NOW), Camera("cellar", HERE).plate("1", NOW)
    assert first.jpeg == again.jpeg
    assert first.jpeg != Camera("cellar", HERE).plate("2", NOW).jpeg
