"""The door for evidence over the API: what is kept is what came, what is refused leaves nothing, who may read it."""

import asyncio
import os
import zipfile
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from controlplane.access.roles import Role
from controlplane.edge import API
from controlplane.field.evidence import service, store
from controlplane.field.evidence.intake import Pace
from controlplane.field.evidence.models import evidence
from controlplane.field.evidence.shots import Shot, View
from tests.controlplane.desk_clerk import Clerk, refused
from tests.controlplane.dialects import both
from tests.controlplane.field.evidence.pictures import jpeg, labels, saved, scene

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PHOTO = jpeg(scene(1), labels())


def put(clerk: Clerk, content: bytes, who: str = Role.CREW, digest: str | None = None) -> httpx.Response:
    return clerk.send(who, "PUT", f"/field/evidence/{digest or sha256(content).hexdigest()}", content)


def files(clerk: Clerk) -> list[Path]:
    return sorted(path for path in clerk.intake.store.folder.rglob("*") if path.is_file())


def kept(clerk: Clerk) -> list[str]:
    with clerk.engine.connect() as db:
        return list(db.execute(select(evidence.c.sha256)).scalars())


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PHOTO, "image/jpeg"),
        (saved(scene(2), "PNG"), "image/png"),
        (saved(scene(3), "WEBP"), "image/webp"),
        (PDF, "application/pdf"),
    ],
    ids=["jpeg", "png", "webp", "pdf"],
)
def test_I7_what_is_given_back_is_byte_for_byte_what_came(clerk: Clerk, content: bytes, kind: str) -> None:
    answer = put(clerk, content)
    assert (answer.status_code, answer.json()["kind"], answer.json()["size"]) == (201, kind, len(content))
    path = f"/field/evidence/{sha256(content).hexdigest()}"
    back = clerk.get(Role.CREW, path)
    assert (back.content, back.headers["content-type"]) == (content, kind)
    assert back.headers["content-disposition"].startswith("attachment")
    assert back.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in back.headers["content-security-policy"]


@both
def test_the_same_again_changes_nothing(clerk: Clerk) -> None:
    first = put(clerk, PHOTO)
    before = [(path, path.read_bytes()) for path in files(clerk)]
    again = put(clerk, PHOTO)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert [(path, path.read_bytes()) for path in files(clerk)] == before
    assert len(kept(clerk)) == 1


def test_facts_are_read_once_and_told(clerk: Clerk) -> None:
    digest = clerk.photograph(jpeg(scene(1), labels(turned=6)), Role.CREW)
    facts = clerk.get(Role.OPERATOR, f"/field/evidence/{digest}/facts").json()["facts"]
    assert (facts["width"], facts["height"]) == (600, 800)
    assert facts["taken_at"] == "2026-03-03T11:00:00Z"
    assert facts["taken_local"] == "2026-03-03T12:00:00"
    assert facts["place"] == {"latitude": 43.7700333, "longitude": -11.25, "datum": "WGS-84", "accuracy_m": 5.0}
    assert facts["camera"] == "Phone X1"
    assert len(facts["likeness"]) == 16


def test_a_thumbnail_is_small_upright_and_holds_nothing_but_pixels(clerk: Clerk) -> None:
    content = saved(scene(1), "JPEG", exif=labels(turned=6, make="SECRETMAKER"), comment=b"SECRETCOMMENT")
    digest = clerk.photograph(content)
    small = clerk.get(Role.OPERATOR, f"/field/evidence/{digest}/thumbnail")
    assert small.headers["content-type"] == "image/jpeg"
    assert b"SECRET" not in small.content
    assert b"Exif" not in small.content
    with Image.open(BytesIO(small.content)) as image:
        assert (image.size, dict(image.getexif())) == ((360, 480), {})
    refused(clerk.get(Role.OPERATOR, f"/field/evidence/{clerk.photograph(PDF)}/thumbnail"), 404, "not_found")


def bomb() -> bytes:
    """65 million pixels in 80 kB."""
    return saved(Image.new("1", (8100, 8100)), "PNG")


def archive() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a", "b")
    return out.getvalue()


def moving() -> bytes:
    frames = [scene(n, (90, 90)) for n in range(3)]
    return saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100)


