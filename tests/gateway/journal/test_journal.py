"""I7 and P11 at the journal: durable when it returns, nothing half done, and what the disk refuses is told."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.journal.errors import CorruptError, JournalError, StorageError
from gateway.journal.file import open_file
from gateway.journal.journal import Journal
from gateway.journal.records import Build, Taking, Task
from protocols.types import MeterId, Outcome, ValvePosition
from protocols.uplink.messages import GENESIS, Chain, Number

AT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
ID, OTHER_ID = "a" * 32, "b" * 32
A, B = MeterId("A"), MeterId("B")


def task(sequence: int, meter: MeterId = A, *, epoch: int = 1, kind: str = "command") -> Task:
    digest = f"{meter}{epoch}{sequence}".encode().hex().ljust(64, "0")
    number = Number(epoch, sequence)
    return Task(digest, kind, meter, number, b"payload", "received", None, False, None, AT, 1.5)


def build(links: list[Chain]) -> Build:
    def sealed(chain: Chain) -> tuple[bytes, str]:
        links.append(chain)
        return f"raw {chain.number}".encode(), f"{chain.number:064x}"

    return sealed


def journal(path: Path) -> Journal:
    return Journal(open_file(str(path / "journal.sqlite")), ID)


def seen_by_another(path: Path, query: str) -> list[tuple[object, ...]]:
    """What a second connection reads: what is committed, and nothing else."""
    with sqlite3.connect(path / "journal.sqlite") as other:
        return other.execute(query).fetchall()


def test_I7_the_file_is_opened_for_durability(tmp_path: Path) -> None:
    database = open_file(str(tmp_path / "journal.sqlite"))
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)


def test_I7_each_verb_is_committed_when_it_returns(tmp_path: Path) -> None:
    kept, links = journal(tmp_path), list[Chain]()
    kept.receive(task(1))
    assert seen_by_another(tmp_path, "SELECT state FROM tasks") == [("received",)]
    assert seen_by_another(tmp_path, "SELECT epoch, sequence FROM marks") == [(1, 1)]
    kept.start(task(1).digest, "permit", Taking(A, AT, kept.boot, 2.0))
    assert seen_by_another(tmp_path, "SELECT state, began, permit FROM tasks") == [("started", 1, "permit")]
    assert seen_by_another(tmp_path, "SELECT count(*) FROM takings") == [(1,)]
    kept.finish(task(1).digest, Outcome.DONE, "receipt", build(links))
    assert seen_by_another(tmp_path, "SELECT state, outcome FROM tasks") == [("finished", "done")]
    assert seen_by_another(tmp_path, "SELECT number, acked FROM outbox") == [(1, 0)]
    kept.set_epochs({A: 4})
    kept.set_freeze(3, on=True)
    kept.set_position(A, ValvePosition.CLOSED)
    again = journal(tmp_path)
    assert (again.id, again.boot) == (ID, 2)
    assert (again.epoch(A), again.freeze(), again.position(A)) == (4, (3, True), ValvePosition.CLOSED)
    assert again.mark(A) == Number(1, 1)


def test_the_chain_goes_on_over_starts(tmp_path: Path) -> None:
    links = list[Chain]()
    for _ in range(3):
        journal(tmp_path).append("receipt", build(links))
    assert [(c.number, c.previous) for c in links] == [(1, GENESIS), (2, f"{1:064x}"), (3, f"{2:064x}")]
    assert {c.journal for c in links} == {ID}


def test_a_journal_keeps_its_own_id(tmp_path: Path) -> None:
    journal(tmp_path)
    assert Journal(open_file(str(tmp_path / "journal.sqlite")), OTHER_ID).id == ID


def test_P11_started_happens_once(tmp_path: Path) -> None:
    kept = journal(tmp_path)
    kept.receive(task(1))
    kept.start(task(1).digest, None, None)
    with pytest.raises(StorageError):
        kept.start(task(1).digest, None, Taking(A, AT, 1, 1.0))
    assert kept.takings() == []


def test_I7_what_fails_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    kept = journal(tmp_path)
    kept.receive(task(1))

    def broken(_: Chain) -> tuple[bytes, str]:
        raise OSError("the key is gone")

    with pytest.raises(OSError, match="key"):
        kept.finish(task(1).digest, Outcome.DONE, "receipt", broken)
    found = kept.task(task(1).digest)
    assert found is not None
    assert found.state == "received"
    assert kept.unacknowledged(9) == []
    kept.receive(task(2))


def test_I7_a_disk_that_refuses_is_told_and_forgets_nothing(tmp_path: Path) -> None:
    database = open_file(str(tmp_path / "journal.sqlite"))
    kept = Journal(database, ID)
    kept.receive(task(1))
    database.execute("PRAGMA query_only = ON")
    for act in (
        lambda: kept.receive(task(2)),
        lambda: kept.start(task(1).digest, None, None),
        lambda: kept.finish(task(1).digest, Outcome.DONE, "receipt", build([])),
        lambda: kept.set_epochs({A: 9}),
        lambda: kept.set_freeze(9, on=True),
        lambda: kept.set_position(A, ValvePosition.OPEN),
        lambda: kept.acknowledge((GENESIS,)),
    ):
        with pytest.raises(StorageError):
            act()
    database.execute("PRAGMA query_only = OFF")
    assert [t.state for t in kept.unfinished()] == ["received"]
    assert (kept.mark(A), kept.epoch(A), kept.freeze()) == (Number(1, 1), 0, (0, False))
    kept.receive(task(2))


def test_I7_a_full_disk_is_told_and_forgets_nothing(tmp_path: Path) -> None:
    database = open_file(str(tmp_path / "journal.sqlite"))
    kept = Journal(database, ID)
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages + 2}")
    sequence = 0
    with pytest.raises(StorageError, match="full"):
        for sequence in range(1, 1000):
            kept.receive(task(sequence))
    assert kept.mark(A) == Number(1, sequence - 1)
    assert len(kept.unfinished()) == sequence - 1


def test_a_mark_and_an_epoch_never_fall(tmp_path: Path) -> None:
    kept = journal(tmp_path)
    kept.receive(task(7, epoch=2))
    kept.receive(task(9, epoch=1))
    assert kept.mark(A) == Number(2, 7)
    kept.set_epochs({A: 3, B: 1})
    kept.set_epochs({A: 2, B: 2})
    assert (kept.epoch(A), kept.epoch(B)) == (3, 2)


def test_a_lower_freeze_is_old_news(tmp_path: Path) -> None:
    kept = journal(tmp_path)
    kept.set_freeze(5, on=True)
    kept.set_freeze(4, on=False)
    assert kept.freeze() == (5, True)
    kept.set_freeze(6, on=False)
    assert kept.freeze() == (6, False)


def test_P7_only_lower_commands_of_the_same_meter_wait_below_a_look(tmp_path: Path) -> None:
    kept = journal(tmp_path)
    for one in (task(1), task(2, kind="look"), task(3), task(4, B), task(1, epoch=2)):
        kept.receive(one)
    kept.start(task(1).digest, None, None)
    below = Number(2, 1)
    assert [t.number for t in kept.waiting(A, below)] == [Number(1, 3)]
    kept.finish(task(1).digest, Outcome.UNKNOWN, "receipt", build([]))
    kept.finish(task(3).digest, Outcome.REFUSED, "receipt", lambda _: (b"", "x"))
    assert [(s.number, s.started, s.outcome) for s in kept.settled(A, below)] == [
        (Number(1, 1), True, Outcome.UNKNOWN),
        (Number(1, 3), False, Outcome.REFUSED),
    ]


def test_I5_a_taking_is_unsettled_until_its_command_has_ended(tmp_path: Path) -> None:
    kept = journal(tmp_path)
    kept.receive(task(1))
    kept.start(task(1).digest, None, Taking(A, AT, 1, 2.0))
    assert [t.unsettled for t in kept.takings()] == [True]
    kept.finish(task(1).digest, Outcome.DONE, "receipt", build([]))
    assert kept.takings() == [Taking(A, AT, 1, 2.0, unsettled=False)]


def test_what_the_other_side_holds_is_not_sent_and_a_repeat_sends_it_again(tmp_path: Path) -> None:
    kept = journal(tmp_path)
    kept.receive(task(1))
    sealed = kept.finish(task(1).digest, Outcome.DONE, "receipt", build([]))
    assert kept.unacknowledged(9) == [sealed]
    assert kept.unacknowledged(9, after=sealed.number) == []
    kept.acknowledge((sealed.digest,))
    assert kept.unacknowledged(9) == []
    kept.send_again(task(1).digest)
    assert kept.unacknowledged(9) == [sealed]


def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    database = open_file(str(tmp_path / "journal.sqlite"))
    database.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="update the gateway"):
        Journal(database, ID)


@pytest.mark.parametrize(
    "content", [b"this is no database at all, but it is long enough to be one" * 30, b"\x00" * 4096]
)
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(content)
    with pytest.raises(CorruptError):
        Journal(open_file(str(path)), ID)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="can't be"):
        open_file(str(tmp_path / "none" / "journal.sqlite"))
