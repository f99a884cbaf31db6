"""Commands and looks that were sent, found again: by their digest, or by what they may still do at a point."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from controlplane.db import fences
from controlplane.orders.models import commands, looks

COMMAND = select(commands).where(commands.c.digest == bindparam("digest"))
LOOK = select(looks).where(looks.c.digest == bindparam("digest"))
COMMAND_HELD = (
    select(commands, fences.c.epoch.label("fence_epoch"))
    .join(fences, fences.c.point == commands.c.point)
    .where(commands.c.digest == bindparam("digest"))
    .with_for_update()
)
LOOK_HELD = (
    select(looks)
    .join(fences, fences.c.point == looks.c.point)
    .where(looks.c.digest == bindparam("digest"))
    .with_for_update()
)
GRANTED = select(commands).where(commands.c.point == bindparam("point"), commands.c.granted_at.is_not(None))


def command(db: Connection, digest: str | None) -> Row[Any] | None:
    """The command of this digest, if one was issued here."""
    return db.execute(COMMAND, {"digest": digest}).one_or_none()


def command_held(db: Connection, digest: str) -> Row[Any] | None:
    """The command as it stands once the fence of its point is held (P1), with that fence's epoch."""
    return db.execute(COMMAND_HELD, {"digest": digest}).one_or_none()


def look_held(db: Connection, digest: str) -> Row[Any] | None:
    """The look as it stands once the fence of its point is held (P1)."""
    return db.execute(LOOK_HELD, {"digest": digest}).one_or_none()


def look(db: Connection, digest: str | None) -> Row[Any] | None:
    """The look of this digest, if one was issued here."""
    return db.execute(LOOK, {"digest": digest}).one_or_none()


def granted(db: Connection, point: str) -> list[Row[Any]]:
    """Every command that was ever granted at the point."""
    return list(db.execute(GRANTED, {"point": point}))
