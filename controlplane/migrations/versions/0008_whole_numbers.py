"""Whole numbers of 63 bits on PostgreSQL too: gateways count as far, and so do the rows that are told."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = {
    "gaps": ("before",),
    "gateways": ("boot", "chain"),
    "house": ("number",),
    "idempotency": ("status", "version"),
    "latest": ("storage", "tariff", "subunit", "boot", "sequence"),
    "news": ("id",),
    "outbox": ("id", "tries"),
    "readings": ("boot", "sequence", "storage", "tariff", "subunit"),
    "receipts": ("number",),
    "meters_told": ("mark_epoch", "mark_sequence"),
    "supply_points": ("version",),
    "fences": ("next_sequence", "epoch"),
    "meters": ("version_no", "medium", "version"),
    "orders": ("number", "looks_sent", "sends", "version"),
    "stops": ("up_to",),
    "commands": ("epoch", "sequence", "settled_sequence"),
    "looks": ("epoch", "sequence"),
    "order_events": ("id", "version"),
}
COUNTED = ("news", "outbox", "order_events")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in COLUMNS.items():
        changes = ", ".join(f"ALTER COLUMN {column} TYPE BIGINT" for column in columns)
        op.execute(f"ALTER TABLE {table} {changes}")
    for table in COUNTED:
        op.execute(f"ALTER SEQUENCE {table}_id_seq AS BIGINT")
