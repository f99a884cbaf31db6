"""Tokens: made, shown once, kept as a hash, asked for at every request, revoked for good."""

import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from controlplane.access.models import tokens
from controlplane.access.roles import HOUSE, SCOPED, Permission, Role, may
from controlplane.ids import new_id
from controlplane.problems import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnprocessableError,
)
from protocols.ports import Clock, Entropy

SECRET_BYTES = 32
TOKEN = re.compile(r"(tok_[0-9a-z]{17})\.([0-9a-f]{64})")
NOBODY = sha256(b"").hexdigest()
FIRST = "first-admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `client` is the one client it is confined to; None sees the whole house."""

    id: str
    name: str
    role: Role
    client: str | None
    person: str | None = None

    def one_of_two(self) -> str:
        """Whose this token is, where two persons are asked; ForbiddenError for a token that is nobody's."""
        if self.person is None:
            detail = "this takes two persons, and this token names none; ask an admin for one with `person`"
            raise ForbiddenError(detail, code="person_required")
        return self.person

    def need(self, permission: Permission) -> None:
        """Go on only with this permission."""
        if not may(self.role, permission):
            raise ForbiddenError(f"the role {self.role} has no permission {permission}; ask an admin for another token")


@dataclass(frozen=True, slots=True)
class Wish:
    """A token somebody wants made."""

    name: str
    role: Role
    client: str | None = None
    expires_at: datetime | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A new token: the only time its secret is seen."""

    id: str
    secret: str


def make_token(db: Connection, clock: Clock, entropy: Entropy, wish: Wish, by: str) -> Made:
    """Make one; refused where the role needs a client, must have none, or the name was ever used."""
    if wish.role in SCOPED and wish.client is None:
        raise UnprocessableError(f"a {wish.role} is confined to one client: name it", code="scope_required")
    if wish.role in HOUSE and wish.client is not None:
        raise UnprocessableError(f"a {wish.role} is never confined to a client: name none", code="scope_forbidden")
    if db.execute(select(tokens.c.id).where(tokens.c.name == wish.name)).one_or_none() is not None:
        raise ConflictError("this name was used before; names are never used twice", code="name_taken")
    identity, secret = new_id("tok", clock, entropy), entropy.token(SECRET_BYTES).hex()
    row = {"id": identity, "name": wish.name, "role": wish.role, "client": wish.client, "created_by": by}
    row["person"] = wish.person
    try:
        db.execute(insert(tokens).values(**row, hash=_hash(secret), created_at=clock.now(), expires_at=wish.expires_at))
    except IntegrityError:
        raise UnprocessableError("there is no such client", code="unknown_client") from None
    return Made(identity, f"{identity}.{secret}")


def first_token(db: Connection, clock: Clock, entropy: Entropy) -> str | None:
    """At the very first start: an admin's token. None ever after, whatever was revoked."""
    if db.execute(select(tokens.c.id).limit(1)).one_or_none() is not None:
        return None
    return make_token(db, clock, entropy, Wish(FIRST, Role.ADMIN), by="first start").secret


ITS_TOKEN = select(tokens).where(tokens.c.id == bindparam("this"))


def principal(db: Connection, authorization: str | None, now: datetime) -> Principal:
    """Who the header says this is. One refusal for all that is wrong: nothing is told about tokens that exist."""
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not credentials:
        raise UnauthenticatedError("send your token in the header Authorization: Bearer ...")
    found = TOKEN.fullmatch(credentials.strip())
    row = db.execute(ITS_TOKEN, {"this": found.group(1) if found else ""}).one_or_none()
    same = hmac.compare_digest(_hash(found.group(2) if found else ""), row.hash if row is not None else NOBODY)
    if row is None or not same or row.revoked_at is not None or (row.expires_at or now) < now:
        raise UnauthenticatedError("this token is not known, has expired or was revoked")
    return named(row)


def named(row: Row[Any]) -> Principal:
    """The principal that a row of tokens names."""
    return Principal(row.id, row.name, Role(row.role), row.client, same_person(row.person))


def same_person(name: str | None) -> str | None:
    """A person's name as it is compared: however it was written, it is one person."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split()) if name is not None else None


def revoke(db: Connection, token: str, now: datetime) -> None:
    """End a token for good; the last admin's can't be: nobody could make another."""
    row = db.execute(select(tokens).where(tokens.c.id == token)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such token")
    if row.revoked_at is not None:
        return
    if row.role == Role.ADMIN and not _other_admin(db, token, now):
        raise ConflictError("this is the last admin's token; make another first", code="last_admin")
    db.execute(update(tokens).where(tokens.c.id == token).values(revoked_at=now))


def _other_admin(db: Connection, token: str, now: datetime) -> bool:
    lasting: ColumnElement[bool] = tokens.c.expires_at.is_(None) | (tokens.c.expires_at > now)
    admin = (tokens.c.role == Role.ADMIN) & tokens.c.revoked_at.is_(None) & lasting & (tokens.c.id != token)
    return db.execute(select(tokens.c.id).where(admin).limit(1)).one_or_none() is not None


def _hash(secret: str) -> str:
    """256 bits of chance need no stretching."""
    return sha256(secret.encode()).hexdigest()
