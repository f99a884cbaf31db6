"""Which of several replicas leads."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lead",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("term", WHOLE, nullable=False),
        sa.Column("beat", WHOLE, nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("free", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
    )
