"""Sessions of browsers: opened with a token or a link that counts once, and ended with the token at the latest.

The cookie's secret is kept as a hash. What forms must carry (CSRF) is made from the secret: no database tells it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from controlplane.access.models import login_links, sessions, tokens
from controlplane.access.roles import Permission
from controlplane.access.service import Principal, named, principal
from controlplane.problems import UnauthenticatedError
from protocols.ports import Clock, Entropy

COOKIE = "curbstop_session"
SECRET_BYTES = 32
LINK_BYTES = 12
"""Enough for what counts once, within minutes; a whole link fits a line of a terminal."""
LASTS = timedelta(hours=12)
LINK_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in; `csrf` is what its forms carry."""

    principal: Principal
    csrf: str


def log_in(db: Connection, clock: Clock, entropy: Entropy, token: str) -> str:
    """Open a session with a token's text; the cookie's secret. UnauthenticatedError, or ForbiddenError by its role."""
    who = principal(db, f"Bearer {token}", clock.now())
    return _open(db, clock, entropy, who)


def make_link(db: Connection, clock: Clock, entropy: Entropy, token: str) -> tuple[str, datetime]:
    """The code of a link that logs in as this token, once, and until when."""
    code, until = entropy.token(LINK_BYTES).hex(), clock.now() + LINK_LASTS
    db.execute(delete(login_links).where(login_links.c.expires_at <= clock.now()))
    db.execute(insert(login_links).values(hash=_hash(code), token=token, expires_at=until))
    return code, until


def use_link(db: Connection, clock: Clock, entropy: Entropy, code: str) -> str:
    """Open a session with a link's code, which counts no more; UnauthenticatedError where it does not count."""
    query = select(tokens, login_links.c.expires_at.label("until")).join(
        login_links, login_links.c.token == tokens.c.id
    )
    row = db.execute(query.where(login_links.c.hash == _hash(code))).one_or_none()
    db.execute(delete(login_links).where(login_links.c.hash == _hash(code)))
    if row is None or row.until <= clock.now() or _ended(row, clock.now()):
        raise UnauthenticatedError("this link was used before, or its time is over; ask for another")
    return _open(db, clock, entropy, named(row))


def _open(db: Connection, clock: Clock, entropy: Entropy, who: Principal) -> str:
    who.need(Permission.PAGES_READ)
    secret, now = entropy.token(SECRET_BYTES).hex(), clock.now()
    db.execute(delete(sessions).where(sessions.c.expires_at <= now))
    db.execute(insert(sessions).values(hash=_hash(secret), token=who.id, opened_at=now, expires_at=now + LASTS))
    return secret


ITS_SESSION = (
    select(tokens, sessions.c.expires_at.label("until"))
    .join(sessions, sessions.c.token == tokens.c.id)
    .where(sessions.c.hash == bindparam("this"))
)


def session(db: Connection, secret: str | None, now: datetime) -> Session:
    """The session of a cookie. One refusal for all that is wrong."""
    row = db.execute(ITS_SESSION, {"this": _hash(secret or "")}).one_or_none()
    if secret is None or row is None or row.until <= now or _ended(row, now):
        raise UnauthenticatedError("log in: this browser's session has ended, or there was none")
    return Session(named(row), sha256(f"forms of {secret}".encode()).hexdigest())


def log_out(db: Connection, secret: str) -> None:
    """End a session."""
    db.execute(delete(sessions).where(sessions.c.hash == _hash(secret)))


def _ended(token: Any, now: datetime) -> bool:
    return token.revoked_at is not None or (token.expires_at or now) < now


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
