"""Backups of evidence: only what is missing is copied, each file is what its name says, and nothing is ever deleted."""

import signal
import sqlite3
import stat
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.field.evidence.store import Store
from curbstop import evidence_copies
from curbstop.cli import main
from curbstop.evidence_copies import BESIDE, back_up, named_in, put_back
from tests.controlplane.field.evidence.pictures import jpeg, scene
from tests.curbstop import test_serve
from tests.curbstop.test_serve import first_token, free_port, ready, served

FILES = {sha256(content).hexdigest(): content for content in (b"one", b"two", b"three")}
DIGESTS = sorted(FILES)
PHOTO = jpeg(scene(1))
DIGEST = sha256(PHOTO).hexdigest()


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A house that has all of it, and a backup that has nothing yet."""
    for digest, content in FILES.items():
        lay(tmp_path / "house", digest, content)
    return tmp_path / "house", tmp_path / "backup"


def lay(folder: Path, digest: str, content: bytes) -> None:
    place = Store(folder).path(digest)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    Store(folder).thumbnail(digest).write_bytes(b"small")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_only_what_is_missing_is_copied_and_a_copy_is_private(folders: tuple[Path, Path]) -> None:
    house, backup = folders
    assert back_up(DIGESTS[:2], house, backup).files == 2
    before = {path: path.stat().st_mtime_ns for path in backup.rglob("*") if path.is_file()}
    again = back_up(DIGESTS, house, backup)
    assert (again.files, again.lost, again.warning) == (1, (), None)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert names(backup) == names(house)
    for path in (backup, *backup.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_what_is_spoilt_is_never_copied_and_what_the_backup_had_stays(folders: tuple[Path, Path]) -> None:
    house, backup = folders
    back_up(DIGESTS[:1], house, backup)
    for digest in DIGESTS[:2]:
        Store(house).path(digest).write_bytes(b"spoilt!")
    Store(house).path(DIGESTS[2]).unlink()
    found = back_up(DIGESTS, house, backup)
    assert (found.files, found.lost) == (0, tuple(DIGESTS[1:]))
    assert "2 pieces of evidence are missing or altered" in (found.warning or "")
    assert Store(backup).is_whole(DIGESTS[0])
    assert [path.name for path in backup.rglob("*.part")] == []


WHOLE, SPOILT, CUT, GONE = "whole", "spoilt", "cut", "gone"
STATE = st.sampled_from([WHOLE, SPOILT, CUT, GONE])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(STATE, STATE), min_size=3, max_size=3))
def test_whatever_is_lost_on_either_side_what_one_of_them_has_is_there_after_a_restore(
    states: list[tuple[str, str]],
) -> None:
    with TemporaryDirectory() as place:
        house, backup = Path(place) / "house", Path(place) / "backup"
        for digest, both in zip(DIGESTS, states, strict=True):
            for folder, state in zip((house, backup), both, strict=True):
                content = FILES[digest]
                if state != GONE:
                    made = {WHOLE: content, SPOILT: bytes([content[0] ^ 1]) + content[1:], CUT: content[:-1]}
                    lay(folder, digest, made[state])
        before = {path: path.read_bytes() for path in Path(place).rglob("*") if path.is_file()}
        found = put_back(DIGESTS, house, backup)
        there = [WHOLE in both for both in states]
        assert [Store(house).is_whole(digest) for digest in DIGESTS] == there
        assert list(found.lost) == [digest for digest, whole in zip(DIGESTS, there, strict=True) if not whole]
        kept = {path for path, content in before.items() if path.read_bytes() == content}
        assert {path for path in before if path not in kept} <= {Store(house).path(digest) for digest in DIGESTS}


def database(path: Path, *digests: str) -> Path:
    """No more of a control plane's database than what a backup looks at."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE alembic_version (version_num)")
        db.execute("CREATE TABLE evidence (sha256)")
        db.executemany("INSERT INTO evidence VALUES (?)", [(digest,) for digest in digests])
        db.commit()
    return path


