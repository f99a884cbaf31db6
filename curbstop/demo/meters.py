"""The demo's four meters on their line: simulated, and asked in the end what was truly done to them."""

from dataclasses import dataclass

from protocols.types import Identity, MeterId
from seams.clock import SystemClock
from simulators.line import Line, Station
from simulators.physics import Constant, Supply
from simulators.reference.water import Plate, slave
from simulators.valve import Actuation, Valve

SLOW_S = 2.0
FLOW_L_H = 600
BAUD = 2400
VERSION_WITH_VALVE, VERSION_WITHOUT = 1, 2


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
        return self.identity.version == VERSION_WITH_VALVE


def _who(number: str, version: int) -> Identity:
    return Identity(number, "CBS", version, 7, number)


METERS = (
    DemoMeter(MeterId("A"), "a valve", _who("26110001", VERSION_WITH_VALVE), 104_300),
    DemoMeter(MeterId("B"), "a valve, answers after 2 s", _who("26110002", VERSION_WITH_VALVE), 88_120, SLOW_S),
    DemoMeter(MeterId("C"), "a valve that sticks", _who("26110003", VERSION_WITH_VALVE), 51_975, sticks=True),
    DemoMeter(MeterId("D"), "no valve", _who("26110004", VERSION_WITHOUT), 7_040),
)


@dataclass(frozen=True, slots=True)
class Riser:
    """The line, and the valves behind it."""

    line: Line
    valves: dict[str, Valve]

    def moves(self, meter: str) -> list[Actuation]:
        """Whatever a meter's valve was told: its own history, which is the truth."""
        return list(self.valves[meter].history)


def riser() -> Riser:
    """All four on one line."""
    clock = SystemClock()
    valves = {m.name: Valve(clock, sticks=m.sticks) for m in METERS if m.has_valve}
    stations = []
    for address, meter in enumerate(METERS, 1):
        supply = Supply(clock, Constant(FLOW_L_H), valve=valves.get(meter.name), index_dl=meter.litres * 10)
        plate = Plate(meter.identity.id, meter.identity.fabrication_number)
        stations.append(Station(slave(clock, supply, plate, address=address), response_s=meter.response_s))
    return Riser(Line(stations), {str(name): valve for name, valve in valves.items()})
