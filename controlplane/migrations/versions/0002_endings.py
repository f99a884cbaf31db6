"""Holds and protections say why they were recorded, who ended them, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("protections", sa.Column("ended_by", sa.String(), nullable=True))
    op.add_column("protections", sa.Column("end_reason", sa.String(), nullable=True))
    op.add_column("stops", sa.Column("reason", sa.String(), nullable=True))
    op.add_column("stops", sa.Column("ended_by", sa.String(), nullable=True))
    op.add_column("stops", sa.Column("end_reason", sa.String(), nullable=True))
