"""Runs of the control plane, and how a restored database is found out (CONTROL, Delivery).

The id of the run and the number of the newest news are kept in a file outside the database. A start whose database does
not fit them begins halted. Each of several replicas has a file and a run of its own, under its name.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, func, insert, select, update

from controlplane import news, postgres
from controlplane.orders.context import Context
from controlplane.orders.halting import halt
from controlplane.proof import sequencer
from controlplane.registry.models import house
from controlplane.supervise import awaited, failure
from controlplane.writer import Writer
from seams import runfile
from seams.runfile import Inside, Kept

RUN, TIMELINE = "run", "timeline"
NEW_HERE = "this replica is new here and no other one serves, so nobody can tell whether this database was restored"
ID_SIZE, LOG_NAME = 16, 12
KEEP_EVERY_S, HOLD_EVERY_S = 2.0, 1.0
_MARK = select(func.max(news.news.c.id))
log: structlog.stdlib.BoundLogger = structlog.get_logger("runs")


class ForgottenError(Exception):
    """A database that was exchanged while it is served: the next start begins halted."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has begun; `halted` says why it began halted."""

    id: str
    path: Path
    halted: str | None


def begin(engine: Engine, context: Context, path: Path, name: str = "", *, alone: bool = True) -> Run:
    """Begin a run over the database, halted if it is not the one written last; RunFileError if the file can't be used.

    Wherever a crash falls, file and database fit again, or the next start is halted. A replica that was never here
    before joins others that serve, who know their database; where it is `alone`, nobody does.
    """
    run = context.entropy.token(ID_SIZE).hex()
    with engine.begin() as db:
        inside = _inside(db, name)
        new_here = NEW_HERE if alone and inside is None and db.execute(ANY_RUN).first() is not None else None
        exchanged = postgres.EXCHANGED if _text(db, TIMELINE) not in (None, postgres.timeline(db) or "") else None
    why = runfile.lost(inside, runfile.read(path)) or new_here or exchanged
    if why is None and inside is not None:
        runfile.write(path, Kept(inside.run, inside.mark, next=run))
    with engine.begin() as db:
        if why is not None:
            halt(db, context, why)
            sequencer.begin_anew(db, run[:LOG_NAME])
        elif sequencer.state(db) is None:
            sequencer.begin_anew(db, "")
        _put(db, _row(name), run)
        _put(db, TIMELINE, postgres.timeline(db) or "")
        mark = newest(db)
    runfile.write(path, Kept(run, mark))
    return Run(run, path, why)


def newest(db: Connection) -> int:
    """The number of the newest news: it only rises, and whoever lacks some has a lower one."""
    return db.execute(_MARK).scalar_one() or 0


def _row(name: str) -> str:
    return f"{RUN} {name}" if name else RUN


ANY_RUN = select(house.c.key).where((house.c.key == RUN) | house.c.key.startswith(f"{RUN} "))


def _inside(db: Connection, name: str) -> Inside | None:
    run = _text(db, _row(name))
    return Inside(run, newest(db)) if run is not None else None


def _text(db: Connection, key: str) -> str | None:
    text: str | None = db.execute(select(house.c.text).where(house.c.key == key)).scalar_one_or_none()
    return text


def _put(db: Connection, key: str, text: str) -> None:
    changed = db.execute(update(house).where(house.c.key == key).values(text=text))
    if changed.rowcount == 0:
        db.execute(insert(house).values(key=key, text=text))


async def keep(writer: Writer, run: Run) -> None:
    """Keep the newest number outside, for ever; a disk or a database that refuses is told, and tried again.

    ForgottenError where the number falls: the database that was served is not there any more.
    """
    kept = 0
    while True:
        await asyncio.sleep(KEEP_EVERY_S)
        mark, error = await awaited(writer.read(newest))
        if mark is not None and mark < kept:
            raise ForgottenError(f"the database holds entries up to {mark}, and there were {kept}")
        if mark is not None and mark != kept:
            error = await failure(asyncio.to_thread(runfile.write, run.path, Kept(run.id, mark), settled=False))
            kept = mark if error is None else kept
        if error is not None:
            log.error("what the database holds can't be kept outside it", error=str(error))


async def stay_alone(held: postgres.Held) -> None:
    """Keep others of this name from it, for ever; DatabaseError where this process must not go on serving it."""
    while True:
        await asyncio.sleep(HOLD_EVERY_S)
        error = await failure(asyncio.to_thread(held.renew))
        if isinstance(error, postgres.DatabaseError):
            raise error
        if error is not None:
            log.error("the database's server is away; tried again", error=" ".join(str(error).split()))
