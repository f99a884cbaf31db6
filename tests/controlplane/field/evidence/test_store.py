"""Files of evidence and a process that is killed: under a digest stands all of it, or nothing."""

import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from controlplane.field.evidence.store import INCOMING, Bounds, Store
from tests.controlplane.field.evidence.pictures import jpeg, scene

PHOTO = jpeg(scene(1))
DIGEST = sha256(PHOTO).hexdigest()
KILLED = """
import os, signal, sys
from hashlib import sha256
from pathlib import Path
from controlplane.field.evidence import store
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
folder, where, after, source = sys.argv[1:]
house = store.Store(Path(folder), store.Bounds(keep_free_bytes=0))
house.prepare()
content = Path(source).read_bytes()
owner = {"fsync": os, "replace": Path, "sync_folder": store}.get(where)
incoming = house.begin()
incoming.write(content[:5000])
if where == "write": die()
real, left = getattr(owner, where), [int(after)]
def counted(*args):
    if not left[0]: die()
    left[0] -= 1
    return real(*args)
setattr(owner, where, counted)
incoming.write(content[5000:])
incoming.finish(sha256(content).hexdigest())
house.keep(incoming, sha256(content).hexdigest(), b"small")
"""


@pytest.mark.parametrize(
    ("where", "after"), [("write", 0), ("fsync", 0), ("fsync", 1), ("replace", 0), ("replace", 1), ("sync_folder", 0)]
)
def test_I7_a_process_that_is_killed_leaves_all_of_a_file_or_nothing(where: str, after: int, tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "evidence"
    source.write_bytes(PHOTO)
    command = [sys.executable, "-c", KILLED, str(folder), where, str(after), str(source)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    house = Store(folder, Bounds(keep_free_bytes=0))
    house.prepare()
    assert list((folder / INCOMING).iterdir()) == []
    place = house.path(DIGEST)
    assert not place.exists() or place.read_bytes() == PHOTO
    again = house.begin()
    again.write(PHOTO)
    again.finish(DIGEST)
    house.keep(again, DIGEST, b"small")
    again.discard()
    assert house.is_whole(DIGEST)
    assert house.thumbnail(DIGEST).read_bytes() == b"small"
    assert list((folder / INCOMING).iterdir()) == []


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    house = Store(tmp_path / "evidence", Bounds(keep_free_bytes=0))
    house.prepare()
    incoming = house.begin()
    incoming.write(PHOTO)
    incoming.finish(DIGEST)
    house.keep(incoming, DIGEST, b"small")
    assert {path.stat().st_mode & 0o077 for path in house.folder.rglob("*")} == {0}
    assert house.folder.stat().st_mode & 0o077 == 0


def test_what_is_altered_is_not_whole(tmp_path: Path) -> None:
    house = Store(tmp_path, Bounds(keep_free_bytes=0))
    assert not house.is_whole(DIGEST)


def test_I7_bytes_are_durable_before_they_have_a_name_and_the_name_before_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = Store(tmp_path / "evidence", Bounds(keep_free_bytes=0))
    house.prepare()
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        done.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    def named(path: Path, target: Path) -> Path:
        done.append(f"name {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", named)
    incoming = house.begin()
    incoming.write(PHOTO)
    incoming.finish(DIGEST)
    house.keep(incoming, DIGEST, b"small")
    small = f"{incoming.path.name}.thumbnail.jpg"
    assert done == [
        f"sync {incoming.path.name}",
        "sync evidence",
        f"sync {small}",
        f"name {DIGEST}.thumbnail.jpg",
        f"name {DIGEST}",
        f"sync {DIGEST[:2]}",
    ]
