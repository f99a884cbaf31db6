"""The table of payments."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, UniqueConstraint

from controlplane.db import Moment, metadata

payments = Table(
    "payments",
    metadata,
    Column("id", String, primary_key=True),
    Column("client", String, ForeignKey("clients.id"), nullable=False),
    Column("point", String, ForeignKey("supply_points.id"), nullable=False, index=True),
    Column("amount", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("settles", Boolean, nullable=False),
    Column("actor", String, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("gives_back", String, ForeignKey("orders.id"), nullable=True),
    UniqueConstraint("client", "reference"),
)
"""`amount` is exact decimal text, never a float. `gives_back` is the order that the payment has entered, if any."""
