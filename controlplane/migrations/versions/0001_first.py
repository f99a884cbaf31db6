"""The first tables of all slices."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    op.create_table(
        "gateways",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("created_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("revoked_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("journal", sa.String(), nullable=True),
        sa.Column("boot", sa.Integer(), nullable=True),
        sa.Column("chain", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateways")),
    )
    op.create_table(
        "house",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_house")),
    )
    op.create_table(
        "idempotency",
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_at"), "idempotency", ["at"], unique=False)
    op.create_table(
        "latest",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("storage", sa.Integer(), nullable=False),
        sa.Column("tariff", sa.Integer(), nullable=False),
        sa.Column("subunit", sa.Integer(), nullable=False),
        sa.Column("at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("boot", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "meter", "quantity", "function", "storage", "tariff", "subunit", name=op.f("pk_latest")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "news",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("client", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_news_client"), "news", ["client"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_digest"), "outbox", ["digest"], unique=False)
    op.create_index(op.f("ix_outbox_next_at"), "outbox", ["next_at"], unique=False)
    op.create_table(
        "positions",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("meter", name=op.f("pk_positions")),
    )
    op.create_table(
        "readings",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("boot", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("storage", sa.Integer(), nullable=False),
        sa.Column("tariff", sa.Integer(), nullable=False),
        sa.Column("subunit", sa.Integer(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("meter", "at", "journal", "boot", "sequence", name=op.f("pk_readings")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "receipts",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_gateway"), "receipts", ["gateway"], unique=False)
    op.create_table(
        "meters_told",
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("spec", sa.String(), nullable=False),
        sa.Column("spec_digest", sa.String(), nullable=False),
        sa.Column("capabilities", sa.JSON(), nullable=False),
        sa.Column("act_max_s", sa.Float(), nullable=False),
        sa.Column("mark_epoch", sa.Integer(), nullable=True),
        sa.Column("mark_sequence", sa.Integer(), nullable=True),
        sa.Column("told_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_meters_told_gateway")),
        sa.PrimaryKeyConstraint("meter", "gateway", name=op.f("pk_meters_told")),
    )
    op.create_table(
        "supply_points",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("created_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["clients.id"], name=op.f("fk_supply_points_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_points")),
        sa.UniqueConstraint("client", "code", name=op.f("uq_supply_points_client")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("created_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("revoked_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client"], ["clients.id"], name=op.f("fk_tokens_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_tokens_name")),
    )
    op.create_table(
        "fences",
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("next_sequence", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_fences_point")),
        sa.PrimaryKeyConstraint("point", name=op.f("pk_fences")),
    )
    op.create_table(
        "meters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("ident", sa.String(), nullable=False),
        sa.Column("manufacturer", sa.String(), nullable=False),
        sa.Column("version_no", sa.Integer(), nullable=False),
        sa.Column("medium", sa.Integer(), nullable=False),
        sa.Column("fabrication_number", sa.String(), nullable=False),
        sa.Column("bound_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_meters_gateway")),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_meters_point")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meters")),
        sa.UniqueConstraint("point", name=op.f("uq_meters_point")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("alive", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("grounds", sa.String(), nullable=False),
        sa.Column("notice", sa.JSON(), nullable=True),
        sa.Column("not_before", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("deadline", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("until", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("reason", sa.JSON(), nullable=True),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("ever_permitted", sa.Boolean(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("command", sa.String(), nullable=True),
        sa.Column("look", sa.String(), nullable=True),
        sa.Column("looks_sent", sa.Integer(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("tried", sa.JSON(), nullable=False),
        sa.Column("created_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["clients.id"], name=op.f("fk_orders_client")),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_orders_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    op.create_index(op.f("ix_orders_client"), "orders", ["client"], unique=False)
    op.create_index(op.f("ix_orders_point"), "orders", ["point"], unique=False)
    op.create_index(op.f("ix_orders_state"), "orders", ["state"], unique=False)
    op.create_index(
        "one_taking_order_alive",
        "orders",
        ["point"],
        unique=True,
        sqlite_where=sa.text("alive AND way = 'taking'"),
        postgresql_where=sa.text("alive AND way = 'taking'"),
    )
    op.create_table(
        "protections",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("recorded_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_protections_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protections")),
    )
    op.create_index(op.f("ix_protections_point"), "protections", ["point"], unique=False)
    op.create_table(
        "stops",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=True),
        sa.Column("up_to", sa.Integer(), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("recorded_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("until", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("ended_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_stops_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stops")),
    )
    op.create_index(op.f("ix_stops_point"), "stops", ["point"], unique=False)
    op.create_table(
        "commands",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("issued_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("expires_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("act_max_s", sa.Float(), nullable=False),
        sa.Column("granted_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("validity_s", sa.Float(), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("settled_sequence", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_commands_order")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_commands")),
    )
    op.create_index(op.f("ix_commands_order"), "commands", ["order"], unique=False)
    op.create_index(op.f("ix_commands_point"), "commands", ["point"], unique=False)
    op.create_table(
        "looks",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("observe_s", sa.Float(), nullable=False),
        sa.Column("due_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("answered_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_looks_order")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_looks")),
    )
    op.create_index(op.f("ix_looks_order"), "looks", ["order"], unique=False)
    op.create_table(
        "order_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("reason", sa.JSON(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_order_events_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_order_events_order"), "order_events", ["order"], unique=False)
    op.create_table(
        "payments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("amount", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("settles", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("recorded_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("gives_back", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["client"], ["clients.id"], name=op.f("fk_payments_client")),
        sa.ForeignKeyConstraint(["gives_back"], ["orders.id"], name=op.f("fk_payments_gives_back")),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_payments_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("client", "reference", name=op.f("uq_payments_client")),
    )
    op.create_index(op.f("ix_payments_point"), "payments", ["point"], unique=False)
