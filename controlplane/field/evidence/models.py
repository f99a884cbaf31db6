"""Tables of evidence: each file once, who has sent it, and what it serves."""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table

from controlplane.db import Moment, Whole, metadata

evidence = Table(
    "evidence",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("size", Whole, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("facts", JSON, nullable=True),
    Column("likeness", String, nullable=True),
    Column("band0", Whole, nullable=True, index=True),
    Column("band1", Whole, nullable=True, index=True),
    Column("band2", Whole, nullable=True, index=True),
    Column("band3", Whole, nullable=True, index=True),
)
"""`likeness` is 64 bits in hex; the bands are its four parts of 16 bits, by which one that is alike is found."""

evidence_sent = Table(
    "evidence_sent",
    metadata,
    Column("evidence", String, ForeignKey("evidence.sha256"), primary_key=True),
    Column("principal", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("crew", String, nullable=True),
)
"""Who has shown to have the bytes: the token's id and name, and the crew whose approved device sent them."""
Index("ix_evidence_sent_crew", evidence_sent.c.crew, evidence_sent.c.at)
Index("ix_evidence_sent_principal", evidence_sent.c.principal, evidence_sent.c.at)

evidence_uses = Table(
    "evidence_uses",
    metadata,
    Column("evidence", String, ForeignKey("evidence.sha256"), primary_key=True),
    Column("order", String, ForeignKey("orders.id"), primary_key=True),
    Column("shot", String, primary_key=True),
    Column("point", String, ForeignKey("supply_points.id"), nullable=False),
    Column("client", String, ForeignKey("clients.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", String, nullable=False),
    Column("work_order", String, nullable=True),
)
"""What a file shows, in which order and at which visit. The order's client may read it."""
Index("ix_evidence_uses_order", evidence_uses.c.order)
