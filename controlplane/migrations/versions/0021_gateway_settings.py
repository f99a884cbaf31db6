"""What gateways are asked to hold to, and how they say that they stand."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None
MOMENT = controlplane.db.Moment(timezone=True)
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "gateway_settings",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("term_s", sa.Float(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", controlplane.db.Told(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_gateway_settings_gateway")),
        sa.PrimaryKeyConstraint("gateway", "number", name=op.f("pk_gateway_settings")),
    )
    op.create_table(
        "gateway_standings",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("boot", WHOLE, nullable=False),
        sa.Column("boot_s", sa.Float(), nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("why", controlplane.db.Told(), nullable=False),
        sa.Column("in_force", WHOLE, nullable=False),
        sa.Column("frozen", controlplane.db.Told(), nullable=True),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_gateway_standings_gateway")),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_gateway_standings")),
    )
