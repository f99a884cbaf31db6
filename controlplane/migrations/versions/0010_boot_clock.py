"""A grant keeps what the machine's own clock read, which nobody can set."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commands", sa.Column("granted_boot_s", sa.Float(), nullable=True))
