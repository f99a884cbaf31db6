"""What stands in the cellar: meters with their valves and water, and the lines that reach them: a world's truth."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from protocols.types import Identity, Medium, MeterId, ValvePosition
from simulators.faults import Faults
from simulators.line import Line, Station
from simulators.loop import Virtual
from simulators.physics import FOREVER_US, Constant, Supply
from simulators.reference import gas
from simulators.reference.gas import GasMeter, Setting
from simulators.reference.slave import Slave
from simulators.reference.water import VERB_BYTES, Plate, slave
from simulators.valve import ML_PER_L, By, Valve
from tests.simulation.witness import Witness

NAMES = tuple(MeterId(n) for n in "ABCD")
SLOW = {"B": 2.5}
"""What the gateways' files say that a meter takes beyond the norm."""
STALL_MAX_S = 7.0
"""A converter that holds bytes back longer than the meter's spec allows for (act_max_s, less the travel) is none."""
INDEX_DL = 100_000
GAS = MeterId("C")
"""The gas meter. It would obey an open: only what the two ends do keeps it from being opened from afar."""
ARM_EXPIRES_S = 400.0
GAS_L_H, LEAKING_L_H = 60, 600
"""What burns by itself: within the leak check's threshold, and beyond it."""
SETTING = Setting(arm_expires_s=ARM_EXPIRES_S, obeys_open=True)


def identity(number: int, name: MeterId) -> Identity:
    """Who the n-th meter is."""
    version, medium = {"D": (2, Medium.WATER), GAS: (3, Medium.GAS)}.get(name, (1, Medium.WATER))
    return Identity(f"{10 + number:08d}", "CBS", version, medium, f"{10 + number:08d}")


@dataclass(slots=True)
class Taps:
    """What is asked for at a point; a leak is a part of it, until it is mended."""

    l_h: int

    def piece(self, _at_us: int) -> tuple[int, int]:
        return self.l_h * ML_PER_L, FOREVER_US


class Standing(NamedTuple):
    """What a crew finds at a place: the plate's number, the valve, and the index."""

    serial: str
    valve: Valve
    supply: Supply


class SeenValve(Valve):
    """A valve whose acts are told; `on_armed` is called where somebody may press the key now."""

    witness: Witness | None = None
    name = MeterId("")
    on_armed: Callable[[], None] = staticmethod(lambda: None)

    def _act(self, now_us: int, wanted: ValvePosition, by: By) -> None:
        super()._act(now_us, wanted, by)
        if self.witness is None:
            return
        act = self.history[-1]
        went = "moves" if act.moved else "sticks" if self.sticks else "stays"
        whose = "" if by is By.WIRE else f" by {by}"
        self.witness.tell(self.name, f"valve told {wanted}{whose}: {act.before} -> {act.after}, {went}")
        self.witness.counts[f"told {wanted}{whose}"] += 1
        if by is By.WIRE:
            self.witness.moment("moved", self.name)
        if act.after is ValvePosition.ARMED and act.moved:
            self.on_armed()


@dataclass(slots=True)
class Bodies:
    """Four meters A to D: C measures gas, D has no valve of its own: a curb stop in the street, for a hand alone."""

    valves: dict[MeterId, SeenValve]
    supplies: dict[MeterId, Supply]
    curb: SeenValve
    leaks: bool
    gas: GasMeter | None = None
    taps: dict[MeterId, Taps] = field(default_factory=dict)

    def turn(self, name: MeterId, wanted: ValvePosition, place: Standing) -> None:
        """A hand at the valve of a place; of gas a technician's, who first mends what leaks and resets the alarm."""
        if name != GAS or wanted is not ValvePosition.OPEN or self.gas is None:
            place.supply.actuate(wanted, By.HAND)
            return
        place.supply.index_dl()
        self.taps[name].l_h = GAS_L_H
        self.gas.reset_leak()
        self.gas.turn_open()

    def link(self, virtual: Virtual, name: MeterId, plate: Plate, address: int) -> Slave:
        """The meter at its place on a line."""
        supply = self.supplies[name]
        if name != GAS:
            return slave(virtual.clock, supply, plate, address=address, its_own=name in self.valves)
        link = gas.slave(virtual.clock, supply, plate, SETTING, address=address)
        assert isinstance(link.application, GasMeter)
        self.gas = link.application
        return link


def build(virtual: Virtual, witness: Witness, sticks: frozenset[str], passes: frozenset[str], *, leaks: bool) -> Bodies:
    """Make them, on the true clock; where gas `leaks`, the meter's own check finds it after each opening.

    A valve that `passes` reads closed and lets a tenth of the flow through.
    """
    bodies = Bodies({}, {}, SeenValve(virtual.clock), leaks)
    for n, name in enumerate(NAMES, 1):
        valve = bodies.curb
        if name != "D":
            valve = SeenValve(virtual.clock, sticks=name in sticks, passes_l_h=60 if name in passes else 0)
            bodies.valves[name] = valve
        valve.witness, valve.name = witness, name
        l_h = 600 if name != GAS else LEAKING_L_H if leaks else GAS_L_H
        bodies.taps[name] = Taps(l_h)
        bodies.supplies[name] = Supply(virtual.clock, bodies.taps[name], valve=valve, index_dl=INDEX_DL * n)
    return bodies


def line(virtual: Virtual, bodies: Bodies, witness: Witness, faults: Faults | None, names: tuple[MeterId, ...]) -> Line:
    """A line to these meters. A meter on two lines has a link of its own on each."""
    stations = []
    for name in names:
        n = NAMES.index(name) + 1
        who = identity(n, name)
        link = bodies.link(virtual, name, Plate(who.id, who.fabrication_number), n)
        stations.append(Station(link, response_s=2.0 if name == "B" else 0.02))

    def tap(_at_s: float, direction: str, data: bytes) -> None:
        if direction == "down" and any(verb in data for verb in VERB_BYTES):
            witness.tell("line", f"frame {data.hex(' ')}")

    return Line(stations, faults=faults, seed=virtual.seed, tap=tap, stall_max_s=STALL_MAX_S)


def stranger(virtual: Virtual, witness: Witness, name: MeterId) -> tuple[Standing, Station]:
    """Another meter of this meter's secondary address, with another number on its plate, and a valve of its own."""
    n = NAMES.index(name) + 1
    who = identity(n, name)
    valve = SeenValve(virtual.clock)
    valve.witness, valve.name = witness, MeterId("stranger")
    supply = Supply(virtual.clock, Constant(600), valve=valve, index_dl=INDEX_DL * n)
    plate = Plate(who.id, "77777777")
    make = gas.slave if name == GAS else slave
    link = make(virtual.clock, supply, plate, address=n)
    return Standing(plate.fabrication, valve, supply), Station(link, response_s=2.0 if name == "B" else 0.02)
