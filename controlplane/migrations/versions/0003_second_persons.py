"""Tokens name their person; orders say who asked, what quarantined them and who released them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("person", sa.String(), nullable=True))
    op.add_column("house", sa.Column("person", sa.String(), nullable=True))
    op.add_column("orders", sa.Column("requested_by", sa.String(), nullable=True))
    op.add_column("orders", sa.Column("quarantine", sa.JSON(), nullable=True))
    op.add_column("orders", sa.Column("approved_by", sa.String(), nullable=True))
    op.create_index("ix_orders_client_created_at", "orders", ["client", "created_at"])
