"""What a process that joins others over one database must have in common with them."""

from sqlalchemy import Connection, insert, select, update

from controlplane.registry.models import house

KEYS = "keys"


class JoinError(Exception):
    """This process would speak with another voice than those that serve already; the text says what to do."""


def same_keys(db: Connection, house_key: bytes, log_key: bytes, *, alone: bool) -> None:
    """Keep by which keys this house signs; JoinError where others serve it by other ones.

    Gateways would refuse what this one signs, and one log would bear two signatures.
    """
    mine = f"{house_key.hex()} {log_key.hex()}"
    kept = db.execute(select(house.c.text).where(house.c.key == KEYS)).scalar_one_or_none()
    if kept is None:
        db.execute(insert(house).values(key=KEYS, text=mine))
    elif kept != mine:
        if not alone:
            raise JoinError("the other replicas sign with other keys: give this one their key_file, and log.key_file")
        db.execute(update(house).where(house.c.key == KEYS).values(text=mine))
