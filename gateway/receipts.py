"""Receipts and look answers: built from what was seen, signed, each the next link of the journal's chain."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.journal.records import Build
from protocols.ports import Clock, Signer
from protocols.types import GatewayId, Identity, MeterId, Outcome, Verb
from protocols.uplink import codec
from protocols.uplink.messages import (
    Body,
    Chain,
    Command,
    IndexSeen,
    Look,
    LookAnswer,
    Number,
    Receipt,
    Seen,
    Settled,
    Traffic,
)
from protocols.uplink.reasons import Why

FRAMES_KEPT = 8
"""Of one reading: the last frames, which say the position."""
DETAIL_LENGTH = 400


@dataclass(frozen=True, slots=True)
class Account:
    """How one attempt went, before it becomes a receipt."""

    outcome: Outcome
    why: Why | None = None
    detail: str = ""
    started: bool = False
    identity_read: Identity | None = None
    before: Seen | None = None
    after: Seen | None = None
    sent: tuple[Traffic, ...] = ()
    permit: str | None = None


@dataclass(frozen=True, slots=True)
class LookAccount:
    """What a look saw, before it becomes an answer."""

    outcome: Outcome
    why: Why | None = None
    detail: str = ""
    identity_read: Identity | None = None
    seen: Seen | None = None
    index: tuple[IndexSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """Which command or look is answered, and when it came."""

    digest: str
    meter: MeterId
    number: Number
    received_at: datetime
    received_boot_s: float
    spec_digest: str = ""


@dataclass(frozen=True, slots=True)
class Notary:
    """Who signs: this gateway, with its key and clock."""

    gateway: GatewayId
    software: str
    signer: Signer
    clock: Clock
    on_sealed: Callable[[], None] = field(default=lambda: None)

    def receipt(self, subject: Subject, verb: Verb, account: Account) -> Build:
        """Return what makes the receipt once its place in the chain is known."""

        def build(chain: Chain) -> tuple[bytes, str]:
            return self._seal(
                Receipt(
                    gateway=self.gateway,
                    meter=subject.meter,
                    command=subject.digest,
                    number=subject.number,
                    verb=verb,
                    outcome=account.outcome,
                    why=account.why,
                    detail=account.detail[:DETAIL_LENGTH],
                    started=account.started,
                    identity_read=account.identity_read,
                    before=account.before,
                    after=account.after,
                    sent=account.sent,
                    permit=account.permit,
                    received_at=subject.received_at,
                    finished_at=self.clock.now(),
                    received_boot_s=subject.received_boot_s,
                    finished_boot_s=self.clock.boot(),
                    spec_digest=subject.spec_digest,
                    software=self.software,
                    chain=chain,
                )
            )

        return build

    def answer(self, subject: Subject, account: LookAccount, settled: tuple[Settled, ...]) -> Build:
        """Return what makes the look's answer once its place in the chain is known."""

        def build(chain: Chain) -> tuple[bytes, str]:
            return self._seal(
                LookAnswer(
                    gateway=self.gateway,
                    meter=subject.meter,
                    look=subject.digest,
                    number=subject.number,
                    outcome=account.outcome,
                    why=account.why,
                    detail=account.detail[:DETAIL_LENGTH],
                    identity_read=account.identity_read,
                    seen=account.seen,
                    index=account.index,
                    settled=settled,
                    at=self.clock.now(),
                    spec_digest=subject.spec_digest,
                    software=self.software,
                    chain=chain,
                )
            )

        return build

    def _seal(self, message: Body) -> tuple[bytes, str]:
        return codec.seal(message, self.signer)


def subject_of(digest: str, message: Command | Look, at: datetime, boot_s: float, spec_digest: str) -> Subject:
    """What a receipt or answer says of the message it answers."""
    return Subject(digest, message.meter, message.number, at, boot_s, spec_digest)


def seen(position: Seen | None, traffic: tuple[Traffic, ...]) -> Seen | None:
    """A position with the last of the frames that say so."""
    if position is None:
        return None
    return Seen(position.position, position.at, position.boot_s, traffic[-FRAMES_KEPT:])
