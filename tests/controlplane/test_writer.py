"""The writer: what waits is committed as one, a verb that fails fails alone, and no answer comes before the commit."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from controlplane.db import make_engine, reading
from controlplane.writer import InlineWriter, ThreadWriter


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = make_engine(f"sqlite:///{tmp_path / 'w.sqlite'}")
    with made.begin() as db:
        db.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    return made


def put(n: int):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a verb
    def verb(db: Connection) -> int:
        db.execute(text("INSERT INTO t VALUES (:n)"), {"n": n})
        return n

    return verb


def fail(db: Connection) -> None:
    db.execute(text("INSERT INTO t VALUES (99)"))
    raise ValueError("its own fault")


async def rows(writer: ThreadWriter | InlineWriter) -> list[int]:
    return await writer.read(lambda db: [r.n for r in db.execute(text("SELECT n FROM t ORDER BY n"))])


async def test_what_waits_is_committed_together(engine: Engine) -> None:
    commits: list[int] = []
    event.listen(engine, "commit", lambda _: commits.append(1))
    writer, gate = ThreadWriter(engine), threading.Event()
    first = asyncio.create_task(writer.run(lambda _: gate.wait(5)))
    await asyncio.sleep(0)
    others = [asyncio.create_task(writer.run(put(n))) for n in range(20)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *others)
    assert await rows(writer) == list(range(20))
    assert len(commits) < 10
    writer.close()


async def test_a_verb_that_fails_fails_alone(engine: Engine) -> None:
    writer = ThreadWriter(engine)
    results = await asyncio.gather(writer.run(put(1)), writer.run(fail), writer.run(put(2)), return_exceptions=True)
    assert [results[0], results[2]] == [1, 2]
    assert isinstance(results[1], ValueError)
    assert await rows(writer) == [1, 2]
    writer.close()


async def test_a_verb_that_is_alone_and_fails_leaves_nothing_behind(engine: Engine) -> None:
    def write_and_fail(db: Connection) -> None:
        put(1)(db)
        fail(db)

    writer = ThreadWriter(engine)
    with pytest.raises(ValueError, match="its own fault"):
        await writer.run(write_and_fail)
    assert await rows(writer) == []
    assert await writer.run(put(2)) == 2
    assert await rows(writer) == [2]
    writer.close()


async def test_a_commit_that_fails_fails_all_that_waited_on_it(engine: Engine) -> None:
    def refuse(_: Connection) -> None:
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("disk full"))

    event.listen(engine, "commit", refuse)
    writer = ThreadWriter(engine)
    results = await asyncio.gather(writer.run(put(1)), writer.run(put(2)), return_exceptions=True)
    assert all(isinstance(r, OperationalError) for r in results)
    event.remove(engine, "commit", refuse)
    assert await writer.run(put(3)) == 3
    writer.close()


async def test_whoever_waits_is_woken_after_the_commit(engine: Engine) -> None:
    for writer in (ThreadWriter(engine), InlineWriter(engine, [])):
        woken = asyncio.Event()
        writer.on_commit(woken.set)
        await writer.run(lambda _: None)
        async with asyncio.timeout(5):
            await woken.wait()
        if isinstance(writer, ThreadWriter):
            writer.close()


def test_facts_read_under_the_writers_lock_can_not_change(engine: Engine) -> None:
    """BEGIN IMMEDIATE: a second writer waits, or is told that the database is locked, from the first read on."""
    quick = make_engine(str(engine.url))
    event.listen(quick, "connect", lambda c, _: c.execute("PRAGMA busy_timeout = 50"))
    with engine.begin() as db:
        db.execute(text("SELECT * FROM t"))
        with pytest.raises(OperationalError, match="locked"), quick.begin() as other:
            other.execute(text("SELECT * FROM t"))
    quick.dispose()


@pytest.mark.parametrize("kind", ["inline", "thread"])
async def test_who_waits_for_commits_is_woken_when_they_can_be_read_and_never_before(engine: Engine, kind: str) -> None:
    writer = ThreadWriter(engine) if kind == "thread" else InlineWriter(engine, [])
    seen: list[list[int]] = []
    readers = make_engine(str(engine.url))

    def look() -> None:
        with reading(readers) as db:
            seen.append([row.n for row in db.execute(text("SELECT n FROM t ORDER BY n"))])

    writer.on_commit(look)
    await writer.run(put(1))
    await writer.run(put(2))
    await asyncio.sleep(0.05)
    assert seen == [[1], [1, 2]]
    if isinstance(writer, ThreadWriter):
        writer.close()
    readers.dispose()
