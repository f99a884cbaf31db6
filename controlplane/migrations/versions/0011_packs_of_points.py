"""A supply point may name its rule pack; one that names none goes on under the control plane's default."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("supply_points", sa.Column("pack", sa.String(), nullable=True))
