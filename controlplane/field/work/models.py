"""Tables of work orders and of the feed that tells of them."""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, text

from controlplane.db import Moment, Whole, metadata

REPAIR = "repair"
"""The kind of a work order that is about an order's valve and no order itself; the others bear their order's."""

work_orders = Table(
    "work_orders",
    metadata,
    Column("id", String, primary_key=True),
    Column("order", String, ForeignKey("orders.id"), nullable=False, index=True),
    Column("point", String, ForeignKey("supply_points.id"), nullable=False),
    Column("client", String, ForeignKey("clients.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("visit", Whole, nullable=False),
    Column("crew", String, ForeignKey("crews.id"), nullable=True, index=True),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment, nullable=True),
    Column("ending", String, nullable=True),
    Column("stopped_at", Moment, nullable=True),
    Column("found", String, nullable=True),
    Column("found_at", Moment, nullable=True),
    Column("sequence", Whole, nullable=True),
    Column("next_step", String, nullable=True),
    Column("report", String, nullable=True),
    Column("doubts", JSON, nullable=True),
    Column("first", JSON, nullable=True),
    Column("serial", String, nullable=True),
    Column("version", Whole, nullable=False),
    Column("findings", JSON, nullable=True),
)
"""`sequence` was drawn when the crew came to look; `report` is one that is kept until two persons have judged its
`doubts`; `first` is what the first of two persons has said; `serial` is one that two persons have accepted here;
`findings` are those about its account."""
Index(
    "one_work_order_open",
    work_orders.c.order,
    unique=True,
    sqlite_where=text("closed_at IS NULL"),
    postgresql_where=text("closed_at IS NULL"),
)

feed = Table(
    "feed",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("client", String, nullable=False, index=True),
    Column("work_order", String, ForeignKey("work_orders.id"), nullable=False),
    Column("type", String, nullable=False),
    Column("only", String, nullable=True),
    Column("but", String, nullable=True),
    Column("data", JSON, nullable=False),
    sqlite_autoincrement=True,
)
"""`only` is the one crew that sees an entry; `but` the one that does not: it is for all the other crews, and only them.
Writers follow each other, so that entries are committed in the order of their numbers: a cursor skips none."""
