"""The demo's control plane: the real one over SQLite, run in this process, with the demo's registry entered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select

from controlplane import news
from controlplane.db import fences, make_engine, metadata
from controlplane.dispatch.doors import Doors
from controlplane.dispatch.loop import Dispatch
from controlplane.orders.context import Context
from controlplane.orders.life import Order, at_point, get, timeline
from controlplane.orders.observing import window_s
from controlplane.orders.service import Draft, request
from controlplane.orders.stopping import Stop, record_stop
from controlplane.policy import packs
from controlplane.policy.facts import Act, Answer, Facts
from controlplane.policy.rules import ask, decisive
from controlplane.registry.models import clients, gateways, meters, supply_points
from controlplane.telemetry.models import latest
from controlplane.telemetry.service import index_steps, take_readings
from controlplane.writer import ThreadWriter
from curbstop.demo.broker import CONTROL_PLANE
from curbstop.demo.setting import GATEWAY, METERS, Setting
from seams.clock import SystemClock, SystemEntropy
from seams.mqtt import Address, connector

CLIENT = "acqua-demo"
NOTICE_DAYS_AGO = 60


@dataclass(frozen=True, slots=True)
class Plane:
    """The control plane as the demo's people use it: they enter orders and payments, and watch."""

    context: Context
    writer: ThreadWriter

    async def suspend(self, meter: str) -> Order:
        """A client orders a suspension, its notice long served."""
        served = (self.context.now - timedelta(days=NOTICE_DAYS_AGO)).date()
        draft = Draft(f"point-{meter}", Act.SUSPEND, notice_received_on=served)
        return await self.writer.run(lambda db: request(db, self.context, draft, "client"))

    async def pay(self, meter: str) -> None:
        """The customer pays."""
        stop = Stop("payment", f"payment at {meter}")
        await self.writer.run(lambda db: record_stop(db, self.context, f"point-{meter}", stop, "payment"))

    async def order(self, order: str) -> Order:
        """An order as it stands."""
        return await self.writer.read(lambda db: get(db, order))

    async def at(self, meter: str) -> list[Order]:
        """All orders at a meter's point."""
        return await self.writer.read(lambda db: at_point(db, f"point-{meter}"))

    async def rate_is_known(self, meter: str) -> bool:
        """Whether the index was seen to run often enough to choose a window by."""
        now = self.context.now
        seen = await self.writer.read(lambda db: index_steps(db, meter, now))
        return window_s(seen, self.context) is not None

    async def timeline(self, order: str) -> list[dict[str, object]]:
        """Everything that has happened to an order."""
        return await self.writer.read(lambda db: list(timeline(db, order)))

    async def news_after(self, last: int) -> list[dict[str, object]]:
        """What is new."""
        return await self.writer.read(lambda db: news.after(db, last, None))

    async def registers(self, meter: str) -> dict[str, tuple[datetime, str]]:
        """The latest value of each register of a meter, with its unit."""
        query = select(latest).where(latest.c.meter == meter, latest.c.value.is_not(None))
        rows = await self.writer.read(lambda db: db.execute(query).all())
        return {row.quantity: (row.at, f"{row.value} {row.unit}".strip()) for row in rows}

    def verdict_today(self) -> Answer:
        """What the Italian rules for water say of a suspension at this moment."""
        pack = packs.installed("italy-water")
        now = self.context.now
        served = (now - timedelta(days=NOTICE_DAYS_AGO)).date()
        facts = Facts(Act.SUSPEND, now, now, "default", served, None, (), other_taking_alive=False)
        return decisive(ask(facts, pack))


@asynccontextmanager
async def plane(place: Setting) -> AsyncIterator[Plane]:
    """Run the control plane while the context lasts."""
    engine = make_engine(f"sqlite:///{place.folder / 'control-plane.sqlite'}")
    metadata.create_all(engine)
    context = Context(SystemClock(), SystemEntropy(), packs.installed("demo"), steps=index_steps)
    _register(engine, place, context.now)
    writer = ThreadWriter(engine)
    address = Address("127.0.0.1", place.broker_port, CONTROL_PLANE, CONTROL_PLANE, place.broker_password)
    dispatch = Dispatch(context, writer, Doors(context, take_readings), place.plane_key)
    task = asyncio.create_task(dispatch.run(connector(address)), name="control plane")
    try:
        yield Plane(context, writer)
    finally:
        task.cancel()
        await asyncio.wait([task])
        writer.close()
        engine.dispose()


def _register(engine: Engine, place: Setting, now: datetime) -> None:
    with engine.begin() as db:
        db.execute(insert(clients).values(id=CLIENT, name="Acqua Demo", created_at=now))
        key = place.gateway_key.public.hex()
        db.execute(insert(gateways).values(id=GATEWAY, public_key=key, created_at=now, chain=0))
        for meter in METERS:
            _register_meter(db, meter.name, now)


def _register_meter(db: Connection, name: str, now: datetime) -> None:
    meter = next(m for m in METERS if m.name == name)
    point = f"point-{name}"
    row = {"id": point, "client": CLIENT, "code": name, "medium": "water", "zone": "demo", "version": 1}
    db.execute(insert(supply_points).values(**row, created_at=now))
    db.execute(insert(fences).values(point=point, next_sequence=1, epoch=1))
    db.execute(
        insert(meters).values(
            name=name,
            point=point,
            gateway=GATEWAY,
            ident=meter.identity.id,
            manufacturer=meter.identity.manufacturer,
            version_no=meter.identity.version,
            medium=meter.identity.medium,
            fabrication_number=meter.identity.fabrication_number,
            bound_at=now,
            version=1,
        )
    )
