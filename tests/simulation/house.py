"""The control plane's database before a story begins: one client, four points with their meters, one free point."""

import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, insert

from controlplane.db import fences
from controlplane.registry.models import clients, gateways, meters, supply_points
from protocols.types import GatewayId
from protocols.uplink.keys import SigningKey
from simulators.loop import START
from tests.databases import fresh
from tests.simulation.bodies import GAS, NAMES, identity

G, ATTIC = GatewayId("cellar"), GatewayId("attic")
KEYS = {G: SigningKey(b"g" * 32), ATTIC: SigningKey(b"h" * 32)}
CLIENT = "cli_1"
FREE = "E"


@cache
def empty() -> bytes:
    """The file of a house in which nothing has happened yet, made once for all worlds."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "house.sqlite"
        engine = fresh(path)
        with engine.begin() as db:
            _register(db)
        engine.dispose()
        return path.read_bytes()


def _register(db: Connection) -> None:
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
    path.write_bytes(empty())
    return engine, sqlite3.connect(path, isolation_level=None)
