"""Evidence is its crew's, and shown with the work order it serves; what was found about an account is kept with it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ITS_CREW = """UPDATE evidence_sent SET crew = (
    SELECT devices.crew FROM devices
    WHERE devices.token = evidence_sent.principal AND devices.approved_at IS NOT NULL
    ORDER BY devices.enrolled_at DESC LIMIT 1
)"""


def upgrade() -> None:
    op.add_column("evidence_sent", sa.Column("crew", sa.String(), nullable=True))
    op.execute(ITS_CREW)
    op.create_index("ix_evidence_sent_crew", "evidence_sent", ["crew", "at"])
    op.create_index("ix_evidence_sent_principal", "evidence_sent", ["principal", "at"])
    op.add_column("evidence_uses", sa.Column("work_order", sa.String(), nullable=True))
    op.add_column("work_orders", sa.Column("findings", sa.JSON(), nullable=True))
