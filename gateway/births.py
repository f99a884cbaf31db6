"""Announcing this gateway, and what must be heard back before it does anything (CONTROL, Delivery).

Until its birth of this start is acknowledged, with the epochs made durable first, a gateway asks, moves, answers and
refuses nothing. The same exchange is asked again, with a fresh nonce, when the wall clock is no longer trusted.
"""

import asyncio
from dataclasses import dataclass, field

import structlog

from gateway.bounds import out_of_reach, too_far
from gateway.edge import Edge
from gateway.remote.keeper import Keeper
from protocols.ports import Entropy
from protocols.types import MeterId
from protocols.uplink.messages import Ack, Birth, BirthTerms, MeterBirth, Number

log: structlog.stdlib.BoundLogger = structlog.get_logger("births")
NONCE_SIZE, NONCES_KEPT = 16, 12
FIRST_WAIT_S, UNBORN_WAIT_S, UNSURE_WAIT_S = 5.0, 60.0, 300.0
"""A birth without an answer that helps is repeated after 5 s, then after twice that, up to a bound: a shorter one where
none was acknowledged yet (somebody stands there and waits), a longer one for a clock that nobody mends."""


@dataclass(slots=True)
class Births:
    """The birth that is out, and whether one of this start was acknowledged."""

    edge: Edge
    entropy: Entropy
    software: str
    keeper: Keeper
    born: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: dict[str, float] = field(default_factory=dict)
    _changed: bool = False
    _next_s: float = float("-inf")
    _wait_s: float = FIRST_WAIT_S
    _ahead_s: float = 0.0

    def due(self) -> bool:
        """Whether a birth is to be sent now: none acknowledged yet, the clock or new settings to be confirmed."""
        watch = self.edge.watch
        news = self._changed or self.keeper.on_trial
        if self.born.is_set() and watch.trusted and not watch.stale and not news:
            self.hurry()
            return False
        if abs(watch.ahead_s() - self._ahead_s) > watch.max_skew_s:
            self.hurry()
        return self.edge.clock.boot() >= self._next_s

    def hurry(self) -> None:
        """Something has changed, a new session or a clock that was set: the next one need not wait."""
        self._next_s, self._wait_s = float("-inf"), FIRST_WAIT_S

    def changed(self) -> None:
        """There are other meters, or other specs, to announce."""
        self._changed = True
        self.forget()

    def forget(self) -> None:
        """Let no answer count to what was asked before: over another session, or under other settings."""
        self._asked.clear()
        self.hurry()

    def make(self) -> Birth:
        """A birth with a fresh nonce; an answer to one of the last few counts, once, for the moment it was asked."""
        nonce = self.entropy.token(NONCE_SIZE).hex()
        self._asked[nonce] = boot_s = self.edge.clock.boot()
        longest_s = UNSURE_WAIT_S if self.born.is_set() else UNBORN_WAIT_S
        self._next_s, self._ahead_s = boot_s + self._wait_s, self.edge.watch.ahead_s()
        self._wait_s = min(2 * self._wait_s, longest_s)
        for old in list(self._asked)[:-NONCES_KEPT]:
            del self._asked[old]
        journal = self.edge.journal
        return Birth(
            gateway=self.edge.gateway,
            journal=journal.id,
            boot=journal.boot,
            nonce=nonce,
            at=self.edge.clock.now(),
            software=self.software,
            freeze=journal.freeze()[0],
            meters=tuple(
                MeterBirth(
                    meter=meter.name,
                    identity=meter.identity,
                    spec=meter.spec.name,
                    spec_digest=meter.spec.digest,
                    capabilities=tuple(sorted(meter.spec.capabilities)),
                    act_max_s=meter.spec.timing.act_max_s,
                    mark=self._mark(meter.name),
                    arm_expires_s=meter.spec.arm_expires_s,
                )
                for meter in self.edge.meters.values()
            ),
        )

    def _mark(self, meter: MeterId) -> Number | None:
        """The highest number held for a meter; its epoch, where nothing came in that one yet.

        A house that has forgotten the epoch would else be refused for ever, and never hear of it.
        """
        mark, epoch = self.edge.journal.mark(meter), self.edge.journal.epoch(meter)
        return Number(epoch, 0) if epoch > (mark.epoch if mark else 0) else mark

    def _beyond(self, terms: BirthTerms) -> bool:
        """Whether it would use up numbers that only rise."""
        journal, known = self.edge.journal, self.edge.meters
        epochs = {meter: epoch for meter, epoch in terms.epochs.items() if meter in known}
        far = [out_of_reach(Number(epoch, 0), journal.epoch(m), journal.mark(m)) for m, epoch in epochs.items()]
        return any(far) or too_far(terms.freeze, journal.freeze()[0])

    def take(self, ack: Ack) -> bool:
        """Take an acknowledgement; True the first time that it makes this gateway born."""
        terms, journal = ack.birth, self.edge.journal
        if terms is None or terms.nonce not in self._asked:
            return False
        if (terms.boot, terms.journal) != (journal.boot, journal.id):
            return False
        if self._beyond(terms):
            log.warning("a birth's answer is not taken: no house has come so far", freeze=terms.freeze)
            return False
        journal.set_epochs({m: e for m, e in terms.epochs.items() if m in self.edge.meters})
        journal.set_freeze(terms.freeze, on=terms.frozen)
        self.edge.watch.confirm(ack.at, self._asked.pop(terms.nonce))
        self.keeper.came_back()
        self._changed = False
        self.edge.announced = set(self.edge.meters)
        first = not self.born.is_set()
        self.born.set()
        return first
