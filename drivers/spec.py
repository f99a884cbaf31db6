"""What is known of one meter model: `Spec`, as data alone.

How a file becomes one stands in `drivers.schema`; what the keys mean in `firmware_specs/README.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.types import Capability, Identity, ValvePosition, Verb


@dataclass(frozen=True, slots=True)
class Match:
    """Which devices this spec claims: all of one maker, these versions, these media. None claims nothing by itself."""

    manufacturer: str
    versions: frozenset[int]
    media: frozenset[int]

    def claims(self, who: Identity) -> bool:
        """Whether this device is one of them."""
        return self.manufacturer == who.manufacturer and who.version in self.versions and who.medium in self.media


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. `act_max_s`: after that nothing that was sent can still move the valve."""

    response_s: float
    travel_s: float = 0.0
    readback_every_s: float = 1.0
    act_max_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PositionRecord:
    """Which record says the valve's position, and what its value means."""

    vif: bytes
    storage: int
    values: Mapping[int, ValvePosition]


@dataclass(frozen=True, slots=True)
class Arm:
    """What an arm is to this model: IEC 62056-6-2 class 70's control mode, and how long the meter itself lets it stand.

    `expires_s` is None where the meter does not end an unused arm.
    """

    control_mode: int
    expires_s: float | None


@dataclass(frozen=True, slots=True)
class Valve:
    """How the valve is asked and moved. `verbs` are the records written by SND_UD, CI 51."""

    position: PositionRecord
    verbs: Mapping[Verb, bytes]
    arm: Arm | None = None


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """Which record is the index, and the step that it resolves, in its unit."""

    vif: bytes
    storage: int
    step: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """Which record holds alarm bits, and their names by bit number."""

    vif: bytes
    bits: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ReadVector:
    """A telegram and what must be read from it."""

    telegram: bytes
    index: str
    position: str
    alarms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WriteVector:
    """A verb and the whole frame that must go out, at the selected slave, without frame-count bits."""

    verb: Verb
    frame: bytes


@dataclass(frozen=True, slots=True)
class Spec:
    """One meter model. `digest` is the SHA-256 of the file, told in births and receipts."""

    name: str
    digest: str
    title: str
    medium: int
    match: Match | None
    enhanced_selection: bool
    fabrication_number: bool
    timing: Timing
    index: IndexRecord | None
    valve: Valve | None
    alarms: Alarms | None
    reads: tuple[ReadVector, ...]
    writes: tuple[WriteVector, ...]

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this model can do."""
        if self.valve is None:
            return frozenset({Capability.READ})
        return frozenset({Capability.READ, Capability.POSITION, *(Capability(v.value) for v in self.valve.verbs)})

    @property
    def arm_expires_s(self) -> float | None:
        """After how long the meter itself ends an unused arm; None where it can't be armed, or does not."""
        return self.valve.arm.expires_s if self.valve is not None and self.valve.arm is not None else None
