"""Evidence, what it serves, and seals."""

import sqlalchemy as sa
from alembic import op

import controlplane.db

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None
MOMENT = controlplane.db.Moment(timezone=True)
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BANDS = ("band0", "band1", "band2", "band3")


def upgrade() -> None:
    _evidence()
    _seals()


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("likeness", sa.String(), nullable=True),
        *(sa.Column(band, WHOLE, nullable=True) for band in BANDS),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence")),
    )
    for band in BANDS:
        op.create_index(op.f(f"ix_evidence_{band}"), "evidence", [band])
    op.create_table(
        "evidence_sent",
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["evidence"], ["evidence.sha256"], name=op.f("fk_evidence_sent_evidence")),
        sa.PrimaryKeyConstraint("evidence", "principal", name=op.f("pk_evidence_sent")),
    )
    op.create_table(
        "evidence_uses",
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("order", sa.String(), nullable=False),
        sa.Column("shot", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["clients.id"], name=op.f("fk_evidence_uses_client")),
        sa.ForeignKeyConstraint(["evidence"], ["evidence.sha256"], name=op.f("fk_evidence_uses_evidence")),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_evidence_uses_order")),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_evidence_uses_point")),
        sa.PrimaryKeyConstraint("evidence", "order", "shot", name=op.f("pk_evidence_uses")),
    )
    op.create_index("ix_evidence_uses_order", "evidence_uses", ["order"])


def _seals() -> None:
    op.create_table(
        "seals",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("crew", sa.String(), nullable=True),
        sa.Column("point", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["point"], ["supply_points.id"], name=op.f("fk_seals_point")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seals")),
    )
    op.create_index(op.f("ix_seals_crew"), "seals", ["crew"])
    op.create_index(op.f("ix_seals_point"), "seals", ["point"])
    op.create_table(
        "seal_events",
        sa.Column("id", WHOLE, autoincrement=True, nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("crew", sa.String(), nullable=True),
        sa.Column("point", sa.String(), nullable=True),
        sa.Column("order", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["seal"], ["seals.number"], name=op.f("fk_seal_events_seal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_seal_events_point"), "seal_events", ["point"])
    op.create_index(op.f("ix_seal_events_seal"), "seal_events", ["seal"])
