"""Two `curbstop serve` over one PostgreSQL: one is paused or killed in the middle, and the other goes on."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import select, text

from controlplane.db import make_engine, reading
from controlplane.orders.models import orders
from controlplane.proof.models import log_checkpoints, log_entries
from controlplane.replicas import lease
from curbstop.cli import main
from protocols.proof import checkpoint, tree
from protocols.types import MeterId
from protocols.uplink import codec
from protocols.uplink.keys import short_fingerprint
from protocols.uplink.messages import Command, Permit
from tests.controlplane.desk import KEY, METER, WHO, G
from tests.curbstop.test_life_over_postgres import PLANE, Gateway, gateway, state, told
from tests.curbstop.test_serve import first_token, ready, served, settings
from tests.curbstop.test_serve_postgres import ended
from tests.e2e import servers
from tests.e2e.plain_mosquitto import plain_mosquitto
from tests.e2e.postgres import RunningPostgres

if TYPE_CHECKING:
    from subprocess import Popen

pytestmark = [pytest.mark.needs("postgresql"), pytest.mark.needs("mosquitto")]
PATIENCE_S, NEWS_WITHIN_S = 30, 2.0
NOTICE = {"received_on": "2026-01-02", "channel": "letter"}
keys: Iterator[int] = count()


@dataclass
class House:
    """Two replicas, each with a process and a client; one scripted gateway for both."""

    folder: Path
    url: str
    broker: int
    passwords: dict[str, str]
    processes: dict[str, "Popen[str]"]
    https: dict[str, httpx.AsyncClient]
    token: str = ""

    def place(self, name: str) -> Path:
        """A folder of its own."""
        (self.folder / name).mkdir(exist_ok=True)
        return self.folder / name

    def more(self, name: str) -> str:
        return told(self.place(name), self.url, self.broker).replace("broker =", f'replica = "{name}"\nbroker =')

    async def post(self, at: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.https[at].post(path, json=body, headers={"idempotency-key": f"k{next(keys)}"})
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def leads(self, name: str) -> int:
        """Wait until it does; its term."""
        engine = make_engine(self.url)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with reading(engine) as db:
                    stands = lease.look(db)
                if stands.holder == name and not stands.free:
                    engine.dispose()
                    return stands.term
                await asyncio.sleep(0.1)

    async def suspend(self, at: str, point: str) -> str:
        return str((await self.post(at, "/orders", {"supply_point": point, "kind": "suspend", "notice": NOTICE}))["id"])

    async def pay(self, at: str, point: str) -> None:
        paid = {"amount": "1.00", "currency": "EUR", "reference": f"r{next(keys)}", "settles": True}
        await self.post(at, "/payments", {"supply_point": point, **paid})


@contextmanager
def start(house: House, stack: ExitStack, name: str) -> Iterator[int]:
    port = servers.free_port()
    house.processes[name] = stack.enter_context(served(house.place(name), port, house.more(name)))
    yield port


async def up(house: House, stack: ExitStack, name: str) -> None:
    with start(house, stack, name) as port:
        if not house.token:
            house.token = await asyncio.to_thread(first_token, house.processes[name])
        await asyncio.to_thread(ready, port)
    base, headers = f"http://127.0.0.1:{port}/api/v1", {"authorization": f"Bearer {house.token}"}
    house.https[name] = httpx.AsyncClient(base_url=base, headers=headers, timeout=PATIENCE_S)


@asynccontextmanager
async def two(postgres: RunningPostgres, folder: Path) -> AsyncIterator[House]:
    """Replica a leads, b has its key and stands beside it."""
    broker = servers.free_port()
    passwords = {PLANE: "p" * 32, G: "g" * 32}
    house = House(folder, postgres.url(postgres.new()), broker, passwords, {}, {})
    async with plain_mosquitto(folder, broker, passwords):
        with ExitStack() as stack:
            await up(house, stack, "a")
            await house.leads("a")
            shutil.copy(house.place("a") / "plane.key", house.place("b") / "plane.key")
            await up(house, stack, "b")
            yield house
            for process in house.processes.values():
                process.send_signal(signal.SIGCONT)
    for http in house.https.values():
        await http.aclose()


async def register(house: House) -> str:
    """A client, a gateway, a point with a meter, entered at either replica."""
    client = await house.post("b", "/clients", {"name": "Acqua"})
    key = {"public_key": KEY.public.hex(), "fingerprint": short_fingerprint(KEY.public)}
    await house.post("a", "/gateways", {"id": G, **key})
    point = await house.post("b", "/supply-points", {"client": client["id"], "code": "1", "medium": "water"})
    plate = {"fabrication_number": WHO.fabrication_number, "id": WHO.id, "manufacturer": "CBS"}
    identity = {**plate, "version": WHO.version, "medium": WHO.medium}
    meter = {"supply_point": point["id"], "gateway": G, "name": MeterId(METER), "identity": identity}
    await house.post("b", "/meters", meter)
    return str(point["id"])


async def news_of(http: httpx.AsyncClient, order: str, wanted: str, heard: asyncio.Event) -> None:
    """Follow the events of one replica until the order is told to stand so."""
    async with http.stream("GET", "/events?after=0") as flow:
        heard.set()
        async for line in flow.aiter_lines():
            if line.startswith("data:") and order in line and f'"{wanted}"' in line:
                return


async def refused(edge: Gateway, command: codec.Opened[Command]) -> None:
    """However often it is asked for, nobody permits it."""
    for _ in range(2):
        assert not (await edge.ask(command)).granted


known: set[str] = set()


async def edge_hears(edge: Gateway) -> codec.Opened[Command]:
    """The next command; one that came before comes again, until it is acknowledged."""
    while (command := await edge.hear(Command)).digest in known:
        pass
    known.add(command.digest)
    return command


async def live_through(house: House) -> None:
    point = await register(house)
    async with gateway(house.broker, house.passwords) as edge:
        await edge.announce()
        await orders_and_news_at_either(house, edge, point)
        await one_is_paused(house, edge, point)
        await one_is_killed(house, edge, point)


async def all_ended(http: httpx.AsyncClient, point: str) -> None:
    """What this gateway says once, and never again, is taken before anybody is paused."""
    async with asyncio.timeout(PATIENCE_S):
        states = {"unknown"}
        while states - {"completed", "withdrawn"}:
            await asyncio.sleep(0.05)
            found = (await http.get("/orders", params={"supply_point": point})).json()["items"]
            states = {order["state"] for order in found}


async def orders_and_news_at_either(house: House, edge: Gateway, point: str) -> None:
    """Ordered and paid at b, permitted by a; b's readers hear of what a has done."""
    order = await house.suspend("b", point)
    async with asyncio.timeout(NEWS_WITHIN_S):
        command = await edge_hears(edge)
    heard = asyncio.Event()
    reader = asyncio.create_task(news_of(house.https["b"], order, "permitted", heard))
    await heard.wait()
    assert (await edge.ask(command)).granted
    async with asyncio.timeout(NEWS_WITHIN_S):
        await reader
    await edge.done(command)
    await state(house.https["b"], order, "completed")
    await house.pay("b", point)
    async with asyncio.timeout(NEWS_WITHIN_S):
        await edge.done(await edge_hears(edge))
    await all_ended(house.https["b"], point)


