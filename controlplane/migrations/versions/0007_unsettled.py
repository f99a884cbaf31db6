"""What was granted and has not settled is found without reading all that ever was."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    unsettled = sa.text("granted_at IS NOT NULL AND settled_sequence IS NULL")
    op.create_index("commands_unsettled", "commands", ["point"], sqlite_where=unsettled, postgresql_where=unsettled)
