"""The log: entries, trees, checkpoints; and what was signed for each order."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log_entries",
        sa.Column("number", WHOLE, autoincrement=False, nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("sequence", WHOLE, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_entries")),
        sa.UniqueConstraint("order", "sequence", name=op.f("uq_log_entries_order")),
    )
    op.create_table(
        "log_nodes",
        sa.Column("level", WHOLE, autoincrement=False, nullable=False),
        sa.Column("position", WHOLE, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_log_nodes")),
    )
    op.create_table(
        "log_heads",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_log_heads")),
    )
    op.create_table(
        "log_ends",
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("entries", WHOLE, nullable=False),
        sa.Column("last", sa.LargeBinary(), nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("order", name=op.f("pk_log_ends")),
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("size", WHOLE, autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("origin", "size", name=op.f("pk_log_checkpoints")),
    )
    op.create_table(
        "log_state",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("events", WHOLE, nullable=False),
        sa.Column("documents", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_state")),
    )
    op.create_table(
        "order_documents",
        sa.Column("id", WHOLE, autoincrement=True, nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("after", WHOLE, nullable=False),
        sa.Column("at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_order_documents_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_documents")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_order_documents_order"), "order_documents", ["order"], unique=False)
