"""The time after which an order that nobody could carry out is not executed."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("legal_term", controlplane.db.Moment(timezone=True), nullable=True))
