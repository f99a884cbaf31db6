"""The last position that was seen at a meter, and by whose word."""

from sqlalchemy import Connection, bindparam, insert, update

from controlplane import news
from controlplane.orders.context import Context
from controlplane.orders.models import positions
from protocols.uplink.messages import Seen

SEEN = insert(positions)
SEEN_AGAIN = update(positions).where(positions.c.meter == bindparam("this"))


def see(db: Connection, context: Context, meter: str, seen: Seen | None, by: tuple[str, str]) -> None:
    """Keep the last position that was seen at a meter; `by` is whose word it is, and of which grade."""
    if seen is None:
        return
    row = {"meter": meter, "position": seen.position, "at": seen.at, "source": by[0], "grade": by[1]}
    if db.execute(SEEN_AGAIN, {"this": meter, **row}).rowcount == 0:
        db.execute(SEEN, row)
    told: dict[str, object] = {"position": seen.position, "at": seen.at.isoformat(), "source": by[0], "grade": by[1]}
    news.tell(db, context.now, "position", meter, told, None)
