"""What is kept outside a database: it tells one that was restored, and is never half written."""

import subprocess
import sys
from pathlib import Path

import pytest

from seams import runfile
from seams.runfile import Inside, Kept, lost


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        (None, None),
        (Inside("a", 5), Kept("a", 5)),
        (Inside("a", 7), Kept("a", 5)),
        (Inside("a", 5), Kept("a", 5, next="b")),
        (Inside("b", 5), Kept("a", 5, next="b")),
    ],
)
def test_the_database_that_was_written_last_is_known(inside: Inside | None, outside: Kept | None) -> None:
    assert lost(inside, outside) is None


@pytest.mark.parametrize(
    ("inside", "outside", "says"),
    [
        (Inside("a", 5), None, "missing"),
        (None, Kept("a", 5), "new"),
        (Inside("a", 5), Kept("b", 5), "another run"),
        (Inside("a", 5), Kept("b", 5, next="c"), "another run"),
        (Inside("a", 4), Kept("a", 5), "up to 4"),
    ],
)
def test_a_restored_or_exchanged_database_is_told(inside: Inside | None, outside: Kept | None, says: str) -> None:
    assert says in (lost(inside, outside) or "")


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "run"
    assert runfile.read(path) is None
    runfile.write(path, Kept("a", 3, next="b"))
    runfile.write(path, Kept("b", 4), settled=False)
    assert runfile.read(path) == Kept("b", 4)
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b'{"run": 1, "mark": 2}', b'{"run": "a", "mark": 1, "x": 2}'])
def test_a_spoilt_file_is_an_error_that_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run"
    path.write_bytes(content)
    with pytest.raises(runfile.RunFileError, match=r"run: is no run file .*set it aside"):
        runfile.read(path)


def test_a_disk_that_refuses_leaves_what_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "run"
    runfile.write(path, Kept("a", 3))
    (tmp_path / "run.new").mkdir()
    with pytest.raises(runfile.RunFileError, match="can't be written"):
        runfile.write(path, Kept("b", 4))
    assert runfile.read(path) == Kept("a", 3)


def test_a_lock_is_one_process_s_alone_until_it_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held = runfile.lock(path, "the journal")
    program = (
        "import sys, pathlib; from seams import runfile\n"
        "try: runfile.lock(pathlib.Path(sys.argv[1]), 'the journal')\n"
        "except runfile.RunFileError as error: sys.exit(str(error))"
    )
    command = [sys.executable, "-c", program, str(path)]
    other = subprocess.run(command, capture_output=True, text=True, check=False)
    assert other.returncode == 1
    assert "the journal is in use by another process" in other.stderr
    held.release()
    assert subprocess.run(command, check=False).returncode == 0
    held.release()
