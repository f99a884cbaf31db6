"""What bars all taking of supply in the whole house: an operator's freeze, and a halt after a restore."""

from sqlalchemy import Connection, bindparam, insert, select, update

from controlplane.registry.models import house
from protocols.uplink.messages import Reason

FREEZE, HALT = "freeze", "halt"
FROZEN = Reason("frozen", "All closing is frozen by an operator.", "Ogni chiusura è sospesa da un operatore.")
HALTED = Reason(
    "halted",
    "The control plane was restored; nothing is closed until an operator resumes it.",
    "Il sistema è stato ripristinato: nessuna chiusura finché un operatore non lo riattiva.",
)
_FACT = select(house).where(house.c.key == bindparam("key"))
_ON = select(house.c.key).where(house.c.key.in_([FREEZE, HALT]), house.c.on)


def frozen(db: Connection) -> bool:
    """Whether an operator has frozen all taking."""
    return FREEZE in _on(db)


def halted(db: Connection) -> bool:
    """Whether the house is halted after a restore."""
    return HALT in _on(db)


def barred(db: Connection) -> Reason | None:
    """Why nothing may be taken at all now; None where nothing bars it."""
    on = _on(db)
    if HALT in on:
        return HALTED
    return FROZEN if FREEZE in on else None


def _on(db: Connection) -> set[str]:
    return {row.key for row in db.execute(_ON)}


def switch(db: Connection, key: str, *, on: bool, text: str) -> int:
    """Turn it on or off; the number of the turn, which only rises."""
    row = db.execute(_FACT, {"key": key}).one_or_none()
    number = (row.number if row else 0) + 1
    values = {"number": number, "on": on, "text": text, "by": "", "person": None}
    if row is None:
        db.execute(insert(house).values(key=key, **values))
    else:
        db.execute(update(house).where(house.c.key == key).values(**values))
    return number
