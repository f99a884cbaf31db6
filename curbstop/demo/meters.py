"""The demo's meters on their line, and its curb stops: simulated, and asked in the end what was truly done to them."""

from dataclasses import dataclass
from decimal import Decimal

from protocols.types import Identity, Medium, MeterId, ValvePosition, medium_word
from seams.clock import SystemClock
from simulators.line import Line, Station
from simulators.physics import Constant, Supply
from simulators.reference import gas
from simulators.reference.gas import GasMeter, Setting
from simulators.reference.slave import Slave
from simulators.reference.water import Plate, slave
from simulators.valve import Actuation, By, Valve

SLOW_S = 2.0
FLOW_L_H, DL_PER_L = 600, 10
BAUD = 2400
VERSION_WITH_VALVE, VERSION_WITHOUT, VERSION_OF_GAS = 1, 2, 3
GAS_L_H, LEAK_WINDOW_S = 1_200, 10.0
"""Little enough for the leak check, which is shorter here than a real one: 360 s are too long to watch."""
UNREAD, UNREAD_WORDS = "G", "no meter that is read from here: a crew goes"
"""A point with no more than a curb stop."""


@dataclass(frozen=True, slots=True)
class DemoMeter:
    """One simulated meter: what it is like, in words, and its index at the start in litres."""

    name: MeterId
    words: str
    identity: Identity
    litres: int
    response_s: float = 0.02
    sticks: bool = False

    @property
    def has_valve(self) -> bool:
        """Whether there is a valve in it."""
        return self.identity.version != VERSION_WITHOUT

    @property
    def is_gas(self) -> bool:
        """Whether it is a gas meter."""
        return self.identity.medium == Medium.GAS

    @property
    def medium(self) -> str:
        """Its medium in a word."""
        return medium_word(self.identity.medium)


def _who(number: str, version: int, medium: Medium = Medium.WATER) -> Identity:
    return Identity(number, "CBS", version, medium, number)


METERS = (
    DemoMeter(MeterId("A"), "a valve", _who("26110001", VERSION_WITH_VALVE), 104_300),
    DemoMeter(MeterId("B"), "a valve, answers after 2 s", _who("26110002", VERSION_WITH_VALVE), 88_120, SLOW_S),
    DemoMeter(
        MeterId("C"), "a valve that sticks: a crew goes", _who("26110003", VERSION_WITH_VALVE), 51_975, sticks=True
    ),
    DemoMeter(MeterId("D"), "no valve: a crew goes", _who("26110004", VERSION_WITHOUT), 7_040),
    DemoMeter(MeterId("E"), "gas: a valve that only a hand opens", _who("26110005", VERSION_OF_GAS, Medium.GAS), 9_310),
)


@dataclass(frozen=True, slots=True)
class Riser:
    """The line, the valves behind it, and the curb stops in the street, which nothing but a hand turns."""

    line: Line
    valves: dict[str, Valve]
    supplies: dict[str, Supply]
    gas: GasMeter

    def moves(self, at: str) -> list[Actuation]:
        """Whatever was done to the valve or curb stop of a point: its own history, which is the truth."""
        return list(self.valves[at].history)

    def press(self) -> None:
        """The person at the gas meter presses its key."""
        self.gas.press()

    def turn(self, at: str, wanted: ValvePosition) -> None:
        """Somebody turns a point's valve, or its curb stop, with a key."""
        self.valves[at].actuate(wanted, By.HAND)

    def seen_at(self, at: str) -> ValvePosition:
        """How it stands, to the eye."""
        return self.valves[at].position

    def serial_of(self, at: str) -> str:
        """What the plate says; nothing where no meter is."""
        return next((meter.identity.fabrication_number for meter in METERS if meter.name == at), "")

    def index_of(self, at: str) -> str:
        """What the dial shows: cubic metres and litres."""
        return f"{Decimal(self.supplies[at].index_dl() // DL_PER_L).scaleb(-3)}"


def riser() -> Riser:
    """All meters on one line."""
    clock = SystemClock()
    valves = {str(meter.name): Valve(clock, sticks=meter.sticks) for meter in METERS}
    supplies = {str(meter.name): _supply(clock, meter, valves[meter.name]) for meter in METERS}
    links = [_link(clock, meter, supplies[meter.name], address) for address, meter in enumerate(METERS, 1)]
    stations = [Station(link, response_s=meter.response_s) for link, meter in zip(links, METERS, strict=True)]
    (gas_meter,) = [link.application for link in links if isinstance(link.application, GasMeter)]
    return Riser(Line(stations), {**valves, UNREAD: Valve(clock)}, supplies, gas_meter)


def _supply(clock: SystemClock, meter: DemoMeter, valve: Valve) -> Supply:
    flow = Constant(GAS_L_H if meter.is_gas else FLOW_L_H)
    return Supply(clock, flow, valve=valve, index_dl=meter.litres * DL_PER_L)


def _link(clock: SystemClock, meter: DemoMeter, supply: Supply, address: int) -> Slave:
    plate = Plate(meter.identity.id, meter.identity.fabrication_number)
    if not meter.is_gas:
        return slave(clock, supply, plate, address=address, its_own=meter.has_valve)
    setting = Setting(leak_window_s=LEAK_WINDOW_S, obeys_open=True)
    return gas.slave(clock, supply, plate, setting, address=address)
