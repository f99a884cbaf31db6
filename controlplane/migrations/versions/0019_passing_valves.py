"""Valves that pass although they read closed, until a person ends it."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None
MOMENT = controlplane.db.Moment(timezone=True)


def upgrade() -> None:
    op.create_table(
        "passings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("before", controlplane.db.Told(), nullable=False),
        sa.Column("after", controlplane.db.Told(), nullable=False),
        sa.Column("unit", controlplane.db.Told(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_passings_order")),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_passings_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passings")),
    )
    op.create_index(op.f("ix_passings_point"), "passings", ["point"])
