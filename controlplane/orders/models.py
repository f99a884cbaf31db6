"""Tables of orders: the order, its append-only events, commands, looks, stops, and receipts as they came."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, LargeBinary, String, Table, text

from controlplane.db import Moment, Told, Whole, metadata

orders = Table(
    "orders",
    metadata,
    Column("id", String, primary_key=True),
    Column("point", String, ForeignKey("supply_points.id"), nullable=False, index=True),
    Column("client", String, ForeignKey("clients.id"), nullable=False, index=True),
    Column("number", Whole, nullable=False),
    Column("kind", String, nullable=False),
    Column("way", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("alive", Boolean, nullable=False),
    Column("channel", String, nullable=True),
    Column("grounds", String, nullable=False),
    Column("notice", JSON, nullable=True),
    Column("not_before", Moment, nullable=True),
    Column("deadline", Moment, nullable=True),
    Column("until", Moment, nullable=True),
    Column("reason", JSON, nullable=True),
    Column("grade", String, nullable=True),
    Column("ever_permitted", Boolean, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("command", String, nullable=True),
    Column("look", String, nullable=True),
    Column("looks_sent", Whole, nullable=False),
    Column("sends", Whole, nullable=False),
    Column("tried", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("version", Whole, nullable=False),
    Column("requested_by", String, nullable=True),
    Column("quarantine", JSON, nullable=True),
    Column("approved_by", String, nullable=True),
    Column("legal_term", Moment, nullable=True),
    Column("armed_until", Moment, nullable=True),
    Column("look_at", Moment, nullable=True),
)
Index("ix_orders_client_created_at", orders.c.client, orders.c.created_at)
Index(
    "one_taking_order_alive",
    orders.c.point,
    unique=True,
    sqlite_where=text("alive AND way = 'taking'"),
    postgresql_where=text("alive AND way = 'taking'"),
)

order_events = Table(
    "order_events",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("order", String, ForeignKey("orders.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("event", String, nullable=False),
    Column("from_state", String, nullable=False),
    Column("state", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("grade", String, nullable=True),
    Column("reason", JSON, nullable=True),
    Column("version", Whole, nullable=False),
    sqlite_autoincrement=True,
)

commands = Table(
    "commands",
    metadata,
    Column("digest", String, primary_key=True),
    Column("order", String, ForeignKey("orders.id"), nullable=False, index=True),
    Column("point", String, nullable=False, index=True),
    Column("meter", String, nullable=False),
    Column("gateway", String, nullable=False),
    Column("epoch", Whole, nullable=False),
    Column("sequence", Whole, nullable=False),
    Column("verb", String, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("act_max_s", Float, nullable=False),
    Column("granted_at", Moment, nullable=True),
    Column("granted_boot_s", Float, nullable=True),
    Column("validity_s", Float, nullable=True),
    Column("void", Boolean, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("settled_sequence", Whole, nullable=True),
    Column("outcome", String, nullable=True),
)

Index(
    "commands_unsettled",
    commands.c.point,
    sqlite_where=text("granted_at IS NOT NULL AND settled_sequence IS NULL"),
    postgresql_where=text("granted_at IS NOT NULL AND settled_sequence IS NULL"),
)

hands = Table(
    "hands",
    metadata,
    Column("digest", String, primary_key=True),
    Column("order", String, ForeignKey("orders.id"), nullable=False, index=True),
    Column("point", String, nullable=False, index=True),
    Column("device", String, nullable=False),
    Column("granted_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("settled_sequence", Whole, nullable=True),
    Column("settled_at", Moment, nullable=True),
    Column("settled_by", String, nullable=True),
)
"""Hands that a permit was granted to, by the permit's digest. Time settles none of them (CONTROL P9)."""
Index(
    "one_hand_at_a_point",
    hands.c.point,
    unique=True,
    sqlite_where=text("settled_sequence IS NULL"),
    postgresql_where=text("settled_sequence IS NULL"),
)

