"""`curbstop serve` as a process over PostgreSQL: an order's life, the payment that reverses it, and a restart."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from curbstop.demo.broker import embedded
from protocols.ports import Broker, Message
from protocols.types import Outcome, ValvePosition
from protocols.uplink import codec, topics
from protocols.uplink.keys import short_fingerprint
from protocols.uplink.messages import (
    Ack,
    Birth,
    Body,
    Chain,
    Command,
    MeterBirth,
    Permit,
    PermitRequest,
    Receipt,
    Seen,
)
from seams.mqtt import Address, connector
from tests.controlplane.desk import CAPABLE, JOURNAL, KEY, METER, WHO, G
from tests.curbstop.test_serve import first_token, ready, served
from tests.e2e import servers
from tests.e2e.postgres import RunningPostgres

PATIENCE_S = 20
PLANE = "control-plane"
T = TypeVar("T", bound=Body)


@dataclass
class Gateway:
    """A gateway that says what the test lets it say."""

    broker: Broker
    messages: AsyncIterator[Message]
    links: Any = field(default_factory=lambda: count(1))
    last: str = "0" * 64

    async def say(self, message: Body) -> None:
        raw, digest = codec.seal(message, KEY)
        if isinstance(message, Receipt):
            self.last = digest
        await self.broker.publish(topics.up(G, message.kind), raw)

    async def hear(self, kind: type[T]) -> codec.Opened[T]:
        """The next message of this kind."""
        async with asyncio.timeout(PATIENCE_S):
            async for message in self.messages:
                if topics.parse(message.topic).kind == kind.kind:
                    return codec.peek(message.payload, kind)
        raise AssertionError("the broker ended the session")

    async def announce(self) -> None:
        meter = MeterBirth(METER, WHO, "x", "0" * 64, CAPABLE, 20.0, None)
        said = {"gateway": G, "journal": JOURNAL, "boot": 1, "nonce": "c" * 32, "software": "t", "freeze": 0}
        await self.say(Birth(**said, at=datetime.now(UTC), meters=(meter,)))  # type: ignore[arg-type]
        await self.hear(Ack)

    async def ask(self, command: codec.Opened[Command]) -> Permit:
        message = command.message
        said = {"gateway": G, "meter": METER, "command": command.digest, "number": message.number, "nonce": "b" * 32}
        await self.say(PermitRequest(**said, asks="permit", found=ValvePosition.OPEN, at=datetime.now(UTC)))  # type: ignore[arg-type]
        return (await self.hear(Permit)).message

    async def done(self, command: codec.Opened[Command]) -> None:
        now, message = datetime.now(UTC), command.message
        said = {"gateway": G, "meter": METER, "command": command.digest, "number": message.number}
        how = {"verb": message.verb, "outcome": Outcome.DONE, "why": None, "detail": "", "started": True}
        seen = {"identity_read": WHO, "before": None, "after": Seen(message.verb.wanted, now, 1.0), "sent": ()}
        times = {"received_at": now, "finished_at": now, "received_boot_s": 1.0, "finished_boot_s": 2.0}
        chain = Chain(JOURNAL, next(self.links), self.last)
        rest = {"permit": None, "spec_digest": "0" * 64, "software": "t", "chain": chain}
        await self.say(Receipt(**said, **how, **seen, **times, **rest))  # type: ignore[arg-type]


@asynccontextmanager
async def gateway(port: int, passwords: dict[str, str]) -> AsyncIterator[Gateway]:
    address = Address("127.0.0.1", port, G, G, passwords[G])
    async with connector(address)([topics.gateway_filter(G)], None) as broker:
        yield Gateway(broker, aiter(broker.messages()))


def told(folder: Path, url: str, broker: int) -> str:
    """The settings' own lines, before its tables."""
    (folder / "broker").touch(mode=0o600)
    (folder / "broker").write_text("p" * 32)
    return f'database = "{url}"\nbroker = {{ host = "127.0.0.1", port = {broker}, password_file = "broker" }}\n'


async def state(http: httpx.AsyncClient, order: str, wanted: str) -> dict[str, Any]:
    """The order once it stands so."""
    async with asyncio.timeout(PATIENCE_S):
        while (found := (await http.get(f"/orders/{order}")).json())["state"] != wanted:  # noqa: ASYNC110 - the API rings no bell
            await asyncio.sleep(0.05)
    document: dict[str, Any] = found
    return document


async def register(post: Any) -> str:
    client = await post("/clients", {"name": "Acqua"})
    await post("/gateways", {"id": G, "public_key": KEY.public.hex(), "fingerprint": short_fingerprint(KEY.public)})
    point = await post("/supply-points", {"client": client["id"], "code": "1", "medium": "water"})
    who = {"fabrication_number": WHO.fabrication_number, "id": WHO.id, "manufacturer": "CBS"}
    plate = {**who, "version": WHO.version, "medium": WHO.medium}
    await post("/meters", {"supply_point": point["id"], "gateway": G, "name": METER, "identity": plate})
    return str(point["id"])


async def story(http: httpx.AsyncClient, broker: int, passwords: dict[str, str]) -> str:
    """Suspended, paid, given back; the suspension's id."""
    keys = count()

    async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await http.post(path, json=body, headers={"idempotency-key": f"k{next(keys)}"})
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    point = await register(post)
    async with gateway(broker, passwords) as edge:
        await edge.announce()
        notice = {"received_on": "2026-01-02", "channel": "letter"}
        order = await post("/orders", {"supply_point": point, "kind": "suspend", "notice": notice})
        assert order["state"] == "dispatched"
        command = await edge.hear(Command)
        assert (await edge.ask(command)).granted
        await edge.done(command)
        await state(http, order["id"], "completed")
        paid = {"supply_point": point, "amount": "120.50", "currency": "EUR", "reference": "r1", "settles": True}
        await post("/payments", paid)
        await edge.done(await edge.hear(Command))
        back = (await http.get("/orders")).json()["items"][-1]
        assert (back["kind"], (await state(http, back["id"], "completed"))["grade"]) == ("reactivate", "read_back")
    return str(order["id"])


@pytest.mark.needs("postgresql")
def test_an_orders_life_over_postgresql(postgres: RunningPostgres, tmp_path: Path) -> None:
    url = postgres.url(postgres.new())
    port, broker = servers.free_port(), servers.free_port()
    passwords = {PLANE: "p" * 32, G: "g" * 32}
    more = told(tmp_path, url, broker)

    async def live() -> tuple[str, dict[str, Any], dict[str, str]]:
        async with embedded(broker, passwords):
            with served(tmp_path, port, more) as process:
                headers = {"authorization": f"Bearer {await asyncio.to_thread(first_token, process)}"}
                await asyncio.to_thread(ready, port)
                base = f"http://127.0.0.1:{port}/api/v1"
                async with httpx.AsyncClient(base_url=base, headers=headers, timeout=PATIENCE_S) as http:
                    order = await story(http, broker, passwords)
                    found = (await http.get(f"/orders/{order}")).json()
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, PATIENCE_S) == 0
        return order, found, headers

    order, found, headers = asyncio.run(live())
    assert [row["state"] for row in found["timeline"]][:4] == ["entered", "planned", "dispatched", "permitted"]
    assert all(row["at"].endswith("Z") for row in found["timeline"]), "times are told in UTC, wherever the server is"
    with served(tmp_path, port, more) as process:
        ready(port)
        again = httpx.get(f"http://127.0.0.1:{port}/api/v1/orders/{order}", headers=headers)
        assert again.json() == found
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert "HALTED" not in said
