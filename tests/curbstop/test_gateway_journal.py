"""A gateway's journal is backed up while it runs and restored when it does not, and safe mode is ended by a person."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from curbstop.cli import main
from gateway.journal.journal import Journal
from gateway.journal.place import open_at
from seams.clock import SystemEntropy
from tests.gateway.journal.lived import NAME, A, live, task
from tests.gateway.world import config_text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gateway.toml").write_text(config_text())
    return tmp_path


def opened(folder: Path) -> Journal:
    return open_at(folder / NAME, SystemEntropy()).journal


def act(folder: Path, *words: str) -> int:
    return main(["journal", words[0], str(folder / "gateway.toml"), *(str(folder / word) for word in words[1:])])


@pytest.mark.parametrize("more", [0, 2])
def test_I2_a_restored_journal_goes_on_as_a_new_one_and_repeats_nothing(folder: Path, more: int) -> None:
    journal = opened(folder)
    live(journal, 3)
    assert act(folder, "backup", "kept.sqlite") == 0
    live(journal, more, since=20) if more else journal.receive(task(20))
    before, mark = journal.id, journal.mark(A)
    journal.close()
    assert act(folder, "restore", "kept.sqlite") == 0
    again = opened(folder)
    assert (again.doubted, again.id == before, again.safe) == (True, False, "")
    assert again.mark(A) != mark, "the birth shows a lower mark: the epoch is raised"
    begun = [t for t in again.unfinished() if t.state == "started"]
    assert [t.began for t in begun] == [True], "what had begun is settled by reading"
    assert len([*folder.glob(f"{NAME}.before-*Z")]) == 1
    again.close()
    assert not opened(folder).doubted


def test_a_backup_is_never_overwritten_and_a_restore_wants_the_gateway_stopped(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = opened(folder)
    assert act(folder, "backup", "kept.sqlite") == 0
    assert act(folder, "backup", "kept.sqlite") == 2
    assert act(folder, "restore", "kept.sqlite") == 2
    told = capsys.readouterr().err
    assert "never overwritten" in told
    assert "in use by another process" in told
    journal.receive(task(1))
    assert act(folder, "restore") == 2
    assert "name the backup" in capsys.readouterr().err


@pytest.mark.parametrize("spoil", ["DELETE FROM marks", "DROP TABLE tasks", "UPDATE meta SET value = 'x'"])
def test_what_is_no_whole_journal_is_not_restored(folder: Path, capsys: pytest.CaptureFixture[str], spoil: str) -> None:
    journal = opened(folder)
    live(journal, 2)
    assert act(folder, "backup", "kept.sqlite") == 0
    journal.close()
    with closing(sqlite3.connect(folder / "kept.sqlite")) as db, db:
        db.execute(spoil)
    shutil.copy(folder / NAME, folder / "before")
    assert act(folder, "restore", "kept.sqlite") == 2
    assert "is no whole journal" in capsys.readouterr().err
    assert (folder / NAME).read_bytes() == (folder / "before").read_bytes()
    assert not opened(folder).doubted


def test_safe_mode_is_shown_and_ended(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert act(folder, "trust") == 2
    journal = opened(folder)
    journal.set_safe("the journal was damaged")
    assert act(folder, "show") == 0
    assert "safe mode: the journal was damaged" in capsys.readouterr().out
    assert act(folder, "trust") == 2
    journal.close()
    assert act(folder, "trust") == 0
    assert opened(folder).safe == ""
    assert act(folder, "show") == 0
    assert "closures are allowed" in capsys.readouterr().out
