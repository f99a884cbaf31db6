"""Bodies of the registry's routes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, StringConstraints, model_validator

from controlplane.fields import Fingerprint, Hex64, In, MaybeWords, Name, Out, When, Words
from controlplane.registry.models import KeyState

Byte = Annotated[StrictInt, Field(ge=0, le=255)]
GatewayName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class ProtectedAct(StrEnum):
    """An act that can be forbidden at a point."""

    LIMIT = "limit"
    SUSPEND = "suspend"
    INTERRUPT = "interrupt"
    REMOVE = "remove"


class NewClient(In):
    """A client to be entered."""

    name: Words


class ClientOut(Out):
    """A client."""

    id: str
    name: str
    created_at: datetime


class NewProtection(In):
    """An act that must not happen at a point; without `until` it is for ever."""

    act: ProtectedAct
    reason: Words
    until: When | None = None


class NewPoint(In):
    """A supply point to be entered. `code` is the client's own, for example a PDR.

    `pack` is the rule pack of its place and service; without one it follows the control plane's default.
    """

    client: Name
    code: Words
    medium: Literal["water", "gas"]
    zone: MaybeWords = ""
    pack: Name | None = None
    protections: Annotated[tuple[NewProtection, ...], Field(max_length=20)] = ()


class ProtectionOut(Out):
    """A protection that stands; `id` is for ending it."""

    id: str
    act: str
    reason: str
    until: datetime | None


class PointOut(Out):
    """A supply point; `pack` is the rule pack it names, null where it follows the control plane's default."""

    id: str
    client: str
    code: str
    medium: str
    zone: str
    pack: str | None
    protections: list[ProtectionOut]
    created_at: datetime
    version: int


class NewGateway(In):
    """A gateway to be entered; it is believed when a key that it enrols was approved.

    With `public_key` and the `fingerprint` that the gateway itself shows, both at once, that key is approved here.
    """

    id: GatewayName
    public_key: Hex64 | None = None
    fingerprint: Fingerprint | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.public_key is None) is not (self.fingerprint is None):
            raise ValueError("public_key and the fingerprint that the gateway shows: give both, or enrol the key later")
        return self


class ConditionOut(Out):
    """What ails a gateway, as it says itself: its disk `works`, `refuses` or has `failed`.

    `safe_mode` is why it closes nothing until a person ends that there; empty where it may. `readings_lost` were
    dropped at its bound.
    """

    storage: str
    safe_mode: str
    readings_lost: int
    at: datetime


class GatewayOut(Out):
    """A gateway; `public_key` is the approved one, null before any was."""

    id: str
    public_key: str | None
    fingerprint: str | None
    created_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    revoke_reason: str | None
    last_seen_at: datetime | None
    condition: ConditionOut | None


class NewGatewayKey(In):
    """The public key that a gateway has made for itself, as `curbstop keys show` prints it there."""

    public_key: Hex64


class GatewayKeyOut(Out):
    """A gateway's key. `fingerprint` is what an operator compares with what the gateway shows."""

    id: str
    gateway: str
    public_key: str
    fingerprint: str
    state: KeyState
    sent_at: datetime
    sent_by: str
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


class KeySentOut(GatewayKeyOut):
    """A key that waits for approval. `house_key` is the public key that signs what this gateway will be told."""

    house_key: str


class KeyApproval(In):
    """The fingerprint that the gateway itself shows."""

    fingerprint: Fingerprint


class KeyRejection(In):
    """Why a key is not believed."""

    reason: Words


class IdentityBody(In):
    """Who the meter is. `medium` is the byte of EN 13757-3; `id` its eight digits."""

    fabrication_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ./-]{0,32}$")] = ""
    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{8}$")]
    manufacturer: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    version: Byte
    medium: Byte


class NewMeter(In):
    """A meter to be bound. `name` is the same as in the gateway's own file."""

    supply_point: Name
    gateway: GatewayName
    name: Name
    identity: IdentityBody


class Rebinding(In):
    """What is to change: another point, another gateway, or another meter under this name."""

    supply_point: Name | None = None
    gateway: GatewayName | None = None
    identity: IdentityBody | None = None


class MeterOut(Out):
    """A bound meter; `capabilities` as its gateway has told them, null before its first birth."""

    name: str
    supply_point: str
    gateway: str
    identity: IdentityBody
    capabilities: list[str] | None
    bound_at: datetime
    version: int