looks = Table(
    "looks",
    metadata,
    Column("digest", String, primary_key=True),
    Column("order", String, ForeignKey("orders.id"), nullable=False, index=True),
    Column("point", String, nullable=False),
    Column("meter", String, nullable=False),
    Column("gateway", String, nullable=False),
    Column("epoch", Whole, nullable=False),
    Column("sequence", Whole, nullable=False),
    Column("observe_s", Float, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("answered_at", Moment, nullable=True),
)

stops = Table(
    "stops",
    metadata,
    Column("id", String, primary_key=True),
    Column("point", String, ForeignKey("supply_points.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("act", String, nullable=True),
    Column("up_to", Whole, nullable=True),
    Column("reference", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("until", Moment, nullable=True),
    Column("ended_at", Moment, nullable=True),
    Column("reason", String, nullable=True),
    Column("ended_by", String, nullable=True),
    Column("end_reason", String, nullable=True),
)

receipts = Table(
    "receipts",
    metadata,
    Column("digest", String, primary_key=True),
    Column("gateway", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("journal", String, nullable=False),
    Column("number", Whole, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("received_at", Moment, nullable=False),
)

Index("ix_receipts_chain", receipts.c.gateway, receipts.c.journal, receipts.c.number)

gaps = Table(
    "gaps",
    metadata,
    Column("gateway", String, primary_key=True),
    Column("journal", String, primary_key=True),
    Column("before", Whole, primary_key=True),
    Column("opened_at", Moment, nullable=False),
    Column("told_at", Moment, nullable=True),
)
"""What is missing of the accounts of one journal: those right before a number that is here. Filled, a row goes."""

leaks = Table(
    "leaks",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("point", String, ForeignKey("supply_points.id"), nullable=False, index=True),
    Column("meter", String, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("account", String, nullable=False),
    Column("cleared_at", Moment, nullable=True),
    Column("cleared_by", String, nullable=True),
    Column("report", String, nullable=True),
)
"""Leak alarms of gas meters: the signed account that told one, and the technician's report that cleared it."""

passings = Table(
    "passings",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("point", String, ForeignKey("supply_points.id"), nullable=False, index=True),
    Column("order", String, ForeignKey("orders.id"), nullable=False),
    Column("meter", String, nullable=False),
    Column("before", Told, nullable=False),
    Column("after", Told, nullable=False),
    Column("unit", Told, nullable=False),
    Column("since", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("ended_by", String, nullable=True),
    Column("end_reason", String, nullable=True),
)
"""Valves that read closed while their index moved; at a point one stands until a person ends it."""

positions = Table(
    "positions",
    metadata,
    Column("meter", String, primary_key=True),
    Column("position", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("source", String, nullable=False),
    Column("grade", String, nullable=False),
)

order_documents = Table(
    "order_documents",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=True),
    Column("order", String, ForeignKey("orders.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("payload", LargeBinary, nullable=True),
    Column("after", Whole, nullable=False),
    Column("at", Moment, nullable=False),
    Column("keyid", String, nullable=True),
    Column("signature", LargeBinary, nullable=True),
    sqlite_autoincrement=True,
)
"""What was signed for an order, as it came about: what the house issued, with its payload, and receipts that came.
`after` is the event that was the newest one then: so far, and no further, is told before it. `keyid` and `signature`
are the house's, kept once the log names its envelope: by another key it would be another one."""

house_keys = Table(
    "house_keys",
    metadata,
    Column("keyid", String, primary_key=True),
    Column("public_key", String, nullable=False),
    Column("since", Moment, nullable=False),
)
"""Keys by which the house has signed what the log names (hex, 32 bytes): a dossier tells the former ones too."""

Index(
    "ix_order_documents_unsealed",
    order_documents.c.id,
    sqlite_where=text("payload IS NOT NULL AND keyid IS NULL"),
    postgresql_where=text("payload IS NOT NULL AND keyid IS NULL"),
)
