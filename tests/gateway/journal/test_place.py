"""The journal at its place: one process's alone, and a restored one gives itself away (P6, P11, Delivery)."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.journal.errors import JournalError, StorageError
from gateway.journal.journal import Journal
from gateway.journal.place import Placed, open_at
from gateway.journal.records import Taking, Task
from protocols.types import MeterId
from protocols.uplink.messages import GENESIS, Chain, Number
from seams.clock import SystemEntropy

AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
A = MeterId("A")


def opened(folder: Path) -> Placed:
    return open_at(folder / "journal.sqlite", SystemEntropy())


def id_after_restart(folder: Path) -> str:
    placed = opened(folder)
    placed.lock.release()
    return placed.journal.id


def received(journal: Journal, sequence: int = 1) -> str:
    digest = f"{sequence:064x}"
    journal.receive(Task(digest, "command", A, Number(1, sequence), b"", "received", None, False, None, AT, 0.0))
    return digest


def backup(folder: Path) -> Path:
    kept = folder / "backup"
    kept.mkdir()
    for part in folder.glob("journal.sqlite*"):
        if part.suffix not in (".lock", ".run"):
            shutil.copy(part, kept)
    return kept


def restore(folder: Path, kept: Path) -> None:
    for part in folder.glob("journal.sqlite*"):
        if part.suffix not in (".lock", ".run"):
            part.unlink()
    for part in kept.iterdir():
        shutil.copy(part, folder)


def start(journal: Journal, digest: str) -> None:
    journal.start(digest, "permit", Taking(A, AT, journal.boot, 0.0))


def test_a_second_process_on_one_journal_is_refused(tmp_path: Path) -> None:
    first = opened(tmp_path)
    with pytest.raises(JournalError, match=r"journal\.sqlite is in use by another process"):
        opened(tmp_path)
    first.lock.release()
    opened(tmp_path).lock.release()


def test_a_restart_keeps_the_journal_s_id(tmp_path: Path) -> None:
    placed = opened(tmp_path)
    start(placed.journal, received(placed.journal))
    placed.lock.release()
    assert [id_after_restart(tmp_path), id_after_restart(tmp_path)] == [placed.journal.id] * 2


def test_P6_a_journal_restored_to_before_the_start_of_its_newest_command_becomes_another(tmp_path: Path) -> None:
    placed = opened(tmp_path)
    digest = received(placed.journal)
    kept = backup(tmp_path)
    start(placed.journal, digest)
    placed.lock.release()
    restore(tmp_path, kept)
    again = opened(tmp_path)
    assert again.journal.mark(A) == Number(1, 1)
    assert again.journal.id != placed.journal.id
    assert (placed.journal.doubted, again.journal.doubted) == (False, True)
    links: list[Chain] = []

    def build(chain: Chain) -> tuple[bytes, str]:
        links.append(chain)
        return b"raw", f"{chain.number:064x}"

    again.journal.append("receipt", build)
    assert (links[0].journal, links[0].previous) == (again.journal.id, GENESIS)


def test_a_journal_of_an_earlier_run_becomes_another_and_stays_it(tmp_path: Path) -> None:
    placed = opened(tmp_path)
    placed.lock.release()
    kept = backup(tmp_path)
    id_after_restart(tmp_path)
    restore(tmp_path, kept)
    renewed = id_after_restart(tmp_path)
    assert renewed != placed.journal.id
    assert id_after_restart(tmp_path) == renewed


def test_a_journal_without_its_run_file_becomes_another(tmp_path: Path) -> None:
    placed = opened(tmp_path)
    placed.lock.release()
    (tmp_path / "journal.sqlite.run").unlink()
    assert id_after_restart(tmp_path) != placed.journal.id


def test_I7_where_the_count_of_starts_can_t_be_kept_nothing_starts(tmp_path: Path) -> None:
    placed = opened(tmp_path)
    digest = received(placed.journal)
    (tmp_path / "journal.sqlite.run").unlink()
    (tmp_path / "journal.sqlite.run").mkdir()
    with pytest.raises(StorageError, match="can't be written"):
        start(placed.journal, digest)


def test_a_spoilt_run_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    opened(tmp_path).lock.release()
    (tmp_path / "journal.sqlite.run").write_text("rubbish")
    with pytest.raises(JournalError, match="set it aside"):
        opened(tmp_path)
