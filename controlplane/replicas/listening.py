"""Commits of other processes ring here too: PostgreSQL tells them, and whoever waits for a commit waits for any."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection, Engine

from controlplane import postgres
from controlplane.supervise import awaited

AGAIN_S = 1.0
log: structlog.stdlib.BoundLogger = structlog.get_logger("replica")


async def listen(engine: Engine, wake: Callable[[], None]) -> None:
    """Wake for each commit of another process, for ever; what was missed while the server was away wakes once."""
    while True:
        session, error = await awaited(asyncio.to_thread(_listening, engine))
        if session is not None:
            wake()
            _, error = await awaited(_hear(session, engine.get_execution_options()[postgres.ME], wake))
        if isinstance(error, postgres.DatabaseError):
            raise error
        if error is not None:
            log.error("what other replicas commit is heard late; tried again", error=" ".join(str(error).split()))
        await asyncio.sleep(AGAIN_S)


def _listening(engine: Engine) -> Connection:
    session = postgres.detached(engine)
    raw: Any = session.connection
    raw.cursor().execute(f"LISTEN {postgres.CHANNEL}")
    return session


async def _hear(session: Connection, me: str, wake: Callable[[], None]) -> None:
    """Wake until the session ends; the driver's error then."""
    raw: Any = session.connection
    wire = raw.dbapi_connection.pgconn
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    socket = wire.socket
    loop.add_reader(socket, readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            wire.consume_input()
            if _told_by_others(wire, me):
                wake()
    finally:
        loop.remove_reader(socket)
        postgres.end(session)


def _told_by_others(wire: Any, me: str) -> bool:
    """Take in all that has been told; whether any of it is another's."""
    others = False
    while (told := wire.notifies()) is not None:
        others |= told.extra != me.encode()
    return others
