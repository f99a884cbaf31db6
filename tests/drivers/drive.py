"""Plans driven by hand: against slaves of the simulated world, and against answers written out one by one.

The line keeps what the bus must keep: exchanges stamp the frame-count bits, a `Wait` lets time pass, the guard is asked
right before the write that moves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from drivers.catalogue import installed
from drivers.plan import Plan, Send, T, Wait
from drivers.schema import Spec
from protocols.mbus.frame import Ack, Frame, Long, decode
from protocols.mbus.link import Exchange, LinkMemory
from protocols.mbus.reader import FrameReader
from protocols.types import Identity
from simulators.reference.slave import Slave
from simulators.reference.telegram import split
from tests.simulators.talk import HandClock, long

VALVE: Spec = installed().by_name("curbstop/mbus-water-valve")
GAS_VALVE: Spec = installed().by_name("curbstop/mbus-gas-valve")
WATER: Spec = installed().by_name("curbstop/mbus-water")
GENERIC: Spec = installed().by_name("generic/mbus-readonly")
WHO = Identity("12345678", "CBS", 1, 7, "87654321")
ACK = Ack()


@dataclass
class Hall:
    """A line with slaves. `heard` holds all requests as bytes; `before` is called right before each goes out."""

    slaves: Sequence[Slave]
    clock: HandClock = field(default_factory=HandClock)
    before: Callable[[Send], None] = lambda _: None
    heard: list[bytes] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    memory: LinkMemory = field(default_factory=LinkMemory)

    def run(self, plan: Plan[T]) -> T:
        """Carry a plan to its end."""
        event: Frame | None = None
        while True:
            try:
                step = plan.send(event)
            except StopIteration as end:
                done: T = end.value
                return done
            event = self._step(step)

    def _step(self, step: Send | Wait) -> Frame | None:
        if isinstance(step, Wait):
            self.waits.append(step.seconds)
            self.clock.seconds += step.seconds
            return None
        self.before(step)
        self.sends.append(step)
        return self._ask(Exchange(self.memory, step.frame, FrameReader()))

    def _ask(self, exchange: Exchange) -> Frame | None:
        while True:
            data = exchange.to_send()
            self.heard.append(data)
            for answer in self._answers(data):
                if (event := exchange.receive_data(answer)) is not None:
                    return event
            if not exchange.timed_out():
                return None

    def _answers(self, data: bytes) -> list[bytes]:
        requests, _ = split(data)
        return [a for request in requests for slave in self.slaves if (a := slave.receive(request)) is not None]

    @property
    def moving(self) -> list[Send]:
        return [send for send in self.sends if send.moves_valve]


def answered(plan: Plan[T], answers: Sequence[Frame | None]) -> tuple[T, list[Send | Wait]]:
    """Run a plan over answers to its sends, in order; None is silence. All of them must be used."""
    steps: list[Send | Wait] = []
    left = list(answers)
    event: Frame | None = None
    while True:
        try:
            step = plan.send(event)
        except StopIteration as end:
            assert not left, f"the plan ended with {len(left)} answers unused"
            result: T = end.value
            return result, steps
        steps.append(step)
        event = left.pop(0) if isinstance(step, Send) else None


def told(records: str, who: Identity = WHO, *, access: int = 1, status: int = 0) -> Frame:
    """An RSP_UD with a long header of `who`, written by hand."""
    maker = {"CBS": "530C", "ZZZ": "5A6B"}[who.manufacturer]
    head = bytes.fromhex(who.id)[::-1] + bytes.fromhex(maker) + bytes([who.version, who.medium, access, status, 0, 0])
    return decode(long(0x08, 5, 0x72, head + bytes.fromhex(records)))


NUMBER = "0C 78 21 43 65 87"
OPEN, CLOSED, MOVING, FAULT, NONSENSE = (f"{NUMBER} 01 FD 1A {byte}" for byte in ("01", "00", "10", "80", "77"))


def written(steps: Sequence[Send | Wait]) -> list[bytes]:
    """The data of the writes among these steps: selections are none."""
    return [s.frame.data for s in steps if isinstance(s, Send) and isinstance(s.frame, Long) and s.frame.ci == 0x51]
