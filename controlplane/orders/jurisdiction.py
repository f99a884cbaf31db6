"""Which rule pack a supply point stands under: the one it names, else the control plane's default."""

from sqlalchemy import Connection, bindparam, select

from controlplane.orders.context import Context
from controlplane.policy.packs import Pack, PackError, Packs
from controlplane.registry.models import supply_points

PACK = select(supply_points.c.pack).where(supply_points.c.id == bindparam("id"))
NAMED = select(supply_points.c.pack).where(supply_points.c.pack.is_not(None)).distinct()


def pack_at(db: Connection, context: Context, point: str) -> Pack:
    """The rules of a point; for whoever has not read them with its row."""
    return context.packs.of(db.execute(PACK, {"id": point}).scalar_one())


def check(db: Connection, packs: Packs) -> None:
    """Go on only if every pack that a point names is served; PackError says which are not."""
    missing = sorted(set(db.execute(NAMED).scalars()) - set(packs.named))
    if missing:
        detail = f"supply points name rule packs that are not served: {', '.join(missing)}; served are"
        raise PackError(f"{detail} {', '.join(packs.named)} (one for demonstrations only as the default)")