def test_a_database_of_an_older_version_names_no_evidence(tmp_path: Path) -> None:
    assert named_in(database(tmp_path / "a", *DIGESTS)) == DIGESTS
    with closing(sqlite3.connect(tmp_path / "b")) as db:
        db.execute("CREATE TABLE alembic_version (version_num)")
        db.commit()
    assert named_in(tmp_path / "b") == []


@pytest.fixture
def house(tmp_path: Path) -> tuple[str, Path]:
    """A configuration, with a database and the evidence that it names."""
    database(tmp_path / "control-plane.sqlite", *DIGESTS)
    for digest, content in FILES.items():
        lay(tmp_path / "evidence", digest, content)
    return str(test_serve.settings(tmp_path, 1)), tmp_path / "kept" / "monday.sqlite"


def test_what_is_lost_is_told_and_the_restore_goes_on(
    house: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, kept = house
    kept.parent.mkdir()
    assert main(["backup", config, str(kept)]) == 0
    assert "3 pieces of evidence added" in capsys.readouterr().out
    Store(tmp_path / "evidence").path(DIGESTS[0]).unlink()
    Store(kept.parent / BESIDE).path(DIGESTS[0]).write_bytes(b"")
    Store(tmp_path / "evidence").path(DIGESTS[1]).unlink()
    assert main(["restore", config, str(kept)]) == 1
    said = capsys.readouterr()
    assert "1 pieces of evidence put back" in said.out
    assert DIGESTS[0] in said.err
    assert Store(tmp_path / "evidence").is_whole(DIGESTS[1])
    assert main(["backup", config, str(kept.parent / "tuesday")]) == 1
    assert (kept.parent / "tuesday").exists()
    assert main(["restore", config, str(kept), "--no-evidence"]) == 0


def test_a_disk_that_refuses_leaves_no_backup_and_says_what_to_do(
    house: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, kept = house
    kept.parent.mkdir()

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evidence_copies, "_bytes", full)
    assert main(["backup", config, str(kept)]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert not kept.exists()
    assert main(["backup", config, str(kept), "--no-evidence"]) == 0
    Store(tmp_path / "evidence").path(DIGESTS[1]).unlink()
    lay(kept.parent / BESIDE, DIGESTS[1], FILES[DIGESTS[1]])
    before = (tmp_path / "control-plane.sqlite").read_bytes()
    assert main(["restore", config, str(kept)]) == 2
    assert "--no-evidence" in capsys.readouterr().err
    assert (tmp_path / "control-plane.sqlite").read_bytes() == before


def test_the_houses_own_folder_is_no_backup(house: tuple[str, Path], tmp_path: Path) -> None:
    config, kept = house
    assert main(["backup", config, str(kept), "--evidence", str(tmp_path / "evidence")]) == 2


def test_I7_a_photograph_is_there_after_the_house_has_lost_everything(tmp_path: Path) -> None:
    port, kept = free_port(), tmp_path / "kept.sqlite"
    config = str(test_serve.settings(tmp_path, port))
    path = f"http://127.0.0.1:{port}/api/v1/field/evidence/{DIGEST}"
    with served(tmp_path, port) as process:
        headers = {"authorization": f"Bearer {first_token(process)}"}
        ready(port)
        assert httpx.put(path, content=PHOTO, headers=headers).status_code == 201
        assert main(["backup", config, str(kept)]) == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    for spoilt in (path for path in (tmp_path / "evidence").rglob("*") if path.is_file()):
        spoilt.unlink()
    (tmp_path / "control-plane.sqlite").unlink()
    assert main(["restore", config, str(kept)]) == 0
    with served(tmp_path, port):
        ready(port)
        assert httpx.get(path, headers=headers).content == PHOTO
        assert httpx.get(f"{path}/thumbnail", headers=headers).status_code == 200
