"""Runs of the control plane, and how a restored database is found out (CONTROL, Delivery).

The id of the run and the number of the newest news are kept in a file outside the database. A start whose database does
not fit them begins halted.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, func, insert, select, update

from controlplane import news
from controlplane.orders.context import Context
from controlplane.orders.halting import halt
from controlplane.registry.models import house
from controlplane.supervise import failure
from controlplane.writer import Writer
from seams import runfile
from seams.runfile import Inside, Kept

RUN = "run"
ID_SIZE = 16
KEEP_EVERY_S = 2.0
_MARK = select(func.max(news.news.c.id))
log: structlog.stdlib.BoundLogger = structlog.get_logger("runs")


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has begun; `halted` says why it began halted."""

    id: str
    path: Path
    halted: str | None


def begin(engine: Engine, context: Context, path: Path) -> Run:
    """Begin a run over the database, halted if it is not the one written last; RunFileError if the file can't be used.

    Wherever a crash falls, file and database fit again, or the next start is halted.
    """
    run = context.entropy.token(ID_SIZE).hex()
    with engine.begin() as db:
        inside = _inside(db)
    why = runfile.lost(inside, runfile.read(path))
    if why is None and inside is not None:
        runfile.write(path, Kept(inside.run, inside.mark, next=run))
    with engine.begin() as db:
        if why is not None:
            halt(db, context, why)
        _name(db, run)
        mark = newest(db)
    runfile.write(path, Kept(run, mark))
    return Run(run, path, why)


def newest(db: Connection) -> int:
    """The number of the newest news: it only rises, and whoever lacks some has a lower one."""
    return db.execute(_MARK).scalar_one() or 0


def _inside(db: Connection) -> Inside | None:
    row = db.execute(select(house.c.text).where(house.c.key == RUN)).one_or_none()
    return Inside(row.text, newest(db)) if row is not None else None


def _name(db: Connection, run: str) -> None:
    changed = db.execute(update(house).where(house.c.key == RUN).values(text=run))
    if changed.rowcount == 0:
        db.execute(insert(house).values(key=RUN, text=run))


async def keep(writer: Writer, run: Run) -> None:
    """Keep the newest number outside, for ever; a disk that refuses is told, and tried again."""
    kept = 0
    while True:
        await asyncio.sleep(KEEP_EVERY_S)
        mark = await writer.read(newest)
        if mark == kept:
            continue
        error = await failure(asyncio.to_thread(runfile.write, run.path, Kept(run.id, mark), settled=False))
        if error is None:
            kept = mark
        else:
            log.error("what the database holds can't be kept outside it", error=str(error))
