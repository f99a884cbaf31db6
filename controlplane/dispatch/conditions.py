"""What ails a gateway, as it says itself: kept with it, and an alarm for whatever has become worse."""

from sqlalchemy import Connection, bindparam, select, update

from controlplane import news
from controlplane.orders.context import Context
from controlplane.registry.models import gateways
from protocols.uplink.messages import Condition

KEPT = select(gateways.c.journal, gateways.c.condition).where(gateways.c.id == bindparam("id"))
KEEP = update(gateways).where(gateways.c.id == bindparam("this"))
NOTHING = {"storage": "works", "safe_mode": "", "readings_lost": 0}


def take(db: Connection, context: Context, told: Condition) -> None:
    """Keep a believed one of the journal that the last birth named; an older one says nothing more."""
    row = db.execute(KEPT, {"id": told.gateway}).one()
    before = row.condition or NOTHING
    same = before.get("journal") == told.journal
    if row.journal != told.journal or (same and (before["boot"], before["number"]) >= (told.boot, told.number)):
        return
    now = {
        "journal": told.journal,
        "boot": told.boot,
        "number": told.number,
        "storage": told.storage,
        "safe_mode": told.safe_mode,
        "readings_lost": told.readings_lost,
        "at": told.at.isoformat(),
    }
    db.execute(KEEP, {"this": told.gateway, "condition": now})
    for code, data in _worse(before if same else {**before, "readings_lost": 0}, told):
        news.tell(db, context.now, "alarm", told.gateway, {"code": code, "to": "operator", **data}, None)


def _worse(before: dict[str, object], told: Condition) -> list[tuple[str, dict[str, object]]]:
    """Alarms for what is new since it was told last."""
    found: list[tuple[str, dict[str, object]]] = []
    if told.safe_mode and told.safe_mode != before["safe_mode"]:
        found.append(("gateway_safe_mode", {"why": told.safe_mode}))
    if told.storage != "works" and told.storage != before["storage"]:
        found.append(("gateway_storage", {"storage": told.storage}))
    if told.readings_lost > int(str(before["readings_lost"])):
        found.append(("readings_lost", {"lost": told.readings_lost}))
    return found
