"""The gateway, wired: its parts in one task group, handed their clocks, chance, wires and broker."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from gateway.births import Births
from gateway.bus import Line, LineTiming
from gateway.caps import DAY_S
from gateway.clockwatch import ClockWatch
from gateway.conditions import Conditions
from gateway.config import Config, LineConfig, MeterConfig
from gateway.edge import Edge
from gateway.inbox import Inbox, recover
from gateway.journal.errors import CorruptError, StorageError
from gateway.journal.journal import Journal
from gateway.journal.readings import ReadingStore
from gateway.journal.records import Task
from gateway.lived import KEEP_EVERY_S, Lived
from gateway.liveness.duty import Duty
from gateway.liveness.words import sentence
from gateway.local_freeze import LocalFreeze
from gateway.meters import Meter
from gateway.permits import PermitDesk
from gateway.receipts import Notary
from gateway.reload import Exchange, ReloadError, exchange
from gateway.remote.judging import Own
from gateway.remote.keeper import Keeper
from gateway.remote.telling import Teller
from gateway.schedule import Schedule
from gateway.supervise import supervised
from gateway.uplink import Uplink
from gateway.worker import Workers
from protocols.ports import Clock, Connect, Dial, Entropy, Signer, Verifier
from protocols.types import MeterId
from protocols.uplink.remote import BrokerAt

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")


def _timing(config: Config, line: LineConfig) -> LineTiming:
    slowest_s = max((meter.response_s for meter in config.meters if meter.line == line.name), default=0.0)
    act_max_s = max((meter.spec.timing.act_max_s for meter in config.meters if meter.line == line.name), default=0.0)
    return LineTiming(line.baud, line.slack_s, slowest_s, act_max_s)


def own(config: Config, *, movable: bool) -> Own:
    """What the file says of what remote settings may speak of, too."""
    movable = movable and config.broker.ca_file is not None
    return Own(config.caps, config.every_s, frozenset(meter.name for meter in config.meters), movable)


class Gateway:
    """One gateway over one journal. `run` ends only when it is cancelled.

    `machine` names this start of the machine, the same for all processes until it is started again. `connect_to` leads
    to another broker than the file's, where that one could be known again.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock,
        entropy: Entropy,
        dial: Callable[[LineConfig], Dial],
        connect: Connect,
        journal: Journal,
        signer: Signer,
        verifier: Verifier,
        software: str,
        machine: str = "",
        connect_to: Callable[[BrokerAt], Connect] | None = None,
    ) -> None:
        self.config, self._connect, self._entropy, self._dial, self._clock = config, connect, entropy, dial, clock
        self.begun_s = clock.boot()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reloading = asyncio.Lock()
        self.lines = {line.name: self._line(config, line) for line in config.lines}
        meters = {m.name: self._meter(m) for m in config.meters}
        begun = {task.meter for task in journal.unfinished() if task.state == "started"}
        for name, meter in meters.items():
            if journal.doubted or name in begun:
                meter.line.expect_late_bytes()
        watch = ClockWatch(clock, config.max_skew_s)
        notary = Notary(config.id, software, signer, clock)
        permits = PermitDesk(config.id, signer, clock, entropy, watch, self._publish)
        freeze = LocalFreeze(config.freeze_file)
        self._lived = Lived(journal, clock, machine)
        self.edge = Edge(config.id, meters, journal, notary, permits, watch, clock, self._lived, config.caps, freeze)
        self.workers = Workers(self.edge)
        self.store = ReadingStore(journal, bound=config.readings_kept)
        self.keeper = Keeper(self.edge, own(config, movable=connect_to is not None), self._lived, verifier, self._moved)
        self._connect_to = connect_to
        births = Births(self.edge, entropy, software, self.keeper)
        inbox = Inbox(self.edge, verifier, self._put)
        teller, told = Teller(self.keeper, signer), Conditions(self.edge, self.store, signer)
        self.uplink = Uplink(
            self.edge, inbox, births, teller, self.store, signer, verifier, entropy, self._on_born, told
        )
        self.schedules = {name: self._schedule(name) for name in self.lines}

    def _line(self, config: Config, line: LineConfig) -> Line:
        return Line(line.name, self._dial(line), _timing(config, line), self._clock, self._entropy)

    def _meter(self, meter: MeterConfig) -> Meter:
        return Meter(meter.name, meter.identity, meter.spec, self.lines[meter.line], meter.response_s, meter.address)

    def _moved(self) -> None:
        self.uplink.moved()

    def _way(self) -> Connect:
        """To the broker of the newest settings, else to the file's own."""
        at = self.keeper.layer.newest.broker
        return self._connect if at is None or self._connect_to is None else self._connect_to(at)

    async def _publish(self, kind: str, raw: bytes) -> None:
        await self.uplink.publish(kind, raw)

    def _put(self, meter: MeterId, task: Task) -> None:
        self.workers[meter].put(task)
        if (name := f"meter {meter}") not in self._tasks:
            self._keep(name, self.workers[meter].run)

    def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        self._tasks[name] = self._group.create_task(supervised(name, run), name=name)

    def _keep_line(self, name: str) -> None:
        self._keep(f"line {name}", self.lines[name].run)
        self._keep(f"polling of {name}", self.schedules[name].run)

    def _on_born(self) -> None:
        log.info("announced and acknowledged", boot=self.edge.journal.boot)
        recover(self.edge, self._put)

    async def run(self) -> None:
        """Serve until cancelled. Lines and polling begin at once; commands wait for the acknowledged birth.

        CorruptError, in a group, where a row of the journal is found spoilt: whoever opens it anew sets it aside.
        """
        async with asyncio.TaskGroup() as self._group:
            for name in self.lines:
                self._keep_line(name)
            self._keep("uplink", partial(self.uplink.run, self._way))
            self._keep("remote", self.keeper.watch)
            self._keep("caps", self._count_the_time)
            self._group.create_task(self._until_spoilt(), name="journal")

    async def reload(self, config: Config) -> None:
        """Go over to a configuration that was read anew; ReloadError where that needs a restart, and nothing is taken.

        Caps, polling and what did not change are not waited for; a line that did is exchanged when all that was begun
        on it has ended.
        """
        async with self._reloading:
            change = exchange(self.config, config)
            self.keeper.own_is(own(config, movable=self._connect_to is not None))
            workers = [self.workers[name] for name in change.before]
            await asyncio.gather(*(worker.rest() for worker in workers))
            try:
                self.edge.forget_positions(change.strangers)
            except StorageError as error:
                for worker in workers:
                    worker.resume()
                raise ReloadError(f"the disk refuses ({error})") from None
            ending = [f"{part} {name}" for name in change.lines for part in ("polling of", "line")]
            await self._end([*ending, *(f"meter {name}" for name in change.before)])
            self.config = config
            self._exchange(change)
            log.info("configuration read anew", exchanged=sorted(change.lines), meters=len(self.edge.meters))

    async def _end(self, names: list[str]) -> None:
        ending = [self._tasks.pop(name) for name in names if name in self._tasks]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)

    def _exchange(self, change: Exchange) -> None:
        """With no await in it: nobody sees one half."""
        gone = [self.lines.pop(name) for name in change.lines if name in self.lines]
        for line in self.config.lines:
            if line.name in change.lines:
                self.lines[line.name] = self._line(self.config, line)
                for other in gone:
                    self.lines[line.name].follow(other)
        self.edge.exchange(change.before, [self._meter(meter) for meter in change.after])
        for meter in change.before:
            self.workers.pop(meter, None)
            if (late := self._tasks.pop(f"meter {meter}", None)) is not None:
                late.cancel()
        for name in change.lines:
            self.schedules.pop(name, None)
            if name in self.lines:
                self.schedules[name] = self._schedule(name)
                self._keep_line(name)
        self.uplink.births.changed()
        if self.uplink.births.born.is_set():
            recover(self.edge, self._put, change.before | {meter.name for meter in change.after})

    async def _until_spoilt(self) -> None:
        """Nothing of a journal that does not hold is gone on with."""
        spoilt, journal = asyncio.Event(), self.edge.journal
        journal.on_lost = spoilt.set
        if not journal.failed:
            await spoilt.wait()
        raise CorruptError(journal.failed)

    async def _count_the_time(self) -> None:
        """Keep how long the journal has lived, while a closure of the last day waits for it."""
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            if self.edge.journal.takings(self._lived.now() - 2 * DAY_S):
                self._lived.keep()

    def _schedule(self, line: str) -> Schedule:
        meters = [meter for meter in self.edge.meters.values() if meter.line.name == line]
        store, fresh = self.store, self.uplink.fresh_readings
        return Schedule(line, meters, self.edge, store, self._entropy, fresh, self.workers.idle)

    def words(self) -> str:
        """How it stands, in a sentence."""
        edge, states = self.edge, [line.state for line in self.lines.values()]
        trusted, works = edge.watch.trusted, edge.storage_works
        return sentence(states, len(edge.meters), connected=self.uplink.connected, trusted=trusted, storage_works=works)

    def duties(self) -> list[Duty]:
        """What each part owes."""
        lines = [line.duty for line in self.lines.values()]
        return [*lines, *(schedule.duty for schedule in self.schedules.values()), *self.uplink.duties]
