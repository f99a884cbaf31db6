"""Key files: made private, and refused when they are not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seams import keyfile
from seams.clock import SystemEntropy


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gateway.key"


def test_a_new_key_is_its_owners_alone_and_loads_again(path: Path) -> None:
    made = keyfile.make(path, SystemEntropy())
    assert path.stat().st_mode & 0o777 == 0o600
    assert keyfile.load(path).public == made.public
    assert keyfile.load_or_make(path, SystemEntropy()).public == made.public


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    keyfile.make(path, SystemEntropy())
    path.chmod(mode)
    with pytest.raises(keyfile.KeyFileError, match="chmod 600"):
        keyfile.load(path)


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "00" * 33, "kéy"])
def test_what_holds_no_key_says_so(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(keyfile.KeyFileError, match="64 hex digits"):
        keyfile.load(path)


def test_a_key_is_never_overwritten(path: Path) -> None:
    keyfile.make(path, SystemEntropy())
    with pytest.raises(keyfile.KeyFileError, match="never overwritten"):
        keyfile.make(path, SystemEntropy())


def test_a_missing_file_and_a_missing_folder(path: Path) -> None:
    with pytest.raises(keyfile.KeyFileError, match="can't be read"):
        keyfile.load(path)
    with pytest.raises(keyfile.KeyFileError, match="can't be written"):
        keyfile.make(path / "deeper", SystemEntropy())


READERS = (keyfile.load, keyfile.secret, keyfile.private)
readers = pytest.mark.parametrize("reader", READERS, ids=lambda r: r.__name__)


@readers
@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o602, 0o610, 0o601, 0o777])
def test_no_secret_is_read_that_anybody_else_may_reach(path: Path, reader: Callable[[Path], object], mode: int) -> None:
    keyfile.make(path, SystemEntropy())
    path.chmod(mode)
    with pytest.raises(keyfile.KeyFileError, match="chmod 600"):
        reader(path)


@readers
def test_no_secret_is_read_through_a_symbolic_link(path: Path, reader: Callable[[Path], object]) -> None:
    keyfile.make(path, SystemEntropy())
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(keyfile.KeyFileError, match="symbolic link"):
        reader(link)


@readers
def test_no_secret_is_read_from_what_is_no_file(path: Path, reader: Callable[[Path], object]) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(keyfile.KeyFileError, match="is no file"):
        reader(path)


@readers
def test_no_secret_is_read_that_is_somebody_elses(
    path: Path, reader: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    keyfile.make(path, SystemEntropy())
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(keyfile.KeyFileError, match="belongs to user"):
        reader(path)


def test_a_link_that_leads_nowhere_makes_no_key(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(keyfile.KeyFileError, match="symbolic link"):
        keyfile.load_or_make(path, SystemEntropy())
    assert not path.with_name("elsewhere").exists()
