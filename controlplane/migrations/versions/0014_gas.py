"""Gas: when a meter ends an unused arm, orders that wait for the person at the meter, and leak alarms."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0014"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meters_told", sa.Column("arm_expires_s", sa.Float(), nullable=True))
    op.add_column("orders", sa.Column("armed_until", controlplane.db.Moment(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("look_at", controlplane.db.Moment(timezone=True), nullable=True))
    op.create_table(
        "leaks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("meter", sa.String(), nullable=False),
        sa.Column("seen_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("cleared_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.String(), nullable=True),
        sa.Column("report", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_leaks_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaks")),
    )
    op.create_index(op.f("ix_leaks_point"), "leaks", ["point"])
