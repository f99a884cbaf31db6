"""What a gateway knows of its own meters: from its own file alone (CONTROL I4)."""

from dataclasses import dataclass

from drivers.schema import Spec
from gateway.bus import Line
from gateway.guard import GAS
from protocols.types import Capability, Identity, MeterId


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter: its name, who it must be, its spec, its line.

    `response_s` is what it may take beyond the norm;
    `address` the primary address of one that knows no selection, and can therefore only be read.
    """

    name: MeterId
    identity: Identity
    spec: Spec
    line: Line
    response_s: float
    address: int | None = None

    @property
    def is_gas(self) -> bool:
        """Whether spec or identity says gas: either is enough never to open it (I4)."""
        return bool({self.spec.medium, self.identity.medium} & GAS)

    @property
    def has_valve(self) -> bool:
        """Whether it can take supply away, and so counts for the caps."""
        return bool({Capability.CLOSE, Capability.LIMIT} & set(self.spec.capabilities))
