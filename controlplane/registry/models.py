"""Tables of the registry."""

from enum import StrEnum

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, String, Table, UniqueConstraint

from controlplane.db import Moment, Told, Whole, metadata


class KeyState(StrEnum):
    """What became of a key that was sent for a gateway."""

    WAITING = "waiting"
    APPROVED = "approved"
    REPLACED = "replaced"
    REJECTED = "rejected"


clients = Table(
    "clients",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("created_at", Moment, nullable=False),
)

supply_points = Table(
    "supply_points",
    metadata,
    Column("id", String, primary_key=True),
    Column("client", String, ForeignKey("clients.id"), nullable=False),
    Column("code", String, nullable=False),
    Column("medium", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("pack", String, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("version", Whole, nullable=False, default=1),
    UniqueConstraint("client", "code"),
)

protections = Table(
    "protections",
    metadata,
    Column("id", String, primary_key=True),
    Column("point", String, ForeignKey("supply_points.id"), nullable=False, index=True),
    Column("act", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("until", Moment, nullable=True),
    Column("recorded_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("ended_by", String, nullable=True),
    Column("end_reason", String, nullable=True),
)

NO_KEY = ""
"""The key of a gateway of which none was approved yet: it verifies nothing."""
NO_JOURNAL = ""
"""The journal of a gateway whose key was replaced: none can be called so, thus its next birth is a stranger's."""
gateways = Table(
    "gateways",
    metadata,
    Column("id", String, primary_key=True),
    Column("public_key", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment, nullable=True),
    Column("journal", String, nullable=True),
    Column("boot", Whole, nullable=True),
    Column("chain", Whole, nullable=False, default=0),
    Column("last_seen_at", Moment, nullable=True),
    Column("revoked_by", String, nullable=True),
    Column("revoke_reason", String, nullable=True),
    Column("condition", JSON, nullable=True),
)

gateway_keys = Table(
    "gateway_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("gateway", String, ForeignKey("gateways.id"), nullable=False, index=True),
    Column("public_key", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("sent_by", String, nullable=False),
    Column("decided_at", Moment, nullable=True),
    Column("decided_by", String, nullable=True),
    Column("reason", String, nullable=True),
)
"""Every key that was ever sent for a gateway; the approved one stands in `gateways`, too."""

disbelieved = Table(
    "disbelieved",
    metadata,
    Column("gateway", String, primary_key=True),
    Column("why", String, nullable=False),
    Column("refused", Whole, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("told_at", Moment, nullable=False),
)
"""Messages that were refused because nobody vouches for their sender, by the name they came under."""

meters = Table(
    "meters",
    metadata,
    Column("name", String, primary_key=True),
    Column("point", String, ForeignKey("supply_points.id"), nullable=False, unique=True),
    Column("gateway", String, ForeignKey("gateways.id"), nullable=False, index=True),
    Column("ident", String, nullable=False),
    Column("manufacturer", String, nullable=False),
    Column("version_no", Whole, nullable=False),
    Column("medium", Whole, nullable=False),
    Column("fabrication_number", String, nullable=False),
    Column("bound_at", Moment, nullable=False),
    Column("version", Whole, nullable=False, default=1),
)

meters_told = Table(
    "meters_told",
    metadata,
    Column("meter", String, primary_key=True),
    Column("gateway", String, ForeignKey("gateways.id"), primary_key=True),
    Column("spec", Told, nullable=False),
    Column("spec_digest", String, nullable=False),
    Column("capabilities", JSON, nullable=False),
    Column("act_max_s", Float, nullable=False),
    Column("arm_expires_s", Float, nullable=True),
    Column("mark_epoch", Whole, nullable=True),
    Column("mark_sequence", Whole, nullable=True),
    Column("told_at", Moment, nullable=False),
)

house = Table(
    "house",
    metadata,
    Column("key", String, primary_key=True),
    Column("number", Whole, nullable=False, default=0),
    Column("on", Boolean, nullable=False, default=False),
    Column("text", String, nullable=False, default=""),
    Column("by", String, nullable=False, default=""),
    Column("person", String, nullable=True),
)
"""The few facts of the whole house: the freeze (its number, whether it is on, why, and who asked first to lift it:
the token's name and whose it is)."""
