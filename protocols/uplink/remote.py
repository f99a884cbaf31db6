"""What the control plane may ask of a gateway beyond commands, and what the gateway says of that.

Settings are a whole layer, not changes to one: what is None or empty is as the gateway's own file says. There is no
word here for a meter's spec, medium, identity, line or protection, nor for a key: those are the file's alone.
"""

from typing import Annotated, Literal

from msgspec import Meta

from protocols.types import MeterId
from protocols.uplink.parts import Body, Count, Moment, Part, Seconds, Text, Token

Verdict = Literal["none", "on_trial", "taken", "refused", "rolled_back"]
Term = Annotated[float, Meta(ge=30, le=3600)]


class BrokerAt(Part, frozen=True):
    """Where the broker is: never how it is known again, nor with which password."""

    host: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252})$")]
    port: Annotated[int, Meta(ge=1, le=65535)]


class Settings(Part, frozen=True, omit_defaults=True):
    """Caps not above the file's; meters at which nothing is closed; the polling pace; where the broker is."""

    per_hour: Count | None = None
    per_day: Count | None = None
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    floor: Count | None = None
    spared: tuple[MeterId, ...] = ()
    every_s: Annotated[float, Meta(ge=1, le=86_400)] | None = None
    broker: BrokerAt | None = None


class Configuration(Body, frozen=True):
    """Hold to these settings instead of the last ones. They are on trial until the uplink is back: for `term_s`."""

    kind = "configuration"
    number: Annotated[int, Meta(ge=1, le=(1 << 53) - 1)]
    settings: Settings
    term_s: Term
    at: Moment


class Standing(Body, frozen=True):
    """What became of configuration `number`, which one is in force (0: the file alone), who froze it on the spot.

    `frozen` is the reason of the freeze that was set at the gateway itself; None where there is none.
    """

    kind = "standing"
    journal: Token
    boot: Count
    boot_s: Seconds
    number: Count
    verdict: Verdict
    why: Text
    in_force: Count
    frozen: Text | None
    at: Moment
