"""Gathers how a gateway stands, on its own loop, between two of its steps. It changes nothing."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.app import Gateway
from gateway.caps import DAY_S, GIVING, HOUR_S, age_s
from gateway.liveness.pulse import Pulse
from gateway.status import shape
from protocols.errors import MalformedError
from protocols.types import MeterId, ValvePosition
from protocols.uplink import codec
from protocols.uplink.messages import Receipt

RECEIPTS = 5
ACCOUNTS_COUNTED = 10_000
P99 = 0.99


@dataclass(frozen=True, slots=True)
class Gatherer:
    """`key` and `house_keys` are fingerprints as people compare them."""

    gateway: Gateway
    pulse: Pulse
    journal: Path
    key: str
    house_keys: tuple[str, ...]

    def status(self) -> shape.Status:
        """All but the meters."""
        gateway, edge = self.gateway, self.gateway.edge
        tasks = edge.journal.unfinished()
        polled = [p for schedule in gateway.schedules.values() for p in schedule.polled.values()]
        return shape.Status(
            gateway=edge.gateway,
            software=edge.notary.software,
            at=edge.clock.now().isoformat(timespec="seconds"),
            up_s=edge.clock.boot() - gateway.begun_s,
            journal=edge.journal.id,
            boot=edge.journal.boot,
            key=self.key,
            house_keys=self.house_keys,
            lines=tuple(self._line(name) for name in gateway.lines),
            meters=len(edge.meters),
            meters_silent=sum(bool(p.error) for p in polled),
            commands=dict(Counter(task.state for task in tasks if task.kind == "command")),
            looks=sum(task.kind == "look" for task in tasks),
            caps=self._caps(),
            receipts=self._receipts(),
            disk=self._disk(),
            uplink=self._uplink(),
            clock=self._clock(),
            stuck=tuple(duty.name for duty in gateway.duties() if duty.late),
        )

    def meters(self, after: str, limit: int) -> Sequence[shape.Meter]:
        """The next meters in the order of their names, after one."""
        edge, positions = self.gateway.edge, self.gateway.edge.journal.positions()
        names = sorted(name for name in edge.meters if name > after)[:limit]
        return [self._meter(name, positions.get(name, ValvePosition.UNKNOWN)) for name in names]

    def _ago(self, boot_s: float | None) -> float | None:
        return None if boot_s is None else self.gateway.edge.clock.boot() - boot_s

    def _line(self, name: str) -> shape.Line:
        line = self.gateway.lines[name]
        state, polled = line.state, self.gateway.schedules[name].polled
        return shape.Line(
            name=name,
            up=state.up,
            since_s=self.gateway.edge.clock.boot() - state.since_s,
            error="" if state.up else state.error,
            exchanges=state.exchanges,
            answers=state.answers,
            lost=state.lost,
            use=state.use(),
            waiting={priority.name.lower(): n for priority, n in sorted(line.waiting().items())},
            meters=len(polled),
        )

    def _meter(self, name: MeterId, position: ValvePosition) -> shape.Meter:
        edge = self.gateway.edge
        line = edge.meters[name].line.name
        polled = self.gateway.schedules[line].polled[name]
        read_s, position_s = self._ago(polled.read_s), self._ago(edge.seen_s.get(name))
        return shape.Meter(name, line, read_s, position.value, position_s, polled.error)

    def _caps(self) -> shape.Caps:
        edge = self.gateway.edge
        takings, positions = edge.journal.takings(edge.lived.now() - 2 * DAY_S), edge.journal.positions()
        valves = [m.name for m in edge.meters.values() if m.has_valve]
        moving = {taking.meter for taking in takings if taking.unsettled}
        ages = [age_s(taking, edge.moment()) for taking in takings]
        return shape.Caps(
            hour_used=sum(age < HOUR_S for age in ages),
            hour=edge.limits.per_hour,
            day_used=sum(age < DAY_S for age in ages),
            day=edge.limits.per_day,
            closed=sum(name in moving or positions.get(name) not in GIVING for name in valves),
            closed_at_once=edge.limits.closed_at_once(len(valves)),
            waits_s=max(edge.lived.whole_at_s - edge.lived.now(), 0.0),
            frozen=edge.frozen_all() or "",
            safe=edge.journal.safe,
        )

    def _receipts(self) -> tuple[shape.Told, ...]:
        journal, now = self.gateway.edge.journal, self.gateway.edge.clock.now()
        told = []
        for sealed, held in journal.newest(Receipt.kind, RECEIPTS):
            try:
                receipt = codec.peek(sealed.raw, Receipt).message
            except MalformedError:
                continue
            age_s = (now - receipt.finished_at) / timedelta(seconds=1)
            why = receipt.why.value if receipt.why else ""
            words = (receipt.meter, receipt.verb.value, receipt.outcome.value, why)
            told.append(shape.Told(sealed.number, *words, age_s=age_s, held=held))
        return tuple(told)

    def _disk(self) -> shape.Disk:
        store, room = self.gateway.store, os.statvfs(self.journal.parent)
        files = [self.journal, self.journal.with_name(f"{self.journal.name}-wal")]
        size = sum(file.stat().st_size for file in files if file.exists())
        free, works = room.f_bavail * room.f_frsize, self.gateway.edge.storage_works
        return shape.Disk(str(self.journal), works, size, free, store.kept, store.lost)

    def _uplink(self) -> shape.Uplink:
        uplink = self.gateway.uplink
        accounts = len(self.gateway.edge.journal.unacknowledged(ACCOUNTS_COUNTED))
        born, heard_s = uplink.births.born.is_set(), self._ago(uplink.heard_s)
        return shape.Uplink(uplink.connected, born, heard_s, "" if uplink.connected else uplink.error, accounts)

    def _clock(self) -> shape.Wall:
        watch = self.gateway.edge.watch
        ago_s = watch.confirmed_ago_s
        why = "the control plane has not confirmed it" if ago_s is None else "it was set, or confirmed too long ago"
        late = self.pulse.quantile_s(P99), self.pulse.worst_s
        return shape.Wall(watch.trusted, ago_s, "" if watch.trusted else why, *late)
