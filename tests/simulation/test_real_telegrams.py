"""Real meters' telegrams, end to end: replayed on a line, read by the gateway, stored by the control plane, exact."""

import asyncio
from decimal import Decimal
from pathlib import Path

import httpx
from sqlalchemy import Engine, insert

from controlplane.access.roles import Role
from controlplane.access.service import Wish, make_token
from controlplane.app import create
from controlplane.db import fences, make_engine, metadata
from controlplane.dispatch.doors import Doors
from controlplane.dispatch.loop import Dispatch
from controlplane.edge import Edge
from controlplane.orders.context import Context
from controlplane.policy import packs
from controlplane.registry.models import clients, gateways, meters, supply_points
from controlplane.telemetry.service import take_readings
from controlplane.writer import InlineWriter
from drivers.catalogue import installed
from gateway.app import Gateway
from gateway.config import LineConfig, parse_config
from gateway.journal.file import open_file
from gateway.journal.journal import Journal
from protocols.mbus.telegram import Telegram, decode_telegram
from protocols.ports import Dial
from protocols.types import medium_word
from protocols.uplink.keys import KeyRing
from simulators.broker import MemoryBroker
from simulators.line import Line, Station
from simulators.loop import Virtual, run
from simulators.process import Process
from simulators.reference import replay
from tests import vectors
from tests.gateway.world import CONFIG
from tests.simulation.house import KEYS, G
from tests.simulation.machine import PLANE_KEY

FILES = vectors.telegrams()
LINE = '\n[[lines]]\nname = "{name}"\nhost = "127.0.0.1"\nport = 5000\n'
METER = """
[[meters]]
name = "{name}"
line = "{name}"
spec = "generic/mbus-readonly"
id = "{header.id}"
manufacturer = "{maker}"
version = {version}
medium = "{medium}"
"""


def meter_table(name: str, telegram: Telegram) -> str:
    header = telegram.header
    fixed = header.manufacturer is None
    table = METER.format(
        name=name,
        header=header,
        maker=header.manufacturer or "AAA",
        version=header.version or 0,
        medium=medium_word(header.medium or 0),
    )
    return table + (f"address = {header.address}\n" if fixed else "")


def told(telegram: Telegram) -> list[tuple[str, Decimal | str | None]]:
    return [(r.quantity, exact(r.value)) for r in telegram.records]


def exact(value: object) -> Decimal | str | None:
    if value is None:
        return None
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return str(value)


async def told_by_rest(engine: Engine, context: Context, meter: str) -> list[tuple[str, Decimal | str | None]]:
    """What `GET /meters/{id}/readings` gives, in the order of the telegram."""
    with engine.begin() as db:
        token = make_token(db, context.clock, context.entropy, Wish(meter, Role.AUDITOR), by="test").secret
    app = create(Edge(InlineWriter(engine, []), context.clock, context.entropy, PLANE_KEY), context)
    items: list[dict[str, str | None]] = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as http:
        query: dict[str, str] | None = {}
        while query is not None:
            path, headers = f"/api/v1/meters/{meter}/readings", {"authorization": f"Bearer {token}"}
            page = (await http.get(path, params=query, headers=headers)).raise_for_status().json()
            items += page["items"]
            query = {"cursor": page["next"]} if page["next"] else None
    return [(str(item["quantity"]), exact(item["value"])) for item in reversed(items)]


def test_every_real_telegram_arrives_whole_and_exact(tmp_path: Path) -> None:
    telegrams = {f"m{n}": path for n, path in enumerate(FILES)}
    decoded = {name: decode_telegram(bytes.fromhex(path.read_text())) for name, path in telegrams.items()}

    async def main(virtual: Virtual) -> None:
        head = CONFIG.format(plane=PLANE_KEY.public.hex(), per_hour=0, share=0, floor=0, every_s=600)
        text = head + "".join(LINE.format(name=n) + meter_table(n, t) for n, t in decoded.items())
        slaves = {n: replay.slave([bytes.fromhex(p.read_text())]) for n, p in telegrams.items()}
        lines = {n: Line([Station(s)]) for n, s in slaves.items()}
        broker = MemoryBroker(seed=0)
        engine = make_engine(f"sqlite:///{tmp_path / 'p.sqlite'}")
        metadata.create_all(engine)
        now = virtual.clock.now()
        with engine.begin() as db:
            db.execute(insert(clients).values(id="c", name="c", created_at=now))
            db.execute(insert(gateways).values(id=G, public_key=KEYS[G].public.hex(), created_at=now, chain=0))
            for name in telegrams:
                point = {"id": name, "client": "c", "code": name, "medium": "water", "zone": "", "version": 1}
                db.execute(insert(supply_points).values(**point, created_at=now))
                db.execute(insert(fences).values(point=name, next_sequence=1, epoch=1))
                who = {
                    "ident": "00000000",
                    "manufacturer": "AAA",
                    "version_no": 0,
                    "medium": 0,
                    "fabrication_number": "",
                }
                db.execute(insert(meters).values(name=name, point=name, gateway=G, bound_at=now, version=1, **who))

        def dial(line: LineConfig) -> Dial:
            return lines[line.name].dial if line.name in lines else next(iter(lines.values())).dial

        context = Context(virtual.clock, virtual.entropy, packs.served("demo"))
        dispatch = Dispatch(context, InlineWriter(engine, []), Doors(context, take_readings), PLANE_KEY)
        gateway = Gateway(
            parse_config(text, tmp_path / "gateway.toml", installed()),
            clock=virtual.clock,
            entropy=virtual.entropy,
            dial=dial,
            connect=broker.connector(G),
            journal=Journal(open_file(str(tmp_path / "j.sqlite")), "00" * 16),
            signer=KEYS[G],
            verifier=KeyRing([PLANE_KEY.public]),
            software="t",
        )
        process = Process("both")
        process.start(dispatch.run(broker.connector("plane")))
        process.start(gateway.run())
        await asyncio.sleep(120)
        process.kill()
        stored = {name: await told_by_rest(engine, context, name) for name in decoded}
        missing = [telegrams[name].name for name, rows in stored.items() if not rows]
        assert missing == []
        for name, telegram in decoded.items():
            assert stored[name] == told(telegram), telegrams[name].name

    if telegrams:
        run(main)
