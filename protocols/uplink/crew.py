"""What a crew's enrolled device and the house say to each other, version 1 (CONTROL P9).

A device signs what it asks and what it has seen; the house signs the permit. Nothing of a crew that is not signed by
the key of an approved device is an account of anything. Times are the device's own, aware, UTC.
"""

from typing import Annotated, Literal, NewType

from msgspec import Meta

from protocols.types import ValvePosition
from protocols.uplink.parts import Chain, Digest, Message, Moment, Part, Reason, Seconds, Text, Token

DeviceId = NewType("DeviceId", str)
"""The device's name, given when it was enrolled."""

Name = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
Line = Annotated[str, Meta(max_length=64, pattern="^[^\x00-\x1f\x7f]*$")]
"""Text of one line, as it was read off a plate or a seal; empty where there was nothing to read."""
Seal = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^\x00-\x1f\x7f]+$")]
Few, Many = Meta(max_length=20), Meta(max_length=60)


class Place(Part, frozen=True):
    """Where the device was: WGS 84, degrees; `accuracy_m` is the radius it claims."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    accuracy_m: Seconds


class Photograph(Part, frozen=True):
    """One photograph: which shot it is, and the digest under which its bytes are kept."""

    shot: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
    digest: Digest


class Register(Part, frozen=True):
    """The index as it was read off the meter: an exact decimal with its unit."""

    value: Annotated[str, Meta(pattern="^[0-9]{1,12}([.][0-9]{1,6})?$")]
    unit: Name


class ByHand(Message, frozen=True):
    """What a device signs about one work order."""

    device: DeviceId
    work_order: Name
    order: Name
    at: Moment


class CrewPermitRequest(ByHand, frozen=True):
    """May this crew take supply away now? Asked on site, after the plate and the position were read."""

    kind = "crew-permit-request"
    nonce: Token
    serial: Line
    found: ValvePosition


class CrewPermit(ByHand, frozen=True):
    """The house's answer to one request of one device. Valid for `validity_s` from the moment it was asked."""

    kind = "crew-permit"
    request: Digest
    nonce: Token
    granted: bool
    validity_s: Seconds
    reason: Reason | None


class CrewReport(ByHand, frozen=True):
    """What was done and seen. `outcome` is `already` where it was found as wanted and nothing was moved.

    `permit` is the digest of the permit it was done under; none for giving back, and for what was found. `checks` are
    those that the act's rules ask for, by name: a leak check, for example.
    """

    kind = "crew-report"
    permit: Digest | None
    outcome: Literal["done", "already"]
    found: ValvePosition
    left: ValvePosition
    serial: Line
    register: Register | None
    seals_applied: Annotated[tuple[Seal, ...], Few]
    seals_removed: Annotated[tuple[Seal, ...], Few]
    photographs: Annotated[tuple[Photograph, ...], Many]
    checks: Annotated[dict[Name, Text], Few]
    place: Place | None
    began_at: Moment
    ended_at: Moment
    note: Text
    software: Text
    chain: Chain


class CrewAbort(ByHand, frozen=True):
    """It was not done, and why. `left` is the position in which the crew has left the valve."""

    kind = "crew-abort"
    permit: Digest | None
    code: Name
    left: ValvePosition
    photographs: Annotated[tuple[Photograph, ...], Many]
    place: Place | None
    note: Text
    software: Text
    chain: Chain


class CrewRelease(ByHand, frozen=True):
    """Two persons' word, signed by the house, that the crew was spoken to or is away: its permit has ended."""

    kind = "crew-release"
    permit: Digest
    crew_is: Literal["spoken_to", "away"]
    persons: Annotated[tuple[Text, ...], Meta(min_length=2, max_length=2)]
    statements: Annotated[tuple[Text, ...], Meta(min_length=2, max_length=2)]


CREW: tuple[type[ByHand], ...] = (CrewPermitRequest, CrewPermit, CrewReport, CrewAbort, CrewRelease)
