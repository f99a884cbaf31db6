"""Tables of seals: where each one is, and everything that ever happened to it."""

from sqlalchemy import Column, ForeignKey, String, Table

from controlplane.db import Moment, Whole, metadata

seals = Table(
    "seals",
    metadata,
    Column("number", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("crew", String, nullable=True, index=True),
    Column("point", String, ForeignKey("supply_points.id"), nullable=True, index=True),
)
"""`crew` has it in hand while it is issued; `point` is where it was put on."""

seal_events = Table(
    "seal_events",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("seal", String, ForeignKey("seals.number"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("event", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("crew", String, nullable=True),
    Column("point", String, nullable=True, index=True),
    Column("order", String, nullable=True),
    Column("reason", String, nullable=True),
    sqlite_autoincrement=True,
)
"""Append-only."""
