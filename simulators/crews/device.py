"""A crew's device: it makes its key, asks for permits, and signs what its crew has done and seen (CONTROL P9).

Pure: bytes go in and out, moments are handed in. Whoever carries them sends an account again, as it was signed, until
the house has answered, and then says `taken`: only then does the chain go on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from protocols.ports import Entropy
from protocols.types import ValvePosition
from protocols.uplink import codec
from protocols.uplink.crew import (
    ByHand,
    CrewAbort,
    CrewPermit,
    CrewPermitRequest,
    CrewReport,
    DeviceId,
    Photograph,
    Place,
    Register,
)
from protocols.uplink.keys import KeyRing, SigningKey, fingerprint
from protocols.uplink.parts import GENESIS, Chain

SOFTWARE = "curbstop simulated crew"
SEED_BYTES, TOKEN_BYTES = 32, 16
SHOWN = 16
"""Digits of the fingerprint that a device shows, for an operator to compare."""
UNNAMED = DeviceId("")
Document = dict[str, Any]


class NotOursError(ValueError):
    """A permit that answers no question of this device."""


@dataclass(frozen=True, slots=True)
class Job:
    """The work order that something is signed about, and its order."""

    work_order: str
    order: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What the crew has found, done and left at one point, and when."""

    found: ValvePosition
    left: ValvePosition
    serial: str
    began_at: datetime
    ended_at: datetime
    outcome: Literal["done", "already"] = "done"
    register: Register | None = None
    photographs: tuple[Photograph, ...] = ()
    seals_applied: tuple[str, ...] = ()
    seals_removed: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """An account, signed: its envelope, and the digest by which the next one names it."""

    raw: bytes
    digest: str
    job: Job

    @property
    def document(self) -> Document:
        """The envelope as a request's body."""
        return envelope(self.raw)


@dataclass(frozen=True, slots=True)
class Held:
    """A permit that this device has: its digest, and until when the crew may begin."""

    digest: str
    until: datetime


@dataclass(slots=True)
class Device:
    """One device. `id` and the house's public key are known once it is enrolled."""

    key: SigningKey
    entropy: Entropy
    id: DeviceId = UNNAMED
    house: bytes = b""
    _journal: str = field(init=False)
    _number: int = 0
    _last: str = GENESIS
    _asked: dict[str, tuple[str, CrewPermitRequest]] = field(default_factory=dict)
    _held: dict[str, Held] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._journal = self.entropy.token(TOKEN_BYTES).hex()

    @property
    def fingerprint(self) -> str:
        """What it shows of its key."""
        return fingerprint(self.key.public)[:SHOWN]

    def enrolled(self, identity: str, house_key: str) -> None:
        """The house has named it, and told the public key (in hex) that signs permits."""
        self.id, self.house = DeviceId(identity), bytes.fromhex(house_key)

    def ask(self, job: Job, found: ValvePosition, serial: str, at: datetime) -> bytes:
        """Ask whether supply may be taken away now: a signed request, with a nonce of its own."""
        nonce = self.entropy.token(TOKEN_BYTES).hex()
        asked = CrewPermitRequest(**self._about(job, at), nonce=nonce, serial=serial, found=found)
        raw, digest = codec.seal(asked, self.key)
        self._asked[job.work_order] = (digest, asked)
        return raw

    def hear(self, raw: bytes) -> CrewPermit:
        """Take the house's answer to the last question about a work order; a permit counts from when it was asked.

        Raises what codec.open_signed does for what the house has not signed, NotOursError for an answer to another.
        """
        opened = codec.open_signed(raw, CrewPermit, KeyRing([self.house]))
        permit = opened.message
        digest, asked = self._asked.get(permit.work_order, ("", None))
        if asked is None or (permit.request, permit.nonce, permit.device) != (digest, asked.nonce, self.id):
            raise NotOursError("this answers no question that this device has asked last")
        if permit.granted:
            until = asked.at + timedelta(seconds=permit.validity_s)
            self._held[permit.work_order] = Held(opened.digest, until)
        return permit

    def may_begin(self, job: Job, at: datetime) -> bool:
        """Whether the crew may take supply away at that moment; it must not begin when its time has passed."""
        held = self._held.get(job.work_order)
        return held is not None and at < held.until

    def report(self, job: Job, visit: Visit, at: datetime) -> Signed:
        """What was done and seen, under the permit that is held for it, if one is."""
        said = CrewReport(
            **self._about(job, at),
            permit=self._permit(job),
            outcome=visit.outcome,
            found=visit.found,
            left=visit.left,
            serial=visit.serial,
            register=visit.register,
            seals_applied=visit.seals_applied,
            seals_removed=visit.seals_removed,
            photographs=visit.photographs,
            checks=dict(visit.checks),
            place=visit.place,
            began_at=visit.began_at,
            ended_at=visit.ended_at,
            note=visit.note,
            software=SOFTWARE,
            chain=self._link(),
        )
        return self._signed(job, said)

    def abort(
        self,
        job: Job,
        code: str,
        left: ValvePosition,
        at: datetime,
        photographs: tuple[Photograph, ...] = (),
        place: Place | None = None,
        note: str = "",
    ) -> Signed:
        """It was not done, by an outcome's code; `left` is how the valve stands."""
        said = CrewAbort(
            **self._about(job, at),
            permit=self._permit(job),
            code=code,
            left=left,
            photographs=photographs,
            place=place,
            note=note,
            software=SOFTWARE,
            chain=self._link(),
        )
        return self._signed(job, said)

    def taken(self, account: Signed) -> None:
        """The house has kept this account: its permit has ended, and the next account follows it."""
        self._number, self._last = self._number + 1, account.digest
        self._held.pop(account.job.work_order, None)

    def _permit(self, job: Job) -> str | None:
        held = self._held.get(job.work_order)
        return held.digest if held is not None else None

    def _about(self, job: Job, at: datetime) -> Document:
        return {"device": self.id, "work_order": job.work_order, "order": job.order, "at": at}

    def _link(self) -> Chain:
        return Chain(journal=self._journal, number=self._number + 1, previous=self._last)

    def _signed(self, job: Job, said: ByHand) -> Signed:
        raw, digest = codec.seal(said, self.key)
        return Signed(raw, digest, job)


def make(entropy: Entropy) -> Device:
    """A new device, with a key that nobody else has."""
    return Device(SigningKey(entropy.token(SEED_BYTES)), entropy)


def envelope(raw: bytes) -> Document:
    """What was signed, as the JSON object that the API takes."""
    document: Document = json.loads(raw)
    return document
