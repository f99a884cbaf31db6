"""The control plane's database before a story begins: one client, four points with their meters, one free point.

Two crews are enrolled, each with a device and one to spare; one device more has nobody's approval.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, insert

from controlplane.access.roles import Role
from controlplane.access.service import Wish, make_token
from controlplane.db import fences
from controlplane.field.enrolment.service import approve, enrol, make_code, make_crew
from controlplane.orders.context import Context
from controlplane.policy import packs
from controlplane.proof.sequencer import begin_anew
from controlplane.registry.models import clients, gateways, meters, supply_points
from protocols.types import GatewayId
from protocols.uplink.keys import SigningKey, short_fingerprint
from simulators.chance import SeededEntropy
from simulators.loop import START
from tests.databases import fresh
from tests.simulation.bodies import GAS, NAMES, identity

G, ATTIC = GatewayId("cellar"), GatewayId("attic")
KEYS = {G: SigningKey(b"g" * 32), ATTIC: SigningKey(b"h" * 32)}
CLIENT = "cli_1"
FREE = "E"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A crew's device as it was enrolled, and the token under which it sends."""

    name: str
    id: str
    secret: str
    key: SigningKey
    approved: bool


class _Then:
    """The clock of the moment at which everything begins."""

    def now(self) -> datetime:
        return START

    def boot(self) -> float:
        return 0.0


@cache
def _built() -> tuple[bytes, tuple[Enrolled, ...]]:
    """The file of a house in which nothing has happened yet, and its crews' devices: made once for all worlds."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "house.sqlite"
        engine = fresh(path)
        with engine.begin() as db:
            _register(db)
            devices = tuple(_enrol(db))
        engine.dispose()
        return path.read_bytes(), devices


def enrolled() -> tuple[Enrolled, ...]:
    """All devices that ever enrolled, by their own account."""
    return _built()[1]


def _enrol(db: Connection) -> Iterator[Enrolled]:
    context = Context(_Then(), SeededEntropy(0, "enrolment"), packs.served("demo"))
    for crew in ("mario", "luigi"):
        identity = make_crew(db, context, crew, None, "anna")
        for name in (crew, f"{crew} too") if crew != "luigi" else (crew, f"{crew} too", "ghost"):
            key = SigningKey(name.encode().ljust(32, b"."))
            token = make_token(db, context.clock, context.entropy, Wish(name, Role.CREW), "anna")
            code = make_code(db, context, identity, "anna")
            device = enrol(db, context, code, name, key.public.hex(), token.id)
            if name != "ghost":
                approve(db, context, device, short_fingerprint(key.public), "anna")
            yield Enrolled(name, device, token.secret, key, approved=name != "ghost")


def _register(db: Connection) -> None:
    begin_anew(db, "")
    db.execute(insert(clients).values(id=CLIENT, name="Acqua", created_at=START))
    for gateway, key in KEYS.items():
        row = {"id": gateway, "public_key": key.public.hex(), "created_at": START, "chain": 0}
        db.execute(insert(gateways).values(**row))
    for name in (*NAMES, FREE):
        medium = "gas" if name == GAS else "water"
        row = {"id": f"pt_{name}", "client": CLIENT, "code": name, "medium": medium, "zone": "", "version": 1}
        db.execute(insert(supply_points).values(**row, created_at=START))
        db.execute(insert(fences).values(point=f"pt_{name}", next_sequence=1, epoch=1))
    for n, name in enumerate(NAMES, 1):
        who = identity(n, name)
        bound = {"name": name, "point": f"pt_{name}", "gateway": G, "bound_at": START, "version": 1}
        said = {"ident": who.id, "manufacturer": who.manufacturer, "version_no": who.version}
        number = {"medium": who.medium, "fabrication_number": who.fabrication_number}
        db.execute(insert(meters).values(**bound, **said, **number))


def build(folder: Path) -> tuple[Engine, sqlite3.Connection]:
    """A new house in this folder, and an eye on its database that no code of the house passes."""
    path = folder / "plane.sqlite"
    engine = fresh(path)
    path.write_bytes(_built()[0])
    return engine, sqlite3.connect(path, isolation_level=None)
