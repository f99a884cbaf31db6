"""I5: the caps read only the takings that can count, and answer as if they read all that were ever kept."""

import sqlite3
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.caps import DAY_S, HOUR_S, Limits, Moment, free
from gateway.journal.journal import Journal
from gateway.journal.records import Taking, Task
from protocols.types import MeterId, Outcome
from protocols.uplink.messages import Number
from tests.gateway.journal.lived import build

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
LIVED_S = 200_000.0
AGES = st.one_of(st.floats(-7200, 260_000), st.sampled_from([HOUR_S, DAY_S, DAY_S - 1e-6, DAY_S + 1e-6, 0.0]))


def everything(database: sqlite3.Connection) -> list[Taking]:
    """All takings ever kept: what the caps were judged by before."""
    columns = "takings.meter, takings.at, boot, boot_s, state <> 'finished'"
    rows = database.execute(f"SELECT {columns} FROM takings JOIN tasks USING (digest)")  # noqa: S608 - our names
    return [Taking(meter, datetime.fromisoformat(at), *rest) for meter, at, *rest in rows]


@given(st.lists(st.tuples(AGES, st.booleans()), max_size=12), st.integers(1, 4), st.integers(1, 6), st.floats(0, 90))
def test_I5_the_window_answers_as_all_would(
    takings: list[tuple[float, bool]], per_hour: int, per_day: int, act_max_s: float
) -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    journal = Journal(database, "a" * 32)
    for n, (age_s, ended) in enumerate(takings, 1):
        digest, meter = f"{n:064x}", MeterId(f"m{n}")
        journal.receive(Task(digest, "command", meter, Number(1, n), b"", "received", None, False, None, NOW, 0.0))
        journal.start(digest, None, Taking(meter, NOW, journal.boot, LIVED_S - age_s))
        if ended:
            journal.finish(digest, Outcome.DONE, "receipt", build())
    limits, moment = Limits(per_hour, per_day, 1.0, 99), Moment(LIVED_S, act_max_s)
    window, all_ = journal.takings(LIVED_S - act_max_s - DAY_S), everything(database)
    assert free(limits, window, [], moment) == free(limits, all_, [], moment)
    assert {t.meter for t in window if t.unsettled} == {t.meter for t in all_ if t.unsettled}
    assert set(window) <= set(all_)


def test_old_takings_are_not_read() -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    journal = Journal(database, "a" * 32)
    with journal.transaction():
        old = ((f"{n:064x}", "m", NOW.isoformat(), 1, float(n)) for n in range(3000))
        journal.insert("takings", list(old))
    asked: list[str] = []
    database.set_trace_callback(asked.append)
    assert journal.takings(LIVED_S - DAY_S) == []
    database.set_trace_callback(None)
    for statement in asked:
        plan = " ".join(str(row[3]) for row in database.execute(f"EXPLAIN QUERY PLAN {statement}"))
        assert "SCAN takings" not in plan, statement
