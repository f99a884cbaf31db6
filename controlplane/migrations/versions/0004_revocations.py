"""Who has revoked a gateway, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gateways", sa.Column("revoked_by", sa.String(), nullable=True))
    op.add_column("gateways", sa.Column("revoke_reason", sa.String(), nullable=True))
