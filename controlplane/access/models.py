"""The table of tokens: what is kept of one can't be turned back into it."""

from sqlalchemy import Column, ForeignKey, String, Table

from controlplane.db import Moment, metadata

tokens = Table(
    "tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("client", String, ForeignKey("clients.id"), nullable=True),
    Column("hash", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String, nullable=False),
    Column("expires_at", Moment, nullable=True),
    Column("revoked_at", Moment, nullable=True),
    Column("person", String, nullable=True),
)
"""`person` is who holds it: two tokens of one person are one, where two persons are asked. A machine's has none.

`name` is never used again, so that a name in an order's history is always one person's or one machine's."""

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String, primary_key=True),
    Column("token", String, ForeignKey("tokens.id"), nullable=False, index=True),
    Column("opened_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)
"""Browsers that are logged in, each as a token and no longer than it. Logging out removes the row."""

login_links = Table(
    "login_links",
    metadata,
    Column("hash", String, primary_key=True),
    Column("token", String, ForeignKey("tokens.id"), nullable=False, index=True),
    Column("expires_at", Moment, nullable=False),
)
"""Links that log in once. A used one is removed."""
