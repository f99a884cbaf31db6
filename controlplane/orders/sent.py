"""Commands and looks that were sent, found again: by their digest, or by what they may still do at a point."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from controlplane.orders.models import commands, looks

COMMAND = select(commands).where(commands.c.digest == bindparam("digest"))
LOOK = select(looks).where(looks.c.digest == bindparam("digest"))
GRANTED = select(commands).where(commands.c.point == bindparam("point"), commands.c.granted_at.is_not(None))


def command(db: Connection, digest: str | None) -> Row[Any] | None:
    """The command of this digest, if one was issued here."""
    return db.execute(COMMAND, {"digest": digest}).one_or_none()


def look(db: Connection, digest: str | None) -> Row[Any] | None:
    """The look of this digest, if one was issued here."""
    return db.execute(LOOK, {"digest": digest}).one_or_none()


def granted(db: Connection, point: str) -> list[Row[Any]]:
    """Every command that was ever granted at the point."""
    return list(db.execute(GRANTED, {"point": point}))
