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


def test_a_rising_mark_is_kept_in_place_and_one_torn_by_a_power_loss_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "x.run"
    runfile.write(path, Kept("a", 1))
    file = path.stat().st_ino
    for mark in range(2, 9):
        before = path.read_bytes()
        runfile.write(path, Kept("a", mark), settled=False)
        after = path.read_bytes()
        assert runfile.read(path) == Kept("a", mark)
        for cut in range(0, len(after), 7):
            path.write_bytes(after[:cut] + before[cut:])
            assert runfile.read(path) in (Kept("a", mark - 1), Kept("a", mark))
        path.write_bytes(after)
    assert path.stat().st_ino == file, "a new file costs four times as much, on the way to every valve"


def test_another_run_or_a_lower_mark_or_a_missing_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.run"
    for kept in (Kept("a", 9), Kept("b", 10), Kept("b", 3), Kept("b", 3, next="c")):
        runfile.write(path, kept, settled=False)
        assert runfile.read(path) == kept
    path.unlink()
    runfile.write(path, Kept("c", 4), settled=False)
    assert runfile.read(path) == Kept("c", 4)


def test_a_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.run"
    path.write_bytes(b'{"run":"a","mark":3,"next":""}')
    assert runfile.read(path) == Kept("a", 3)
    runfile.write(path, Kept("a", 4), settled=False)
    assert runfile.read(path) == Kept("a", 4)
