"""The meters of a gateway are found without reading all."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_meters_gateway", "meters", ["gateway"])