BAD: list[tuple[str, bytes, int, str]] = [
    ("nothing", b"", 415, "evidence_type"),
    ("short", b"\xff\xd8", 415, "evidence_type"),
    ("page", b"<!doctype html><script>alert(1)</script>", 415, "evidence_type"),
    ("drawing", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "evidence_type"),
    ("gif", saved(scene(1, (90, 90)), "GIF"), 415, "evidence_type"),
    ("tiff", saved(scene(1, (90, 90)), "TIFF"), 415, "evidence_type"),
    ("archive", archive(), 415, "evidence_type"),
    ("program", b"\x7fELF" + bytes(100), 415, "evidence_type"),
    ("heic", b"\0\0\0\x18ftypheic" + bytes(100), 415, "heic_not_taken"),
    ("avif", b"\0\0\0\x18ftypavif" + bytes(100), 415, "evidence_type"),
    ("cut jpeg", PHOTO[: len(PHOTO) // 2], 422, "evidence_damaged"),
    ("cut png", saved(scene(2), "PNG")[:-4000], 422, "evidence_damaged"),
    ("only a head", b"\xff\xd8\xff\xe0" + bytes(4000), 422, "evidence_damaged"),
    ("gif behind a jpeg's head", b"\xff\xd8\xff" + saved(scene(1, (90, 90)), "GIF"), 422, "evidence_damaged"),
    ("bomb", bomb(), 422, "evidence_pixels"),
    ("moving", moving(), 422, "evidence_moves"),
    ("large photograph", PHOTO + bytes(2_000_000), 413, "evidence_too_large"),
    ("large document", PDF + bytes(2_500_000), 413, "evidence_too_large"),
]


@pytest.mark.parametrize(("content", "status", "code"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_what_is_refused_leaves_nothing(clerk: Clerk, content: bytes, status: int, code: str) -> None:
    refused(put(clerk, content), status, code)
    assert files(clerk) == []
    assert kept(clerk) == []


def test_a_polyglot_is_kept_as_what_it_begins_as_and_never_shown_as_a_page(clerk: Clerk) -> None:
    content = PHOTO + b"<html><script>alert(1)</script>" + archive()
    digest = clerk.photograph(content)
    back = clerk.get(Role.OPERATOR, f"/field/evidence/{digest}")
    assert (back.content, back.headers["content-type"]) == (content, "image/jpeg")
    assert back.headers["content-disposition"].startswith("attachment")


def test_other_bytes_than_the_digest_names_are_refused(clerk: Clerk) -> None:
    refused(put(clerk, PHOTO, digest="0" * 64), 422, "evidence_digest")
    refused(put(clerk, PDF, digest="A" * 64), 422, "invalid_request")
    assert files(clerk) == []


def test_a_file_that_is_announced_too_large_is_refused_unread(clerk: Clerk) -> None:
    path = f"/field/evidence/{'0' * 64}"
    for length in ("2500001", "9" * 5000):
        refused(clerk.send(Role.CREW, "PUT", path, PHOTO, content_length=length), 413, "evidence_too_large")


def test_one_route_alone_takes_more_than_other_bodies(clerk: Clerk) -> None:
    large = bytes(100_000)
    for method, path in (
        ("POST", f"/field/evidence/{'0' * 64}"),
        ("PUT", f"/field/evidence/{'0' * 63}"),
        ("PUT", f"/field/evidence/{'0' * 64}/facts"),
        ("PUT", "/orders"),
    ):
        refused(clerk.send(Role.ADMIN, method, path, large), 413, "body_too_large")


def sending(clerk: Clerk, pieces: AsyncIterator[bytes]) -> httpx.Response:
    headers = {"authorization": f"Bearer {clerk.tokens[Role.CREW]}"}
    path = f"{API}/field/evidence/{sha256(PHOTO).hexdigest()}"
    return clerk.loop.run(clerk.http.put(path, content=pieces, headers=headers))


def test_a_file_that_falls_silent_is_refused_and_leaves_nothing(clerk: Clerk) -> None:
    clerk.intake.pace = Pace(silent_s=0.05)

    async def silent() -> AsyncIterator[bytes]:
        yield PHOTO[:5000]
        await asyncio.Event().wait()

    refused(sending(clerk, silent()), 408, "evidence_too_slow")
    assert files(clerk) == []


@pytest.mark.parametrize("pace", [Pace(at_once=0), Pace(at_once_of_one=0)])
def test_more_than_can_be_taken_at_once_is_refused_until_later(clerk: Clerk, pace: Pace) -> None:
    clerk.intake.pace = pace
    refused(put(clerk, PHOTO), 503, "evidence_busy")
    clerk.intake.pace = Pace()
    assert put(clerk, PHOTO).status_code == 201


def test_a_full_disk_is_told_and_leaves_nothing(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for owner, name in ((store.Incoming, "write"), (store, "_write"), (store, "sync_folder"), (os, "fsync")):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, full)
            refused(put(clerk, PHOTO), 503, "storage_full")
        assert kept(clerk) == []
        assert not list((clerk.intake.store.folder / store.INCOMING).iterdir())
    clerk.intake.store.bounds = store.Bounds(keep_free_bytes=10**18)
    refused(put(clerk, PHOTO), 503, "storage_full")


def test_a_file_that_was_altered_on_disk_is_not_given_and_heals_when_it_is_put_again(clerk: Clerk) -> None:
    digest = clerk.photograph(PHOTO)
    place = clerk.intake.store.path(digest)
    for spoil in (lambda: place.write_bytes(PHOTO[:-1] + b"x"), place.unlink):
        spoil()
        refused(clerk.get(Role.OPERATOR, f"/field/evidence/{digest}"), 503, "evidence_lost")
        clerk.photograph(PHOTO)
        assert clerk.get(Role.OPERATOR, f"/field/evidence/{digest}").content == PHOTO


# -- who may read it


def seen(clerk: Clerk, who: str, digest: str) -> set[int]:
    paths = ("", "/facts", "/thumbnail")
    return {clerk.get(who, f"/field/evidence/{digest}{rest}").status_code for rest in paths}


@both
def test_I10_evidence_is_its_senders_the_houses_and_the_clients_whose_order_it_serves(clerk: Clerk) -> None:
    digest = clerk.photograph(PHOTO, Role.CREW)
    order = clerk.order(clerk.point())
    outsiders = ("other-client_viewer", "other-client_requester", "other-integration")
    mine = (Role.CLIENT_VIEWER, Role.CLIENT_REQUESTER, Role.INTEGRATION)
    for who in (*outsiders, *mine):
        assert seen(clerk, who, digest) == {404}, who
    for who in (Role.CREW, Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR):
        assert seen(clerk, who, digest) == {200}, who
    for who in (Role.PLANNER, Role.VENDOR):
        assert seen(clerk, who, digest) == {403}, who
    with clerk.engine.begin() as db:
        use = service.Use(order["id"], order["supply_point"], clerk.mine)
        for _ in range(2):
            service.attach(db, clerk.clock.now(), use, [Shot(View.PLATE, digest)], "crew")
        assert service.shots_of(db, order["id"]) == [Shot(View.PLATE, digest)]
    for who in mine:
        assert seen(clerk, who, digest) == {200}, who
    for who in outsiders:
        assert seen(clerk, who, digest) == {404}, who


def test_I10_a_crew_reads_nothing_of_others_and_putting_tells_nothing_of_them(clerk: Clerk) -> None:
    digest = clerk.photograph(PHOTO, Role.OPERATOR)
    assert seen(clerk, Role.CREW, digest) == {404}
    assert put(clerk, PHOTO, Role.CREW).status_code == 201
    assert seen(clerk, Role.CREW, digest) == {200}


# -- whatever is sent

WHOLE = [PHOTO, saved(scene(4, (120, 90)), "PNG"), saved(scene(5, (120, 90)), "WEBP"), PDF]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A file with bytes exchanged, cut off, or added."""
    content = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(0, 8))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))]) + draw(st.binary(max_size=30))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | spoilt())
def test_whatever_is_sent_is_kept_whole_or_refused_by_name(clerk: Clerk, content: bytes) -> None:
    answer: Any = put(clerk, content)
    place = clerk.intake.store.path(sha256(content).hexdigest())
    if answer.status_code in (200, 201):
        assert place.read_bytes() == content
    else:
        assert answer.status_code in (415, 422), answer.text
        assert not place.exists()
    assert not list((clerk.intake.store.folder / store.INCOMING).iterdir())


@pytest.fixture(autouse=True)
def no_place_is_held_for_ever(clerk: Clerk) -> Iterator[None]:
    yield
    assert not clerk.intake.coming
