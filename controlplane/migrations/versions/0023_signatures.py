"""The house's signatures of what the log has named: under another key a document would be another one."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None
UNSEALED = sa.text("payload IS NOT NULL AND keyid IS NULL")


def upgrade() -> None:
    op.add_column("order_documents", sa.Column("keyid", sa.String(), nullable=True))
    op.add_column("order_documents", sa.Column("signature", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_order_documents_unsealed",
        "order_documents",
        ["id"],
        sqlite_where=UNSEALED,
        postgresql_where=UNSEALED,
    )
    op.create_table(
        "house_keys",
        sa.Column("keyid", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("since", controlplane.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("keyid", name=op.f("pk_house_keys")),
    )
