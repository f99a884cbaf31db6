"""What gateway and control plane say to each other, version 1.

Every field is required unless it has a default; an unknown field is refused, because a condition that a reader skips
may be the one that forbids to act: a new field is a new version. Times are aware, UTC. Raw bytes are lower-case hex.
A digest is the lower-case hex SHA-256 of a message's payload bytes.
"""

from typing import Literal

from msgspec import field

from protocols.types import Capability, Identity, MeterId, Outcome, ValvePosition, Verb
from protocols.uplink.condition import Condition
from protocols.uplink.parts import (
    GENESIS,
    Body,
    Chain,
    Count,
    Digest,
    Hex,
    Moment,
    Part,
    Reason,
    Seconds,
    Text,
    Token,
)
from protocols.uplink.reasons import Why
from protocols.uplink.remote import Configuration, Standing

# fmt: off
__all__ = [
    "DOWN", "GENESIS", "PLAIN", "SIGNED", "UP", "Ack", "Birth", "BirthTerms", "Body", "Chain", "Command", "Condition",
    "Configuration", "Death", "Freeze", "IndexSeen", "Look", "LookAnswer", "MeterBirth", "Number", "Permit",
    "PermitRequest", "Reading", "Readings", "ReadingsMark", "Reason", "Receipt", "Seen", "Settled", "Standing",
    "Traffic",
]
# fmt: on


class Number(Part, frozen=True, order=True):
    """Where a command or look stands among all of one meter: by epoch, then by sequence."""

    epoch: Count
    sequence: Count


class Traffic(Part, frozen=True):
    """One frame on the line. `boot_s` is the gateway's clock that runs through suspend."""

    direction: Literal["out", "in"]
    boot_s: Seconds
    bytes: Hex


class Seen(Part, frozen=True, omit_defaults=True):
    """A position as it was read, the meter's alarms that stood then, sorted, and the frames that say so."""

    position: ValvePosition
    at: Moment
    boot_s: Seconds
    frames: tuple[Traffic, ...] = field(default_factory=lambda: ())
    alarms: tuple[str, ...] = ()


class MeterBirth(Part, frozen=True, omit_defaults=True):
    """One meter: what it is, can do, its journal's highest number, when it ends an unused arm (None: never)."""

    meter: MeterId
    identity: Identity
    spec: str
    spec_digest: Digest
    capabilities: tuple[Capability, ...]
    act_max_s: Seconds
    mark: Number | None
    arm_expires_s: Seconds | None = None


class Birth(Body, frozen=True):
    """A gateway has started, or asks for the time: `boot` counts its starts within one journal."""

    kind = "birth"
    journal: Token
    boot: Count
    nonce: Token
    at: Moment
    software: str
    freeze: Count
    meters: tuple[MeterBirth, ...]


class Death(Body, frozen=True):
    """The broker's hint that a gateway is gone. Unsigned: never a fact."""

    kind = "death"
    boot: Count


class Command(Body, frozen=True):
    """Do this to that valve, once."""

    kind = "command"
    meter: MeterId
    identity: Identity
    number: Number
    verb: Verb
    issued_at: Moment
    expires_at: Moment


class PermitRequest(Body, frozen=True):
    """May this command take supply away now? Asked with a fresh nonce after identity and position were read.

    `asks` is `expiry` for a giving command on a gateway whose wall clock is not trusted.
    """

    kind = "permit-request"
    meter: MeterId
    command: Digest
    number: Number
    nonce: Token
    asks: Literal["permit", "expiry"]
    found: ValvePosition
    at: Moment


class Permit(Body, frozen=True):
    """The answer to one nonce. Valid for `validity_s` from the moment it was asked, on the asker's own clock."""

    kind = "permit"
    meter: MeterId
    command: Digest
    nonce: Token
    granted: bool
    validity_s: Seconds
    reason: Reason | None
    at: Moment


class Look(Body, frozen=True):
    """Burn lower commands that have not started, let started ones finish, then say what is seen.

    With `observe_s` above 0 the index is read at both ends of a window of that length.
    """

    kind = "look"
    meter: MeterId
    identity: Identity
    number: Number
    observe_s: Seconds
    issued_at: Moment


class IndexSeen(Part, frozen=True):
    """A register as it was read: an exact decimal with its unit."""

    value: str
    unit: str
    at: Moment
    boot_s: Seconds
    frames: tuple[Traffic, ...] = ()


class Settled(Part, frozen=True):
    """What became of a lower command that this journal holds."""

    number: Number
    command: Digest
    started: bool
    outcome: Outcome


class LookAnswer(Body, frozen=True):
    """What a look saw. `outcome` is `done` where a position was read, `failed` where not, `refused` where not tried."""

    kind = "look-answer"
    meter: MeterId
    look: Digest
    number: Number
    outcome: Outcome
    why: Why | None
    detail: Text
    identity_read: Identity | None
    seen: Seen | None
    index: tuple[IndexSeen, ...]
    settled: tuple[Settled, ...]
    at: Moment
    spec_digest: str
    software: str
    chain: Chain


class Receipt(Body, frozen=True):
    """How one command ended. `started` is whether its first byte may have left."""

    kind = "receipt"
    meter: MeterId
    command: Digest
    number: Number
    verb: Verb
    outcome: Outcome
    why: Why | None
    detail: Text
    started: bool
    identity_read: Identity | None
    before: Seen | None
    after: Seen | None
    sent: tuple[Traffic, ...]
    permit: Digest | None
    received_at: Moment
    finished_at: Moment
    received_boot_s: Seconds
    finished_boot_s: Seconds
    spec_digest: str
    software: str
    chain: Chain


class BirthTerms(Part, frozen=True):
    """The answer to a birth: its nonce back, and the epoch of each meter, durable before anything is done."""

    nonce: Token
    boot: Count
    journal: Token
    epochs: dict[MeterId, Count]
    freeze: Count
    frozen: bool


class ReadingsMark(Part, frozen=True):
    """All readings of this boot up to and including `sequence` are durable."""

    journal: Token
    boot: Count
    sequence: Count


class Ack(Body, frozen=True):
    """The other side's application has made this durable. Signed, both ways."""

    kind = "ack"
    at: Moment
    digests: tuple[Digest, ...] = ()
    birth: BirthTerms | None = None
    readings: ReadingsMark | None = None


class Freeze(Body, frozen=True):
    """Take no supply away until told otherwise; the highest number counts."""

    kind = "freeze"
    number: Count
    on: bool
    reason: Text
    at: Moment


class Reading(Part, frozen=True):
    """One value a meter gave. `value` is an exact decimal, a date in ISO 8601 or text; None with its `reason`."""

    meter: MeterId
    at: Moment
    quantity: str
    value: str | None
    unit: str
    storage: Count = 0
    tariff: Count = 0
    subunit: Count = 0
    function: str = "instantaneous"
    reason: str | None = None


class Readings(Body, frozen=True):
    """A batch of readings; the n-th has sequence `first` + n. Unsigned: the transport's security serves."""

    kind = "readings"
    journal: Token
    boot: Count
    first: Count
    readings: tuple[Reading, ...]


SIGNED: tuple[type[Body], ...] = (
    *(Birth, Command, PermitRequest, Permit, Look, LookAnswer, Receipt, Ack, Freeze),
    *(Configuration, Standing, Condition),
)
PLAIN: tuple[type[Body], ...] = (Death, Readings)
UP = frozenset(
    {"birth", "death", "permit-request", "look-answer", "receipt", "ack", "readings", "standing", "condition"}
)
DOWN = frozenset({"command", "permit", "look", "ack", "freeze", "configuration"})
