"""The lease of whoever leads: one row, whose term only rises."""

from sqlalchemy import Column, String, Table

from controlplane.db import Whole, metadata

LEAD_ROW = 1

lead = Table(
    "lead",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("term", Whole, nullable=False),
    Column("beat", Whole, nullable=False),
    Column("holder", String, nullable=False),
    Column("free", Whole, nullable=False),
)
"""`holder` is a replica's name; `free` is 1 where it has let go. It holds no time: clocks of machines differ."""
