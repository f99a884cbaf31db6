"""Taking readings, once, and knowing from them how often a meter's index moves."""

from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from controlplane.orders.observing import number
from controlplane.registry.models import meters
from controlplane.telemetry.models import latest, readings
from protocols.uplink.messages import Readings, ReadingsMark

INDEX = "volume"
LOOKED_AT = 400
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
KEEP_ONCE = {dialect: insert(readings).on_conflict_do_nothing() for dialect, insert in INSERTS.items()}
REGISTER = [c.name for c in latest.primary_key]


def _keep_latest(dialect: str) -> Any:
    """The statement that lets a register's newer value replace the older one."""
    insert = INSERTS[dialect](latest)
    changed = {c.name: insert.excluded[c.name] for c in latest.columns if c.name not in REGISTER}
    where = latest.c.at <= insert.excluded.at
    return insert.on_conflict_do_update(index_elements=REGISTER, set_=changed, where=where)


KEEP_LATEST = {dialect: _keep_latest(dialect) for dialect in INSERTS}
METERS_OF = select(meters.c.name).where(meters.c.gateway == bindparam("gateway"))


def take_readings(db: Connection, batch: Readings) -> ReadingsMark | None:
    """Keep a batch; what was kept before is kept once. The mark says up to where all is durable.

    Readings of a meter that is not this gateway's are left out, and still acknowledged: they would come for ever (I10).
    """
    if not batch.readings:
        return None
    mine = set(db.execute(METERS_OF, {"gateway": batch.gateway}).scalars())
    rows = [_row(batch, n) for n, reading in enumerate(batch.readings) if reading.meter in mine]
    if rows:
        db.execute(KEEP_ONCE[db.dialect.name], rows)
        db.execute(KEEP_LATEST[db.dialect.name], _newest(rows))
    return ReadingsMark(batch.journal, batch.boot, batch.first + len(batch.readings) - 1)


def _row(batch: Readings, n: int) -> dict[str, object]:
    reading = batch.readings[n]
    return {
        "meter": reading.meter,
        "at": reading.at,
        "journal": batch.journal,
        "boot": batch.boot,
        "sequence": batch.first + n,
        "quantity": reading.quantity,
        "value": reading.value,
        "unit": reading.unit,
        "storage": reading.storage,
        "tariff": reading.tariff,
        "subunit": reading.subunit,
        "function": reading.function,
        "reason": reading.reason,
        "gateway": batch.gateway,
    }


def _newest(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The last of each register; of several records of one name the first stands for it."""
    found: dict[tuple[object, ...], dict[str, object]] = {}
    for row in rows:
        register = tuple(row[k] for k in REGISTER)
        if register not in found or row["at"] != found[register]["at"]:
            found[register] = row
    return list(found.values())


SEEN = (
    select(readings.c.at, readings.c.value)
    .where(readings.c.meter == bindparam("meter"), readings.c.quantity == INDEX, readings.c.storage == 0)
    .where(readings.c.at < bindparam("before"), readings.c.value.is_not(None), readings.c.function == "instantaneous")
    .order_by(readings.c.at.desc())
    .limit(LOOKED_AT)
)


def index_steps(db: Connection, meter: str, before: datetime) -> list[tuple[datetime, Decimal]]:
    """The meter's index before a time: as first seen, and each time it was seen to have moved; oldest first."""
    rows = db.execute(SEEN, {"meter": meter, "before": before})
    found = [(at, number(value)) for at, value in rows][::-1]
    seen = [(at, value) for at, value in found if value is not None]
    return seen[:1] + [now for earlier, now in pairwise(seen) if now[1] != earlier[1]]
