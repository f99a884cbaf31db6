"""Bodies of the routes of crews and devices."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from controlplane.fields import Fingerprint, Hex64, In, Name, Out, Words


class NewCrew(In):
    """A crew to be entered; `clients` confines it to these, null works for all."""

    name: Words
    clients: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)] | None = None


class CrewOut(Out):
    """A crew."""

    id: str
    name: str
    clients: list[str] | None
    created_at: datetime
    created_by: str


class CodeOut(Out):
    """A code for one device. `code` is shown in this answer only; a repeated request gets null."""

    crew: str
    code: str | None = None
    expires_at: datetime


class Enrolment(In):
    """A device that enrols itself, with the code that its crew was given and the key it has made."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    name: Words
    public_key: Hex64


class DeviceOut(Out):
    """A device. `fingerprint` is what an operator compares with what the device shows."""

    id: str
    crew: str
    name: str
    public_key: str
    fingerprint: str
    enrolled_at: datetime
    approved_at: datetime | None
    approved_by: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    revoke_reason: str | None


class EnrolledOut(DeviceOut):
    """The device that has enrolled itself. `house_key` is the public key that signs its permits."""

    house_key: str


class Approval(In):
    """The fingerprint that the device itself shows."""

    fingerprint: Fingerprint


class DeviceRevocation(In):
    """Why a device is believed no more."""

    reason: Words
