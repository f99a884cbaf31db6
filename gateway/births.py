"""Announcing this gateway, and what must be heard back before it does anything (CONTROL, Delivery).

Until its birth of this start is acknowledged, with the epochs made durable first, a gateway asks, moves, answers and
refuses nothing. The same exchange is asked again, with a fresh nonce, when the wall clock is no longer trusted.
"""

import asyncio
from dataclasses import dataclass, field

from gateway.edge import Edge
from protocols.ports import Entropy
from protocols.uplink.messages import Ack, Birth, MeterBirth

NONCE_SIZE = 16


@dataclass(slots=True)
class Births:
    """The birth that is out, and whether one of this start was acknowledged."""

    edge: Edge
    entropy: Entropy
    software: str
    born: asyncio.Event = field(default_factory=asyncio.Event)
    _nonce: str = ""
    _asked_boot_s: float = 0.0

    @property
    def due(self) -> bool:
        """Whether a birth is to be sent: none acknowledged yet, or the clock to be confirmed anew."""
        return not self.born.is_set() or not self.edge.watch.trusted

    def make(self) -> Birth:
        """A birth with a fresh nonce; only its own answer will count."""
        self._nonce = self.entropy.token(NONCE_SIZE).hex()
        self._asked_boot_s = self.edge.clock.boot()
        journal = self.edge.journal
        return Birth(
            gateway=self.edge.gateway,
            journal=journal.id,
            boot=journal.boot,
            nonce=self._nonce,
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
                    mark=journal.mark(meter.name),
                )
                for meter in self.edge.meters.values()
            ),
        )

    def take(self, ack: Ack) -> bool:
        """Take an acknowledgement; True the first time that it makes this gateway born."""
        terms, journal = ack.birth, self.edge.journal
        if terms is None or not self._nonce:
            return False
        if (terms.nonce, terms.boot, terms.journal) != (self._nonce, journal.boot, journal.id):
            return False
        journal.set_epochs({m: e for m, e in terms.epochs.items() if m in self.edge.meters})
        journal.set_freeze(terms.freeze, on=terms.frozen)
        self.edge.watch.confirm(ack.at, self._asked_boot_s)
        self._nonce = ""
        first = not self.born.is_set()
        self.born.set()
        return first
