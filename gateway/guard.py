"""May this write move a valve now? Pure: one record of facts in, a reason not to or None out (CONTROL P4).

The bus asks right before the write and again before each link retry; nothing else lets a moving write out.
"""

from dataclasses import dataclass
from datetime import datetime

from protocols.types import Medium, Verb
from protocols.uplink.reasons import Why

GAS = frozenset({Medium.GAS})


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the answer depends on.

    `permit_until_s` is on the boot clock, counted from the moment the permit was asked; None without a permit.
    `expiry_confirmed` is a fresh answer of the control plane that a giving command still stands.
    """

    verb: Verb
    medium: int
    expires_at: datetime
    now: datetime
    boot_s: float
    clock_trusted: bool
    expiry_confirmed: bool
    permit_until_s: float | None
    superseded: bool
    frozen: bool
    cap_free: bool
    storage_works: bool


def refusal(facts: Facts) -> Why | None:
    """Return why the write may not go out; None lets it."""
    if facts.verb is Verb.OPEN and facts.medium in GAS:
        return Why.GAS_NEVER_OPENED
    if facts.superseded:
        return Why.SUPERSEDED
    return _taking(facts) if facts.verb.takes else _giving(facts)


def _taking(facts: Facts) -> Why | None:
    if facts.frozen:
        return Why.FROZEN
    if not facts.clock_trusted:
        return Why.CLOCK_UNTRUSTED
    if facts.now >= facts.expires_at:
        return Why.EXPIRED
    if facts.permit_until_s is None or facts.boot_s >= facts.permit_until_s:
        return Why.PERMIT_LAPSED
    if not facts.cap_free:
        return Why.CAP
    return None if facts.storage_works else Why.STORAGE


def _giving(facts: Facts) -> Why | None:
    if facts.clock_trusted:
        return Why.EXPIRED if facts.now >= facts.expires_at else None
    return None if facts.expiry_confirmed else Why.CLOCK_UNTRUSTED
