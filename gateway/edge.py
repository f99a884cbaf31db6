"""The gateway's parts that its workers share, and the few verbs that several of them need."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.caps import DAY_S, Limits, Moment, free
from gateway.clockwatch import ClockWatch
from gateway.journal.journal import Journal
from gateway.journal.records import Taking, Task
from gateway.lived import Lived
from gateway.local_freeze import LocalFreeze
from gateway.meters import Meter
from gateway.permits import PermitDesk
from gateway.receipts import Account, Notary, Subject
from protocols.ports import Clock
from protocols.types import GatewayId, MeterId, ValvePosition, Verb
from protocols.uplink.messages import Receipt


@dataclass(slots=True)
class Edge:
    """One gateway at work. `outbox` is set when something new is to be sent up.

    `announced` are the meters that an acknowledged birth has named: of others nothing is taken yet.
    `limits`, `spared` (meters at which nothing is closed) and `every_s` (polling) are its file's and remote layer's.
    """

    gateway: GatewayId
    meters: dict[MeterId, Meter]
    journal: Journal
    notary: Notary
    permits: PermitDesk
    watch: ClockWatch
    clock: Clock
    lived: Lived
    limits: Limits
    local_freeze: LocalFreeze
    announced: set[MeterId] = field(default_factory=set)
    spared: frozenset[MeterId] = frozenset()
    every_s: float = 900.0
    outbox: asyncio.Event = field(default_factory=asyncio.Event)
    seen_s: dict[MeterId, float] = field(default_factory=dict)
    """When each valve's position was last read, on the boot clock; only since this start."""
    _with_valve: tuple[MeterId, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._count()

    def _count(self) -> None:
        self._with_valve = tuple(name for name, meter in self.meters.items() if meter.has_valve)

    def forget_positions(self, names: Iterable[MeterId]) -> None:
        """These names stand for other devices now: nobody has seen how their valves are."""
        with self.journal.transaction():
            for name in names:
                self.journal.set_position(name, ValvePosition.UNKNOWN)

    def exchange(self, gone: Iterable[MeterId], come: Iterable[Meter]) -> None:
        """Have other meters."""
        for name in gone:
            del self.meters[name]
        self.meters |= {meter.name: meter for meter in come}
        self.announced &= self.meters.keys()
        self._count()

    @property
    def storage_works(self) -> bool:
        """Whether the last thing that was to be made durable is."""
        return self.journal.works

    def cap_free(self, meter: Meter) -> bool:
        """Whether the gateway's own bound allows one more closure, of this meter."""
        moment = self.moment()
        if moment.lived_s < self.lived.whole_at_s:
            return False
        takings = self.journal.takings(moment.lived_s - moment.act_max_s - DAY_S)
        positions = self.journal.positions()
        moving = {taking.meter for taking in takings if taking.unsettled}
        others = [
            ValvePosition.UNKNOWN if name in moving else positions.get(name, ValvePosition.UNKNOWN)
            for name in self._with_valve
            if name != meter.name
        ]
        return free(self.limits, takings, others, moment)

    def frozen(self, meter: MeterId) -> str | None:
        """Why nothing may be closed at this meter now: who froze it. None where nobody has."""
        spared = "spared by the control plane's configuration of this gateway" if meter in self.spared else None
        return self.frozen_all() or spared

    def frozen_all(self) -> str | None:
        """Why nothing may be closed at any meter now."""
        if self.local_freeze.on():
            return f"frozen at the gateway: {self.local_freeze.reason()}"
        return "frozen by the control plane" if self.journal.freeze()[1] else None

    def moment(self) -> Moment:
        """Now, for the caps."""
        return Moment(self.lived.now(), max(self.meters[name].spec.timing.act_max_s for name in self._with_valve))

    def taking(self, meter: Meter) -> Taking:
        """A use of the caps, now."""
        return Taking(meter.name, self.clock.now(), self.journal.boot, self.lived.now())

    def subject(self, task: Task) -> Subject:
        """What an answer to this task says of it."""
        meter = self.meters.get(task.meter)
        spec = meter.spec.digest if meter else ""
        return Subject(task.digest, task.meter, task.number, task.received_at, task.received_boot_s, spec)

    def finish(self, task: Task, verb: Verb, account: Account) -> None:
        """Keep how a command ended, with its signed receipt and the position it left behind, and send that up."""
        build = self.notary.receipt(self.subject(task), verb, account)
        if account.after is not None:
            self.seen_s[task.meter] = account.after.boot_s
        with self.journal.transaction():
            if account.started:
                left = account.after.position if account.after is not None else ValvePosition.UNKNOWN
                self.journal.set_position(task.meter, left)
            self.journal.finish(task.digest, account.outcome, Receipt.kind, build)
        self.outbox.set()

    def saw(self, meter: Meter, position: ValvePosition) -> None:
        """Remember a position, for the caps."""
        if position is not ValvePosition.UNKNOWN:
            self.seen_s[meter.name] = self.clock.boot()
        self.journal.set_position(meter.name, position)
