"""Tables of the log: its entries, the hashes of its tree, the heads of all orders, and what was signed of it."""

from sqlalchemy import Column, LargeBinary, String, Table, UniqueConstraint

from controlplane.db import Moment, Whole, metadata

log_entries = Table(
    "log_entries",
    metadata,
    Column("number", Whole, primary_key=True, autoincrement=False),
    Column("order", String, nullable=False),
    Column("sequence", Whole, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("order", "sequence"),
)
"""Entry `number` is leaf `number` of the tree; `leaf` are its bytes."""

log_nodes = Table(
    "log_nodes",
    metadata,
    Column("level", Whole, primary_key=True, autoincrement=False),
    Column("position", Whole, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)
"""One hash for each whole subtree; none is ever changed."""

log_heads = Table(
    "log_heads",
    metadata,
    Column("path", String, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    Column("key", LargeBinary, nullable=True),
)
"""The tree of orders' heads as it stands: nodes by their path, the newest version of each."""

log_ends = Table(
    "log_ends",
    metadata,
    Column("order", String, primary_key=True),
    Column("entries", Whole, nullable=False),
    Column("last", LargeBinary, nullable=False),
    Column("number", Whole, nullable=False),
)
"""How long each order's history is, the hash of its newest leaf, and where in the log that is."""

log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("origin", String, primary_key=True),
    Column("size", Whole, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
    Column("signed_at", Moment, nullable=False),
)
"""What was signed: of one log and size, once."""

log_state = Table(
    "log_state",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("size", Whole, nullable=False),
    Column("events", Whole, nullable=False),
    Column("documents", Whole, nullable=False),
)
"""One row: the log's own name, how many entries it has, and up to where the orders' history is in it."""
