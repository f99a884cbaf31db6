"""Reading photographs: labels of any content, likeness, sharpness, and a process that may hang, fall or talk."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from controlplane.access.roles import Role
from controlplane.field.evidence import examine, exif, service
from controlplane.field.evidence.examine import Examiner
from controlplane.field.evidence.facts import Facts
from controlplane.field.evidence.judging import Report, Standards
from controlplane.field.evidence.likeness import NEAR, bands, distance, twins
from controlplane.field.evidence.look import look
from controlplane.field.evidence.reviewing import review
from controlplane.field.evidence.senders import Sender
from controlplane.field.evidence.shots import Shot, View
from controlplane.policy.facts import Act
from controlplane.problems import UnprocessableError
from tests.controlplane.desk_clerk import Clerk
from tests.controlplane.dialects import both
from tests.controlplane.field.evidence.pictures import jpeg, labels, saved, scene
from tests.controlplane.field.evidence.test_judging import ROME


def facts(content: bytes) -> Facts:
    return look(BytesIO(content))[0]


def bits(content: bytes) -> str:
    found = facts(content).likeness
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_same_scene_stays_alike_and_another_does_not(seed: int) -> None:
    image = scene(seed)
    first = bits(jpeg(image))
    for other in (
        jpeg(image.resize((400, 300))),
        jpeg(image, quality=40),
        jpeg(image.point([min(255, n * 21 // 20) for n in range(256)] * 3)),
        saved(image, "PNG"),
    ):
        assert distance(first, bits(other)) <= NEAR
    assert all(distance(first, bits(jpeg(scene(n)))) > NEAR for n in range(100, 120))


@pytest.mark.parametrize("seed", range(4))
def test_F29_a_blurred_photograph_is_less_sharp_than_the_standard_and_a_sharp_one_more(seed: int) -> None:
    image = scene(seed, (1600, 1200))
    assert facts(jpeg(image)).sharpness > 4 * Standards().sharpness
    assert facts(jpeg(image.filter(ImageFilter.GaussianBlur(4)))).sharpness < Standards().sharpness


def test_nothing_to_be_seen_is_like_nothing() -> None:
    assert facts(jpeg(Image.new("RGB", (800, 600), "gray"))).likeness is None


@pytest.mark.parametrize("turned", range(9))
def test_a_turned_photograph_is_like_the_upright_one(turned: int) -> None:
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = scene(1)
    as_held = image.transpose(turns[turned]) if turned in turns else image
    seen = facts(jpeg(as_held, labels(turned=turned)))
    assert (seen.width, seen.height) == (800, 600)
    assert distance(bits(jpeg(image)), seen.likeness or "") <= 2


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16"])
def test_pictures_of_any_depth_are_read(mode: str) -> None:
    image = Image.new(mode, (90, 60)) if mode == "I;16" else scene(1, (90, 60)).convert(mode)
    assert facts(saved(image, "PNG")).width == 90
    assert facts(jpeg(scene(1).convert("CMYK"))).width == 800


# -- labels


def test_a_camera_without_an_offset_names_no_moment_unless_the_satellites_do() -> None:
    seen = facts(jpeg(scene(1), labels(offset=None, gps=False)))
    assert (seen.taken_at, str(seen.taken_local)) == (None, "2026-03-03 12:00:00")
    assert str(seen.when(ROME)) == "2026-03-03 11:00:00+00:00"
    seen = facts(jpeg(scene(1), labels(offset=None)))
    assert str(seen.taken_at) == "2026-03-03 11:00:05+00:00"


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "2026:13:40 99:00:00", "1970:01:01 00:00:00", "", "now"])
def test_a_time_that_is_none_is_left_out(taken: str) -> None:
    seen = facts(jpeg(scene(1), labels(taken, gps=False)))
    assert (seen.taken_at, seen.taken_local) == (None, None)


def test_words_of_strangers_are_short_and_of_one_line() -> None:
    made = facts(jpeg(scene(1), labels(make="A\x00\x1b[31m\nB" + "x" * 5000))).camera
    assert made is not None
    assert made.isprintable()
    assert len(made) <= 128
    assert made.startswith("A")


ANYTHING = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=80) | st.binary(max_size=80) | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner, inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([1, 2, 3, 4, 7, 18, 29, 31, 0x10F, 0x110, 0x9003, 0x9011]), ANYTHING))
def test_labels_may_hold_anything(tags: dict[int, Any]) -> None:
    exif.taken(tags, tags)
    where, made = exif.place(tags), exif.camera(tags)
    assert where is None or (abs(where.latitude) <= 90 and abs(where.longitude) <= 180)
    assert made is None or (made.isprintable() and len(made) <= 128)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 400))
def test_spoilt_labels_spoil_no_photograph(noise: bytes, at: int) -> None:
    written = bytearray(labels().tobytes())
    at = 6 + at % (len(written) - 6)
    written[at : at + len(noise)] = noise
    out = BytesIO()
    scene(1, (90, 60)).save(out, "JPEG", exif=bytes(written))
    seen = facts(out.getvalue())
    assert sorted((seen.width, seen.height)) == [60, 90]


# -- the process


@pytest.mark.parametrize(
    "does",
    [
        "while True: pass",
        "import os; os.abort()",
        "raise SystemExit(3)",
        "print('{}')",
        "print('not json')",
        'print(\'{"facts": {"width": "x"}}\')',
        "import sys; sys.stdout.write('x' * 5_000_000)",
    ],
)
async def test_a_process_that_hangs_falls_or_talks_is_a_damaged_photograph(
    does: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "LOOK", ("-c", does))
    photograph = tmp_path / "p"
    photograph.write_bytes(jpeg(scene(1)))
    with pytest.raises(UnprocessableError) as refusal:
        await Examiner(within_s=1.0).look(photograph)
    assert refusal.value.code == "evidence_damaged"


async def test_the_process_is_bounded_in_memory_and_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph, left = tmp_path / "p", tmp_path / "left"
    photograph.write_bytes(jpeg(scene(1)))
    begin = "from controlplane.field.evidence import look; look.confine(); "
    say = 'print(\'{"refusal": "evidence_moves"}\')'
    for tries in ("bytearray(3_000_000_000)", f"import os; os.write(os.open({str(left)!r}, 65), b'x')"):
        monkeypatch.setattr(examine, "LOOK", ("-c", f"{begin}{tries}; {say}"))
        with pytest.raises(UnprocessableError) as refusal:
            await Examiner().look(photograph)
        assert refusal.value.code == "evidence_damaged"
    monkeypatch.setattr(examine, "LOOK", ("-c", f"{begin}{say}"))
    with pytest.raises(UnprocessableError) as refusal:
        await Examiner().look(photograph)
    assert refusal.value.code == "evidence_moves"


def test_the_process_is_bounded_before_it_looks() -> None:
    looks = "look.look = lambda _: sys.exit(resource.getrlimit(resource.RLIMIT_AS)[0] != look.MEMORY_BYTES)"
    told = f"import resource, sys; from controlplane.field.evidence import look; {looks}; look.main()"
    assert subprocess.run([sys.executable, "-c", told], check=False, stdin=subprocess.DEVNULL).returncode == 0


def test_the_house_itself_loads_no_decoder() -> None:
    told = "import sys, controlplane.app; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


# -- across orders


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=7))
def test_what_differs_in_seven_bits_is_found_by_a_part(one: int, flipped: set[int]) -> None:
    other = one ^ sum(1 << bit for bit in flipped)
    parts = zip(bands(f"{one:016x}"), bands(f"{other:016x}"), strict=True)
    assert any((a ^ b).bit_count() <= 1 for a, b in parts)
    assert distance(f"{one:016x}", f"{other:016x}") == len(flipped)


def serve(clerk: Clerk, digest: str, client: str | None = None) -> str:
    """Have a photograph serve a new order."""
    order = clerk.order(clerk.point(client))
    with clerk.engine.begin() as db:
        use = service.Use(order["id"], order["supply_point"], order["client"])
        service.attach(db, clerk.clock.now(), use, [Shot(View.PLATE, digest)], "crew")
    return str(order["id"])


@both
def test_F29_the_same_photograph_and_one_alike_are_found_across_orders(clerk: Clerk) -> None:
    image = scene(1)
    first, alike = clerk.photograph(jpeg(image), Role.CREW), clerk.photograph(jpeg(image, quality=50), Role.CREW)
    other = clerk.photograph(jpeg(scene(2)), Role.CREW)
    one, two = serve(clerk, first), serve(clerk, alike, clerk.other)
    serve(clerk, other)
    with clerk.engine.connect() as db:
        found = twins(db, first, bits(jpeg(image)), one)
        assert [(t.digest, t.order, t.client) for t in found] == [(alike, two, clerk.other)]
        third = twins(db, first, bits(jpeg(image)), "ord_third")
        assert (third[0].order, third[0].distance) == (one, 0)
        assert {t.order for t in third} == {one, two}
        assert [t.order for t in twins(db, first, None, "ord_third")] == [one]


def test_a_report_is_reviewed_with_what_its_sender_has_put(clerk: Clerk) -> None:
    now = clerk.clock.now()
    digest = clerk.photograph(jpeg(scene(1)), Role.CREW)
    foreign = clerk.photograph(jpeg(scene(2)), Role.OPERATOR)
    before = serve(clerk, digest)
    crew = Sender(clerk.tokens[Role.CREW].split(".")[0])
    report = Report(Act.SUSPEND, (Shot(View.PLATE, digest),), now, now, ROME)
    with clerk.engine.connect() as db:
        found = review(db, report, "ord_new", crew)
        assert [f.code for f in found] == ["shot_missing"] * 3 + ["used_before", "time_unknown"]
        assert found[3].other == before
        report = Report(Act.SUSPEND, (Shot(View.PLATE, foreign),), now, now, ROME)
        with pytest.raises(UnprocessableError) as refusal:
            review(db, report, "ord_new", crew)
    assert refusal.value.code == "evidence_unknown"
