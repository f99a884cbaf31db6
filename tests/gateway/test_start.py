"""Starting and stopping `curbstop gateway`: what is wrong is said in a sentence, and a stop is clean."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from curbstop.cli import main
from seams import runfile
from tests.gateway.world import config_text


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Starting sets up logs on the standard error of this test, which others must not inherit."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gateway.toml").write_text(config_text().replace("port = 5000", "port = 1"))
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    return tmp_path


def typo(folder: Path) -> None:
    path = folder / "gateway.toml"
    path.write_text(path.read_text().replace("per_hour", "per_huor"))


def open_key(folder: Path) -> None:
    (folder / "g.key").write_text("00" * 32)
    (folder / "g.key").chmod(0o644)


def a_second_gateway(folder: Path) -> None:
    runfile.lock(folder / "journal.sqlite.lock", "the journal")


def rubbish_for_a_journal(folder: Path) -> None:
    (folder / "journal.sqlite").write_text("no database " * 100)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (typo, "gateway.toml:6: caps.per_hour: is missing"),
        (lambda folder: (folder / "gateway.toml").unlink(), "gateway.toml: can't be read"),
        (lambda folder: (folder / "gateway.toml").write_bytes(b"\xff\xfe"), "gateway.toml: can't be read"),
        (lambda folder: (folder / "password").unlink(), "password"),
        (open_key, "chmod 600"),
        (a_second_gateway, "journal.sqlite is in use by another process: stop that one first"),
        (rubbish_for_a_journal, "is no journal"),
        (lambda folder: (folder / "journal.sqlite").mkdir(), "can't be opened"),
    ],
)
def test_what_keeps_it_from_starting_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object], says: str
) -> None:
    spoil(folder)
    assert main(["gateway", str(folder / "gateway.toml")]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_a_file_is_checked_without_starting(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", str(folder / "gateway.toml"), "--check"]) == 0
    assert "4 meters on 1 lines" in capsys.readouterr().out
    assert not (folder / "journal.sqlite").exists()


def test_a_stop_is_clean_even_while_nothing_can_be_reached(folder: Path) -> None:
    command = [sys.executable, "-m", "curbstop", "gateway", str(folder / "gateway.toml")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        heard = ""
        while "line can't be reached" not in heard:
            line = process.stderr.readline()
            assert line, f"it ended by itself: {heard}"
            heard += line
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=20)[1]
    assert process.returncode == 0
    assert "Traceback" not in heard + rest
    assert (folder / "g.key").stat().st_mode & 0o777 == 0o600
