"""What is missing of the accounts of gateways."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gaps",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("journal", sa.String(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("opened_at", controlplane.db.Moment(timezone=True), nullable=False),
        sa.Column("told_at", controlplane.db.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("gateway", "journal", "before", name=op.f("pk_gaps")),
    )
    op.create_index("ix_receipts_chain", "receipts", ["gateway", "journal", "number"])
