"""What stands in the cellar: meters with their valves and water, and the lines that reach them: a world's truth."""

from dataclasses import dataclass

from protocols.types import Identity, MeterId, ValvePosition
from simulators.faults import Faults
from simulators.line import Line, Station
from simulators.loop import Virtual
from simulators.physics import Constant, Supply
from simulators.reference.water import VERB_BYTES, Plate, slave
from simulators.valve import By, Valve
from tests.simulation.witness import Witness

NAMES = tuple(MeterId(n) for n in "ABCD")
SLOW = {"B": 2.5}
"""What the gateways' files say that a meter takes beyond the norm."""
STALL_MAX_S = 7.0
"""A converter that holds bytes back longer than the meter's spec allows for (act_max_s, less the travel) is none."""
INDEX_DL = 100_000


def identity(number: int, name: MeterId) -> Identity:
    """Who the n-th meter is."""
    version = 2 if name == "D" else 1
    return Identity(f"{10 + number:08d}", "CBS", version, 7, f"{10 + number:08d}")


class SeenValve(Valve):
    """A valve whose acts are told."""

    witness: Witness | None = None
    name = MeterId("")

    def actuate(self, wanted: ValvePosition, by: By = By.WIRE) -> None:
        super().actuate(wanted, by)
        if self.witness is not None:
            act = self.history[-1]
            went = "moves" if act.moved else "sticks" if self.sticks else "stays"
            self.witness.tell(self.name, f"valve told {wanted}: {act.before} -> {act.after}, {went}")
            self.witness.counts[f"told {wanted}"] += 1
            self.witness.moment("moved", self.name)


@dataclass(slots=True)
class Bodies:
    """Four meters A to D; D has no valve."""

    valves: dict[MeterId, Valve]
    supplies: dict[MeterId, Supply]


def build(virtual: Virtual, witness: Witness, sticks: frozenset[str]) -> Bodies:
    """Make them, on the true clock."""
    bodies = Bodies({}, {})
    for n, name in enumerate(NAMES, 1):
        valve = None
        if name != "D":
            valve = SeenValve(virtual.clock, sticks=name in sticks)
            valve.witness, valve.name = witness, name
            bodies.valves[name] = valve
        bodies.supplies[name] = Supply(virtual.clock, Constant(600), valve=valve, index_dl=INDEX_DL * n)
    return bodies


def line(virtual: Virtual, bodies: Bodies, witness: Witness, faults: Faults | None, names: tuple[MeterId, ...]) -> Line:
    """A line to these meters. A meter on two lines has a link of its own on each."""
    stations = []
    for name in names:
        n = NAMES.index(name) + 1
        who = identity(n, name)
        link = slave(virtual.clock, bodies.supplies[name], Plate(who.id, who.fabrication_number), address=n)
        stations.append(Station(link, response_s=2.0 if name == "B" else 0.02))

    def tap(_at_s: float, direction: str, data: bytes) -> None:
        if direction == "down" and any(verb in data for verb in VERB_BYTES):
            witness.tell("line", f"frame {data.hex(' ')}")

    return Line(stations, faults=faults, seed=virtual.seed, tap=tap, stall_max_s=STALL_MAX_S)


def stranger(virtual: Virtual, witness: Witness, name: MeterId) -> tuple[Valve, Station]:
    """Another meter of this meter's secondary address, with another number on its plate, and a valve of its own."""
    n = NAMES.index(name) + 1
    who = identity(n, name)
    valve = SeenValve(virtual.clock)
    valve.witness, valve.name = witness, MeterId("stranger")
    supply = Supply(virtual.clock, Constant(600), valve=valve, index_dl=INDEX_DL * n)
    link = slave(virtual.clock, supply, Plate(who.id, "77777777"), address=n)
    return valve, Station(link, response_s=2.0 if name == "B" else 0.02)
