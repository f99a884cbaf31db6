"""Keys of gateways that wait, were approved, replaced or rejected, and what was refused of strangers."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None
MOMENT = controlplane.db.Moment(timezone=True)
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KNOWN = """
INSERT INTO gateway_keys (id, gateway, public_key, state, sent_at, sent_by, decided_at, decided_by)
SELECT 'key_' || id, id, public_key, 'approved', created_at, 'unknown', created_at, 'unknown'
FROM gateways
"""


def upgrade() -> None:
    op.create_table(
        "gateway_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("sent_by", sa.String(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_gateway_keys_gateway")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_keys")),
    )
    op.create_index(op.f("ix_gateway_keys_gateway"), "gateway_keys", ["gateway"])
    op.create_index(op.f("ix_gateway_keys_public_key"), "gateway_keys", ["public_key"])
    op.execute(KNOWN)
    op.create_table(
        "disbelieved",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("refused", WHOLE, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_disbelieved")),
    )
