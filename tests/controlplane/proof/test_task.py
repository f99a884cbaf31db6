"""The sequencer's task: what fails is told in a sentence and tried again, and what was waiting comes then."""

import asyncio

from structlog.testing import capture_logs

from controlplane.db import make_engine
from controlplane.proof.task import Sequencing
from controlplane.writer import InlineWriter
from tests.controlplane.desk import Desk
from tests.controlplane.proof.house import NOTARY, Logged


async def for_a_moment(task: Sequencing) -> None:
    running = asyncio.create_task(task.run())
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait([running])


def test_a_database_that_is_away_is_told_in_one_line_without_a_traceback() -> None:
    logged = Logged(Desk())
    nowhere = make_engine("sqlite://")
    task = Sequencing(InlineWriter(nowhere, []), logged.source, NOTARY, logged.desk.clock, gather_s=0.0)
    with capture_logs() as told:
        asyncio.run(for_a_moment(task))
    assert told
    assert all("exc_info" not in line and "\n" not in line["error"] for line in told)
    assert "no such table" in told[0]["error"]


def test_what_waits_is_taken_when_the_task_begins() -> None:
    logged = Logged(Desk())
    logged.desk.executed()
    task = Sequencing(InlineWriter(logged.desk.engine, []), logged.source, NOTARY, logged.desk.clock, gather_s=0.0)
    asyncio.run(for_a_moment(task))
    assert logged.check().size == 9
