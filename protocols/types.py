"""Words that cross wires: who a meter is, what a valve can be asked, what was seen at it.

A position says what was seen, never what was asked; `UNKNOWN` is a position.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NewType

MeterId = NewType("MeterId", str)
"""The meter's name: the same in the registry and in the gateway's file."""

GatewayId = NewType("GatewayId", str)
"""The gateway's name: its MQTT user, and its level in every topic."""


class Medium(IntEnum):
    """The medium byte of EN 13757-3, as facts/MBUS.md section 3 lists it; unlisted values are named by their class."""

    OTHER = 0x00
    OIL = 0x01
    ELECTRICITY = 0x02
    GAS = 0x03
    HEAT_OUTLET = 0x04
    STEAM = 0x05
    WARM_WATER = 0x06
    WATER = 0x07
    HEAT_COST_ALLOCATOR = 0x08
    COMPRESSED_AIR = 0x09
    COOLING_OUTLET = 0x0A
    COOLING_INLET = 0x0B
    HEAT_INLET = 0x0C
    HEAT_COOLING = 0x0D
    BUS_SYSTEM = 0x0E
    UNKNOWN = 0x0F
    HOT_WATER = 0x15
    COLD_WATER = 0x16
    DUAL_WATER = 0x17
    PRESSURE = 0x18
    AD_CONVERTER = 0x19
    SMOKE_DETECTOR = 0x1A
    ROOM_SENSOR = 0x1B
    GAS_DETECTOR = 0x1C
    BREAKER = 0x20
    VALVE = 0x21
    CUSTOMER_UNIT = 0x25
    WASTE_WATER = 0x28
    GARBAGE = 0x29
    CARBON_DIOXIDE = 0x2A
    COMMUNICATION_CONTROLLER = 0x31
    UNIDIRECTIONAL_REPEATER = 0x32
    BIDIRECTIONAL_REPEATER = 0x33
    RADIO_CONVERTER_SYSTEM_SIDE = 0x36
    RADIO_CONVERTER_METER_SIDE = 0x37

    @property
    def word(self) -> str:
        """The name as texts and files write it: `water`, `cold_water`."""
        return self.name.lower()


def medium_word(code: int) -> str:
    """Name a medium byte; a byte without a name is `medium_<hex>`, never an error."""
    return Medium(code).word if code in set(Medium) else f"medium_{code:02x}"


class ValvePosition(StrEnum):
    """IEC 62056-6-2 class 70 control states, plus what water needs."""

    OPEN = "open"
    CLOSED = "closed"
    ARMED = "armed"
    LIMITED = "limited"
    MOVING = "moving"
    FAULT = "fault"
    UNKNOWN = "unknown"


class Verb(StrEnum):
    """What a gateway can be told to do to a valve."""

    OPEN = "open"
    CLOSE = "close"
    LIMIT = "limit"
    ARM = "arm"

    @property
    def takes(self) -> bool:
        """Whether it takes supply away, and therefore needs a permit."""
        return self in TAKING

    @property
    def wanted(self) -> ValvePosition:
        """The position that shows it was done."""
        return WANTED[self]

    @property
    def shown_by(self) -> frozenset[ValvePosition]:
        """Every position that shows it was done: an arm, that a hand has since used it."""
        return SHOWN_BY[self]


TAKING = frozenset({Verb.CLOSE, Verb.LIMIT})
WANTED = {
    Verb.OPEN: ValvePosition.OPEN,
    Verb.CLOSE: ValvePosition.CLOSED,
    Verb.LIMIT: ValvePosition.LIMITED,
    Verb.ARM: ValvePosition.ARMED,
}
SHOWN_BY = {verb: frozenset({wanted}) for verb, wanted in WANTED.items()} | {
    Verb.ARM: frozenset({ValvePosition.ARMED, ValvePosition.OPEN})
}


class Capability(StrEnum):
    """What a meter can do, as its gateway's birth tells it."""

    READ = "read"
    POSITION = "position"
    OPEN = "open"
    CLOSE = "close"
    LIMIT = "limit"
    ARM = "arm"


class Outcome(StrEnum):
    """How an attempt ended. `UNKNOWN` never decays to `DONE`."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a meter says it is.

    `id` is 8 hexadecimal digits, most significant first (EN 13757-3 identification number); `manufacturer` its three
    letters; `fabrication_number` is empty where the meter has none.
    """

    id: str
    manufacturer: str
    version: int
    medium: int
    fabrication_number: str = ""

    def matches(self, other: "Identity") -> bool:
        """Whether both name one meter: by medium and fabrication number, where absent by id, maker and version."""
        if self.medium != other.medium:
            return False
        if self.fabrication_number:
            return self.fabrication_number == other.fabrication_number
        return (self.id, self.manufacturer, self.version) == (other.id, other.manufacturer, other.version)
