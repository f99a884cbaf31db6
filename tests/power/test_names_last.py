"""I7: what was kept outside a database is found after a power loss: content and name, each synced before it counts."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from controlplane.field.evidence.store import Bounds, Store
from seams import keyfile, runfile
from seams.runfile import Kept
from simulators.chance import SeededEntropy
from tests.power.disk import Loss
from tests.power.mounted import Mounted, mounted

pytestmark = pytest.mark.needs("fuse")
PDF = b"%PDF-1.4 " + b"x" * 3000 + b"%%EOF"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Mounted]:
    with mounted(tmp_path / "disk") as disk:
        yield disk


def after(disk: Mounted, loss: Loss = Loss.ALL) -> Path:
    folder = disk.place.with_name(loss.name)
    disk.left(loss, 0, folder)
    return folder


def test_what_nobody_syncs_is_lost(disk: Mounted) -> None:
    (disk.place / "file").write_bytes(b"content")
    assert list(after(disk).iterdir()) == []
    assert (after(disk, Loss.NAMES) / "file").read_bytes() == b""
    assert (after(disk, Loss.NONE) / "file").read_bytes() == b"content"


@pytest.mark.parametrize("loss", [Loss.ALL, Loss.NAMES, Loss.TORN_SECTOR])
def test_I7_a_key_that_was_made_is_there(disk: Mounted, loss: Loss) -> None:
    made = keyfile.make(disk.place / "gateway.key", SeededEntropy(0))
    assert keyfile.load(after(disk, loss) / "gateway.key").public == made.public


@pytest.mark.parametrize("loss", [Loss.ALL, Loss.NAMES, Loss.TORN_SECTOR])
def test_I7_the_run_file_is_as_it_was_last_kept(disk: Mounted, loss: Loss) -> None:
    path = disk.place / "journal.run"
    runfile.write(path, Kept("a", 1))
    runfile.write(path, Kept("b", 2))
    assert runfile.read(after(disk, loss) / "journal.run") == Kept("b", 2)
    runfile.write(path, Kept("b", 3), settled=False)
    assert runfile.read(path) == Kept("b", 3)


@pytest.mark.parametrize("loss", [Loss.ALL, Loss.NAMES, Loss.TORN_SECTOR])
def test_I7_evidence_that_was_kept_is_there(disk: Mounted, loss: Loss) -> None:
    digest, bounds = sha256(PDF).hexdigest(), Bounds(keep_free_bytes=0)
    store = Store(disk.place / "evidence", bounds)
    store.prepare()
    incoming = store.begin()
    incoming.write(PDF)
    incoming.finish(digest)
    store.keep(incoming, digest, b"thumbnail")
    assert Store(after(disk, loss) / "evidence", bounds).is_whole(digest)
