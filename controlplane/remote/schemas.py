"""Bodies of the routes of gateways' settings."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictInt, StringConstraints

from controlplane.fields import In, Name, Out, Words

Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$")]
Most = Annotated[StrictInt, Field(ge=0, le=100_000)]


class BrokerBody(In):
    """Where the broker is."""

    host: Host
    port: Annotated[StrictInt, Field(ge=1, le=65535)]


class SettingsBody(In):
    """What a gateway is to hold to beside its own file; what is left out is as the file says.

    Caps above the file's are refused by the gateway. At `spared` meters nothing is closed. `every_s` is for polling.
    """

    per_hour: Most | None = None
    per_day: Most | None = None
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    floor: Annotated[StrictInt, Field(ge=0, le=1000)] | None = None
    spared: Annotated[tuple[Name, ...], Field(max_length=1000)] = ()
    every_s: Annotated[float, Field(ge=1, le=86_400)] | None = None
    broker: BrokerBody | None = None


class Configuring(In):
    """Settings for a gateway, whole, in the place of the last ones. Taken back if its uplink is away for `term_s`."""

    settings: SettingsBody
    reason: Words
    term_s: Annotated[float, Field(ge=30, le=3600)] = 300.0


class SettingsOut(Out):
    """Settings that were asked for. `state`: asked, or the gateway's word: on_trial, taken, refused, rolled_back."""

    number: int
    settings: SettingsBody
    term_s: float
    reason: str
    asked_by: str
    asked_at: datetime
    state: str
    why: str
    told_at: datetime | None


class StandingOut(Out):
    """How a gateway says that it stands: the settings in force (0: its own file alone), its freeze on the spot."""

    in_force: int
    frozen: str | None
    told_at: datetime


class ConfigurationOut(Out):
    """What is desired of a gateway, and what it reports; null where nothing was asked, nothing told."""

    gateway: str
    desired: SettingsOut | None
    reported: StandingOut | None
