"""What gateways were asked to hold to, and how each said last that it stands."""

from sqlalchemy import JSON, Column, Float, ForeignKey, String, Table

from controlplane.db import Moment, Told, Whole, metadata

ASKED = "asked"
"""The state of settings of which the gateway has told nothing yet; the others are its own verdicts."""

gateway_settings = Table(
    "gateway_settings",
    metadata,
    Column("gateway", String, ForeignKey("gateways.id"), primary_key=True),
    Column("number", Whole, primary_key=True),
    Column("settings", JSON, nullable=False),
    Column("term_s", Float, nullable=False),
    Column("digest", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("why", Told, nullable=False),
    Column("told_at", Moment, nullable=True),
)

gateway_standings = Table(
    "gateway_standings",
    metadata,
    Column("gateway", String, ForeignKey("gateways.id"), primary_key=True),
    Column("journal", String, nullable=False),
    Column("boot", Whole, nullable=False),
    Column("boot_s", Float, nullable=False),
    Column("number", Whole, nullable=False),
    Column("verdict", String, nullable=False),
    Column("why", Told, nullable=False),
    Column("in_force", Whole, nullable=False),
    Column("frozen", Told, nullable=True),
    Column("told_at", Moment, nullable=False),
)
