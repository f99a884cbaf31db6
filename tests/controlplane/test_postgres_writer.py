"""The writer over PostgreSQL: a deadlock, a lost connection, a failover. What fails is told; nothing is half done."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, event, insert, select, text
from sqlalchemy.exc import OperationalError

from controlplane.access.roles import Role
from controlplane.app import create
from controlplane.db import make_engine
from controlplane.edge import API, Edge
from controlplane.orders.context import Context
from controlplane.policy import packs
from controlplane.registry.models import clients
from controlplane.writer import ThreadWriter
from simulators.chance import SeededEntropy
from tests.controlplane.desk_clerk import HOUSE_KEY, LONG_AGO, Clerk, refused
from tests.controlplane.test_postgres_races import unlocked

pytestmark = pytest.mark.needs("postgresql")
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
Verb = Callable[[Connection], object]
AT_ONCE = 12


@pytest.fixture
async def writers(server_database: str) -> AsyncIterator[list[ThreadWriter]]:
    """Two processes' writers, without the house's lock between them."""
    engines = [unlocked(server_database) for _ in range(2)]
    made = [ThreadWriter(engine) for engine in engines]
    await made[0].run(put("a"))
    await made[0].run(put("b"))
    yield made
    for writer, engine in zip(made, engines, strict=True):
        writer.close()
        engine.dispose()


def put(name: str) -> Verb:
    return lambda db: db.execute(insert(clients).values(id=name, name="-", created_at=NOON))


def kill(db: Connection) -> None:
    """The server ends this session, as when it is stopped or its machine is lost."""
    db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


async def names(writer: ThreadWriter) -> dict[str, str]:
    query = select(clients.c.id, clients.c.name).order_by(clients.c.id)
    return await writer.read(lambda db: {row.id: row.name for row in db.execute(query)})


async def test_of_two_that_wait_for_each_other_one_is_told_and_leaves_nothing(writers: list[ThreadWriter]) -> None:
    both_hold = threading.Barrier(2)

    def crosswise(first: str, second: str) -> Verb:
        def verb(db: Connection) -> str:
            name = clients.c.name
            db.execute(clients.update().where(clients.c.id == first).values(name=name + first))
            both_hold.wait()
            db.execute(clients.update().where(clients.c.id == second).values(name=name + first))
            return first

        return verb

    verbs = [writers[0].run(crosswise("a", "b")), writers[1].run(crosswise("b", "a"))]
    done = await asyncio.gather(*verbs, return_exceptions=True)
    (winner,) = [result for result in done if isinstance(result, str)]
    (loser,) = [result for result in done if isinstance(result, OperationalError)]
    assert "deadlock" in str(loser)
    assert await names(writers[0]) == {"a": f"-{winner}", "b": f"-{winner}"}
    for n, writer in enumerate(writers):
        await writer.run(put(f"later {n}"))


async def test_a_lost_connection_fails_all_that_waited_on_it_and_nothing_else(writers: list[ThreadWriter]) -> None:
    writer, began, gate = writers[0], threading.Event(), threading.Event()

    def hold_up(_: Connection) -> None:
        began.set()
        gate.wait(5)

    first = asyncio.create_task(writer.run(hold_up))
    assert await asyncio.to_thread(began.wait, 5)
    group = [asyncio.create_task(writer.run(verb)) for verb in (put("c"), kill, put("d"))]
    await asyncio.sleep(0)
    gate.set()
    await first
    results = await asyncio.gather(*group, return_exceptions=True)
    assert all(isinstance(result, OperationalError) for result in results), results
    assert sorted(await names(writer)) == ["a", "b"]
    await writer.run(put("e"))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_asks_while_the_server_is_lost_is_told_to_come_again(server_database: str, method: str) -> None:
    clerk = Clerk(server_database)
    event.listen(clerk.engine, "before_cursor_execute", lose)
    body = {"name": "x"} if method == "POST" else None
    answer = clerk.send(Role.ADMIN, method, "/clients", body)
    refused(answer, 503, "unavailable")
    event.remove(clerk.engine, "before_cursor_execute", lose)
    assert clerk.send(Role.ADMIN, method, "/clients", body).status_code in (200, 201)
    clerk.close()


def lose(_: Connection, cursor: Any, statement: str, *__: object) -> None:
    """The server ends the session in front of this statement."""
    if "FROM clients" in statement or "INTO clients" in statement:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def test_a_server_that_became_a_standby_is_told_so(server_database: str) -> None:
    clerk = Clerk(server_database)
    event.listen(clerk.engine, "begin", standby)
    refused(clerk.send(Role.ADMIN, "POST", "/clients", {"name": "x"}), 503, "unavailable")
    event.remove(clerk.engine, "begin", standby)
    assert clerk.send(Role.ADMIN, "POST", "/clients", {"name": "x"}).status_code == 201
    clerk.close()


def standby(db: Connection) -> None:
    db.exec_driver_sql("SET TRANSACTION READ ONLY")


def application(writer: ThreadWriter, clerk: Clerk, number: int) -> FastAPI:
    chance = SeededEntropy(number)
    return create(Edge(writer, clerk.clock, chance, HOUSE_KEY), Context(clerk.clock, chance, packs.served("demo")))


async def test_the_same_request_at_once_through_two_processes_is_done_once(server_database: str) -> None:
    clerk = await asyncio.to_thread(Clerk, server_database)
    point = await asyncio.to_thread(clerk.point)
    engines = [make_engine(server_database) for _ in range(2)]
    writers = [ThreadWriter(engine) for engine in engines]
    apps = [
        create(
            Edge(writer, clerk.clock, (chance := SeededEntropy(n)), HOUSE_KEY),
            Context(clerk.clock, chance, packs.served("demo")),
        )
        for n, writer in enumerate(writers)
    ]
    body = {"supply_point": point, "kind": "suspend", "notice": {"received_on": LONG_AGO, "channel": "post"}}
    headers = {"authorization": f"Bearer {clerk.tokens[Role.CLIENT_REQUESTER]}", "idempotency-key": "one"}
    https = [httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") for app in apps]
    asked = [http.post(f"{API}/orders", json=body, headers=headers) for http in https * AT_ONCE]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    for http, writer, engine in zip(https, writers, engines, strict=True):
        await http.aclose()
        writer.close()
        engine.dispose()
    await asyncio.to_thread(clerk.close)