async def one_is_paused(house: House, edge: Gateway, point: str) -> None:
    """The leader sleeps, a payment is recorded at the other one, and the sleeper wakes with what it knew."""
    order = await house.suspend("b", point)
    command = await edge_hears(edge)
    house.processes["a"].send_signal(signal.SIGSTOP)
    await house.pay("b", point)
    term = await house.leads("b")
    await refused(edge, command)
    house.processes["a"].send_signal(signal.SIGCONT)
    await refused(edge, command)
    await state(house.https["a"], order, "withdrawn")
    assert await house.leads("b") == term, "who wakes does not take back what another leads"


async def one_is_killed(house: House, edge: Gateway, point: str) -> None:
    """Kill -9 of the leader with an order on its way: it is permitted and done by the other."""
    order = await house.suspend("a", point)
    command = await edge_hears(edge)
    house.processes["b"].kill()
    await house.leads("a")
    permit = await edge.ask(command)
    while permit.command != command.digest:  # an earlier request came twice, as the leader changed
        permit = (await edge.hear(Permit)).message
    assert permit.granted, permit.reason
    await edge.done(command)
    await state(house.https["a"], order, "completed")


def never_forked(url: str) -> None:
    """Every checkpoint ever signed is the tree of the log's first entries, as it is now."""
    engine = make_engine(url)
    with reading(engine) as db:
        entries = db.execute(select(log_entries.c.leaf).order_by(log_entries.c.number)).scalars()
        leaves = [tree.leaf_hash(raw) for raw in entries]
        notes = [checkpoint.read(note).checkpoint for note in db.execute(select(log_checkpoints.c.note)).scalars()]
        assert {note.origin for note in notes} == {"curbstop"}
        alive = db.execute(select(orders.c.id).where(orders.c.alive)).all()
    engine.dispose()
    assert len(notes) > 3
    for note in notes:
        assert note.root == root(leaves[: note.size])
    assert max(note.size for note in notes) == len(leaves)
    assert alive == []


