"""Hands: what a crew's permit lets loose. No fence and no time settles one, only a signed account (CONTROL P9)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from controlplane.orders.models import hands

AT_POINT = select(hands).where(hands.c.point == bindparam("point"))
OUT = AT_POINT.where(hands.c.settled_sequence.is_(None))
HELD = select(hands).where(hands.c.digest == bindparam("digest"))
GIVEN = insert(hands)
SETTLED = update(hands).where(hands.c.digest == bindparam("this"))


def out(db: Connection, point: str) -> Row[Any] | None:
    """The hand that may act at the point; None where there is none."""
    return db.execute(OUT, {"point": point}).one_or_none()


def at_point(db: Connection, point: str) -> list[Row[Any]]:
    """Every hand there ever was at the point."""
    return list(db.execute(AT_POINT, {"point": point}))


def by_permit(db: Connection, digest: str | None) -> Row[Any] | None:
    """The hand of this permit, if it was granted here."""
    return db.execute(HELD, {"digest": digest}).one_or_none()


def let_loose(
    db: Connection, *, permit: str, order: str, point: str, device: str, granted_at: datetime, until: datetime
) -> None:
    """Note that a hand may act from now on; the point's fence is held."""
    row = {"digest": permit, "order": order, "point": point, "device": device}
    db.execute(GIVEN, {**row, "granted_at": granted_at, "until": until})


def mark_settled(db: Connection, permit: str, sequence: int, at: datetime, by: str) -> None:
    """Note by which kind of account it was settled, and under which sequence of its point."""
    db.execute(SETTLED, {"this": permit, "settled_sequence": sequence, "settled_at": at, "settled_by": by})


def acted(
    db: Connection, account: str, *, order: str, point: str, device: str, sequence: int, at: datetime, by: str
) -> None:
    """Note a hand that acted under no permit that stands, by its own account: settled with it, as far as it goes."""
    row = {"digest": account, "order": order, "point": point, "device": device, "granted_at": at, "until": at}
    db.execute(GIVEN, {**row, "settled_sequence": sequence, "settled_at": at, "settled_by": by})
