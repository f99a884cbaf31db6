"""The demo's five meters on their line: simulated, and asked in the end what was truly done to them."""

from dataclasses import dataclass

from protocols.types import Identity, Medium, MeterId, medium_word
from seams.clock import SystemClock
from simulators.line import Line, Station
from simulators.physics import Constant, Supply
from simulators.reference import gas
from simulators.reference.gas import GasMeter, Setting
from simulators.reference.slave import Slave
from simulators.reference.water import Plate, slave
from simulators.valve import Actuation, Valve

SLOW_S = 2.0
FLOW_L_H = 600
BAUD = 2400
VERSION_WITH_VALVE, VERSION_WITHOUT, VERSION_OF_GAS = 1, 2, 3
GAS_L_H, LEAK_WINDOW_S = 1_200, 10.0
"""Little enough for the leak check, which is shorter here than a real one: 360 s are too long to watch."""


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
    def medium(self) -> str:
        """Its medium in a word."""
        return medium_word(self.identity.medium)


def _who(number: str, version: int, medium: Medium = Medium.WATER) -> Identity:
    return Identity(number, "CBS", version, medium, number)


METERS = (
    DemoMeter(MeterId("A"), "a valve", _who("26110001", VERSION_WITH_VALVE), 104_300),
    DemoMeter(MeterId("B"), "a valve, answers after 2 s", _who("26110002", VERSION_WITH_VALVE), 88_120, SLOW_S),
    DemoMeter(MeterId("C"), "a valve that sticks", _who("26110003", VERSION_WITH_VALVE), 51_975, sticks=True),
    DemoMeter(MeterId("D"), "no valve", _who("26110004", VERSION_WITHOUT), 7_040),
    DemoMeter(MeterId("E"), "gas: a valve that only a hand opens", _who("26110005", VERSION_OF_GAS, Medium.GAS), 9_310),
)


@dataclass(frozen=True, slots=True)
class Riser:
    """The line, and the valves behind it."""

    line: Line
    valves: dict[str, Valve]
    gas: GasMeter

    def moves(self, meter: str) -> list[Actuation]:
        """Whatever a meter's valve was told: its own history, which is the truth."""
        return list(self.valves[meter].history)

    def press(self) -> None:
        """The person at the gas meter presses its key."""
        self.gas.press()


def riser() -> Riser:
    """All five on one line."""
    clock = SystemClock()
    valves = {m.name: Valve(clock, sticks=m.sticks) for m in METERS if m.has_valve}
    links = [_link(clock, meter, valves.get(meter.name), address) for address, meter in enumerate(METERS, 1)]
    stations = [Station(link, response_s=meter.response_s) for link, meter in zip(links, METERS, strict=True)]
    (gas_meter,) = [link.application for link in links if isinstance(link.application, GasMeter)]
    return Riser(Line(stations), {str(name): valve for name, valve in valves.items()}, gas_meter)


def _link(clock: SystemClock, meter: DemoMeter, valve: Valve | None, address: int) -> Slave:
    plate = Plate(meter.identity.id, meter.identity.fabrication_number)
    is_gas = meter.identity.medium == Medium.GAS
    flow = Constant(GAS_L_H if is_gas else FLOW_L_H)
    supply = Supply(clock, flow, valve=valve, index_dl=meter.litres * 10)
    if not is_gas:
        return slave(clock, supply, plate, address=address)
    setting = Setting(leak_window_s=LEAK_WINDOW_S, obeys_open=True)
    return gas.slave(clock, supply, plate, setting, address=address)
