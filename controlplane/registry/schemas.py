"""Bodies of the registry's routes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints

from controlplane.fields import In, MaybeWords, Name, Out, When, Words

Byte = Annotated[StrictInt, Field(ge=0, le=255)]
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
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
    """A gateway to be believed from now on: its name and its public key, as `curbstop keys show` prints it."""

    id: GatewayName
    public_key: Hex64


class GatewayOut(Out):
    """A gateway."""

    id: str
    public_key: str
    created_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    revoke_reason: str | None
    last_seen_at: datetime | None


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
