"""I7: whatever is flipped in a journal, it is read as it was written, or set aside whole and nothing is closed."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from gateway.journal import aside
from gateway.journal.errors import CorruptError, JournalError, StorageError
from gateway.journal.journal import Journal
from gateway.journal.place import open_at
from protocols.types import Outcome, ValvePosition
from protocols.uplink.messages import GENESIS, Chain
from seams.clock import SystemClock, SystemEntropy
from simulators.chance import stream
from tests.gateway.journal.lived import NAME, A, B, content, lived, task

FLIPS = 50
"""Of each file, at even distances, each in a bit of its own."""
FRAME = 24 + 4096


@cache
def whole(*, ended: bool) -> Path:
    folder = Path(mkdtemp())
    lived(folder, ended=ended)
    return folder


def copied(to: Path, *, ended: bool = True) -> Path:
    shutil.copytree(whole(ended=ended), to)
    return to / NAME


def before_the_last_commit(log: bytes) -> int:
    """Where the log's last transaction begins."""
    ends = [at + FRAME for at in range(32, len(log), FRAME) if any(log[at + 4 : at + 8])]
    return ends[-2]


def flip(path: Path, at: int, bit: int) -> bytes:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)
    return bytes(data)


def reopened(path: Path) -> Journal:
    return open_at(path, SystemEntropy()).journal


def judged(path: Path, expected: dict[str, list[tuple[object, ...]]], spoilt: dict[str, bytes]) -> bool:
    """Open it; whether it was set aside. Anything but that or the same content is a failure."""
    journal = reopened(path)
    safe, doubted = journal.safe, journal.doubted
    journal.close()
    if not safe:
        assert not doubted
        assert content(path) == expected
        return False
    assert doubted, "the control plane is not told that it is another journal"
    (main,) = (p for p in path.parent.glob(f"{NAME}.aside-*") if not p.name.endswith(("-wal", "-shm")))
    for piece, data in spoilt.items():
        kept = main.with_name(main.name + piece)
        assert kept.exists() or piece == "-wal", f"{piece or 'the main file'} is gone"
        assert len(kept.read_bytes() if kept.exists() else data) > 0
    return True


@pytest.mark.parametrize("piece", ["", "-wal"])
def test_I7_a_bit_flipped_anywhere_is_found_or_changes_nothing(tmp_path: Path, piece: str) -> None:
    """In a log, up to its last transaction: what is spoilt there can't be told from what was never synced."""
    chance, found = stream(0, piece), 0
    expected = content(copied(tmp_path / "whole", ended=not piece))
    data = (whole(ended=not piece) / (NAME + piece)).read_bytes()
    last = before_the_last_commit(data) if piece else len(data)
    for n in range(FLIPS):
        at = last * n // FLIPS + chance.randrange(max(last // FLIPS, 1))
        path = copied(tmp_path / str(n), ended=not piece)
        data = flip(path.with_name(path.name + piece), at, chance.randrange(8))
        found += judged(path, expected, {piece: data})
        shutil.rmtree(path.parent)
    assert found > FLIPS // 4


def test_a_whole_journal_is_not_set_aside(tmp_path: Path) -> None:
    path = copied(tmp_path / "whole")
    expected = content(copied(tmp_path / "other"))
    assert not judged(path, expected, {})


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tasks SET state = 'received', began = 0 WHERE state = 'started'",
        "UPDATE outbox SET acked = 1",
        "UPDATE marks SET sequence = 1",
        "UPDATE epochs SET epoch = 0",
        "UPDATE meta SET value = '' WHERE key = 'frozen' OR key = 'boot'",
        "UPDATE takings SET at = '2020-01-01T00:00:00+00:00'",
        "UPDATE positions SET position = 'open'",
        "UPDATE readings SET body = x'00' WHERE sequence = 1",
        "DELETE FROM tasks WHERE state = 'finished'",
        "DELETE FROM takings",
        "DELETE FROM marks",
        "DELETE FROM readings",
        "DROP TABLE positions",
        "DROP INDEX outbox_open",
        "PRAGMA user_version = 1",
        "PRAGMA user_version = 99",
        "PRAGMA user_version = 0",
    ],
)
def test_I7_rows_that_are_not_what_was_written_are_found(tmp_path: Path, statement: str) -> None:
    path = copied(tmp_path / "spoilt")
    changed(path, statement)
    assert judged(path, {}, {"": b""})


def test_I2_what_still_checks_is_carried_over(tmp_path: Path) -> None:
    path = copied(tmp_path / "spoilt")
    before = reopened(path)
    receipts, begun = before.unacknowledged(99), [t for t in before.unfinished() if t.state == "started"]
    mark, readings, takings = before.mark(A), before.count("readings"), before.count("takings")
    before.close()
    changed(path, "UPDATE positions SET position = 'limited'")
    journal = reopened(path)
    assert journal.id != before.id
    assert [(r.number, r.raw) for r in journal.unacknowledged(99)] == [(r.number, r.raw) for r in receipts]
    assert journal.unfinished() == begun
    assert (journal.mark(A), journal.epoch(A), journal.epoch(B)) == (mark, 4, 2)
    assert journal.position(A) is ValvePosition.UNKNOWN
    assert journal.count("readings") == readings
    assert journal.count("takings") == takings
    links: list[Chain] = []

    def build(chain: Chain) -> tuple[bytes, str]:
        links.append(chain)
        return b"raw", f"{chain.number:064x}"

    journal.finish(begun[0].digest, Outcome.UNKNOWN, "receipt", build)
    assert (links[0].journal, links[0].previous) == (journal.id, GENESIS)
    assert links[0].number > max(receipt.number for receipt in receipts)


def test_safe_mode_lasts_until_it_is_ended_by_a_person(tmp_path: Path) -> None:
    path = copied(tmp_path / "spoilt")
    changed(path, "DELETE FROM marks")
    for _ in range(2):
        journal = reopened(path)
        assert "set aside as" in journal.safe
        journal.close()
    journal = reopened(path)
    journal.set_safe("")
    journal.close()
    assert reopened(path).safe == ""


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
def test_setting_aside_goes_on_where_it_was_cut_off(tmp_path: Path, moved: int) -> None:
    path = copied(tmp_path / "spoilt")
    changed(path, "DELETE FROM marks")
    data = path.read_bytes()
    aside.note(path, "rows are missing", SystemClock().now())
    for piece in aside.PIECES[:moved]:
        if (part := path.with_name(path.name + piece)).exists():
            (named,) = {n.name for n in [aside.read(path)] if n}
            part.replace(path.with_name(named + piece))
    journal = reopened(path)
    assert "rows are missing" in journal.safe
    assert [p.read_bytes() for p in path.parent.glob(f"{NAME}.aside-*Z")] == [data]


def test_what_is_no_journal_at_a_place_that_never_had_one_is_left_there(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"a letter to the editor " * 300)
    with pytest.raises(JournalError, match="set the file aside"):
        reopened(path)
    assert path.read_bytes() == b"a letter to the editor " * 300


def test_a_row_that_is_spoilt_while_the_gateway_runs_ends_all_trust(tmp_path: Path) -> None:
    journal, lost = reopened(copied(tmp_path / "spoilt")), list[str]()
    journal.on_lost = lambda: lost.append("told")
    journal._db.execute("UPDATE marks SET sequence = 1")
    with pytest.raises(CorruptError, match="marks"):
        journal.mark(A)
    assert (lost, journal.works) == (["told"], False)
    with pytest.raises(StorageError):
        journal.receive(replace(task(99), meter=B))
    with pytest.raises(StorageError):
        journal.acknowledge(())