def root(leaves: list[bytes]) -> bytes:
    """As RFC 6962 defines it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256().digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return tree.node_hash(root(leaves[:split]), root(leaves[split:]))


def test_two_replicas_one_paused_then_the_other_killed(postgres: RunningPostgres, tmp_path: Path) -> None:
    async def live() -> str:
        async with two(postgres, tmp_path) as house:
            await live_through(house)
            await asyncio.sleep(2)
            house.processes["a"].send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(house.processes["a"].wait, PATIENCE_S) == 0
            return house.url

    never_forked(asyncio.run(live()))


def refusal(house: House, name: str, more: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a third process says that can't start, from a folder of its own."""
    (house.place(name) / "broker").touch(mode=0o600)
    (house.place(name) / "broker").write_text("p" * 32)
    assert main(["serve", str(settings(house.place(name), servers.free_port(), more))]) == 2
    return capsys.readouterr().err


def test_who_may_not_join(postgres: RunningPostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One of a name in use, one with another key, one that would change the schema under another's feet."""
    house = House(tmp_path, postgres.url(postgres.new()), 1, {}, {}, {})
    with served(house.place("a"), port := servers.free_port(), house.more("a")):
        ready(port)
        assert "another process serves it as replica 'a'" in refusal(house, "other", house.more("a"), capsys)
        assert "sign with other keys" in refusal(house, "c", house.more("c"), capsys)
        shutil.copy(house.place("a") / "plane.key", house.place("c") / "plane.key")
        engine = make_engine(house.url)
        with engine.begin() as db:
            db.execute(text("UPDATE alembic_version SET version_num = '0019'"))
        engine.dispose()
        assert "stop all replicas" in refusal(house, "c", house.more("c"), capsys)
    assert "replica: a SQLite file is one process's" in refusal(house, "d", 'replica = "d"\n', capsys)


def test_a_replica_that_is_new_joins_who_serves_and_halts_where_nobody_can_vouch_for_the_database(
    postgres: RunningPostgres, tmp_path: Path
) -> None:
    house = House(tmp_path, postgres.url(postgres.new()), 1, {}, {}, {})
    key = house.place("a") / "plane.key"
    with served(house.place("a"), port := servers.free_port(), house.more("a")):
        ready(port)
        shutil.copy(key, house.place("b") / "plane.key")
        with served(house.place("b"), other := servers.free_port(), house.more("b")) as b:
            ready(other)
            assert "HALTED" not in ended(b, signal.SIGTERM)
    shutil.copy(key, house.place("c") / "plane.key")
    with served(house.place("c"), port, house.more("c")) as c:
        ready(port)
        assert "nobody can tell whether this database was restored" in ended(c, signal.SIGTERM)


def test_each_replica_finds_out_a_database_that_was_restored(postgres: RunningPostgres, tmp_path: Path) -> None:
    house = House(tmp_path, postgres.url(postgres.new()), 1, {}, {}, {})
    for name in ("a", "b"):
        if name == "b":
            shutil.copy(house.place("a") / "plane.key", house.place("b") / "plane.key")
        with served(house.place(name), port := servers.free_port(), house.more(name)) as process:
            ready(port)
            ended(process, signal.SIGTERM)
    with postgres.connect(house.url.rpartition("/")[2]) as db:
        db.execute("UPDATE house SET text = 'of an earlier run' WHERE key IN ('run a', 'run b')")
    for name in ("b", "a"):
        with served(house.place(name), port := servers.free_port(), house.more(name)) as process:
            ready(port)
            assert "it was restored, or exchanged" in ended(process, signal.SIGTERM)
