"""What ails this gateway, told upstream although its disk may not even take that: signed, until it is acknowledged.

Nothing of it is kept: each start tells how it stands, and each change is told anew.
"""

from dataclasses import dataclass, field
from typing import Literal

from gateway.edge import Edge
from gateway.journal.readings import ReadingStore
from protocols.ports import Signer
from protocols.uplink import codec
from protocols.uplink.messages import Condition

REPEAT_S = 5.0
AGAIN_S = 60.0
"""How soon a further loss of readings is told: they are lost by each poll then."""
LONGEST = 400
Ails = tuple[Literal["works", "refuses", "failed"], str, int]


@dataclass(slots=True)
class Conditions:
    """How it stands, how it was told, and what is out and not acknowledged."""

    edge: Edge
    store: ReadingStore
    signer: Signer
    _number: int = 0
    _held: Ails | None = None
    _out: dict[str, Ails] = field(default_factory=dict)
    _sent_s: float = float("-inf")

    def _now(self) -> Ails:
        journal = self.edge.journal
        state: Literal["works", "refuses", "failed"] = "works" if journal.works else "refuses"
        return ("failed" if journal.failed else state), journal.safe, self.store.lost

    def due(self) -> bytes | None:
        """The message to send now, if there is one."""
        now, boot_s = self._now(), self.edge.clock.boot()
        if now == self._held or boot_s - self._sent_s < self._pause_s(now):
            return None
        self._number, self._sent_s = self._number + 1, boot_s
        storage, safe_mode, lost = now
        message = Condition(
            gateway=self.edge.gateway,
            journal=self.edge.journal.id,
            boot=self.edge.journal.boot,
            number=self._number,
            storage=storage,
            safe_mode=safe_mode[:LONGEST],
            readings_lost=lost,
            at=self.edge.clock.now(),
        )
        raw, digest = codec.seal(message, self.signer)
        self._out = {digest: now}
        return raw

    def _pause_s(self, now: Ails) -> float:
        """How long after the last one: what is new is told at once, further losses less often."""
        if now in self._out.values():
            return REPEAT_S
        further = self._held is not None and now[:2] == self._held[:2] and self._held[2] > 0
        return AGAIN_S if further else 0.0

    def acknowledged(self, digests: tuple[str, ...]) -> None:
        """The control plane holds one that is out."""
        for digest in digests:
            self._held = self._out.pop(digest, self._held)
