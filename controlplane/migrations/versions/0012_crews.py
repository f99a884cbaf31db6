"""Crews, their enrolled devices, the hands that permits let loose, work orders and their feed."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0012"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crews",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("clients", sa.JSON(), nullable=True),
        sa.Column("created_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crews")),
    )
    op.create_table(
        "enrolment_codes",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("crew", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("expires_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("used_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["crew"], ["crews.id"], name=op.f("fk_enrolment_codes_crew")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_enrolment_codes")),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("crew", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("enrolled_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("approved_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("revoked_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoke_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["crew"], ["crews.id"], name=op.f("fk_devices_crew")),
        sa.ForeignKeyConstraint(["token"], ["tokens.id"], name=op.f("fk_devices_token")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("public_key", name=op.f("uq_devices_public_key")),
    )
    op.create_index(op.f("ix_devices_crew"), "devices", ["crew"], unique=False)
    op.create_index(op.f("ix_devices_token"), "devices", ["token"], unique=False)
    op.create_table(
        "hands",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("granted_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("until", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("settled_sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("settled_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_hands_order")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_hands")),
    )
    op.create_index(op.f("ix_hands_order"), "hands", ["order"], unique=False)
    op.create_index(op.f("ix_hands_point"), "hands", ["point"], unique=False)
    op.create_index(
        "one_hand_at_a_point",
        "hands",
        ["point"],
        unique=True,
        sqlite_where=sa.text("settled_sequence IS NULL"),
        postgresql_where=sa.text("settled_sequence IS NULL"),
    )
    op.create_table(
        "work_orders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("visit", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("crew", sa.String(), nullable=True),
        sa.Column("opened_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("closed_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("ending", sa.String(), nullable=True),
        sa.Column("stopped_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("found", sa.String(), nullable=True),
        sa.Column("found_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("next_step", sa.String(), nullable=True),
        sa.Column("report", sa.String(), nullable=True),
        sa.Column("doubts", sa.JSON(), nullable=True),
        sa.Column("first", sa.JSON(), nullable=True),
        sa.Column("serial", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["clients.id"], name=op.f("fk_work_orders_client")),
        sa.ForeignKeyConstraint(["crew"], ["crews.id"], name=op.f("fk_work_orders_crew")),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_work_orders_order")),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_work_orders_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_orders")),
    )
    op.create_index(op.f("ix_work_orders_client"), "work_orders", ["client"], unique=False)
    op.create_index(op.f("ix_work_orders_crew"), "work_orders", ["crew"], unique=False)
    op.create_index(op.f("ix_work_orders_order"), "work_orders", ["order"], unique=False)
    op.create_index(
        "one_work_order_open",
        "work_orders",
        ["order"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("work_order", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("only", sa.String(), nullable=True),
        sa.Column("but", sa.String(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name=op.f("fk_feed_work_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_feed_client"), "feed", ["client"], unique=False)
