"""Tables of crews, of the codes that enrol their devices, and of the devices with their public keys."""

from sqlalchemy import JSON, Column, ForeignKey, String, Table

from controlplane.db import Moment, metadata

crews = Table(
    "crews",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("clients", JSON, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String, nullable=False),
)
"""`clients` are those it works for; null works for all of the house's."""

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("hash", String, primary_key=True),
    Column("crew", String, ForeignKey("crews.id"), nullable=False),
    Column("made_by", String, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=True),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String, primary_key=True),
    Column("crew", String, ForeignKey("crews.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("public_key", String, nullable=False, unique=True),
    Column("token", String, ForeignKey("tokens.id"), nullable=False, index=True),
    Column("enrolled_at", Moment, nullable=False),
    Column("approved_at", Moment, nullable=True),
    Column("approved_by", String, nullable=True),
    Column("revoked_at", Moment, nullable=True),
    Column("revoked_by", String, nullable=True),
    Column("revoke_reason", String, nullable=True),
)
"""`token` is the one whose holder has enrolled it: it opens what this device may see."""
