"""How long to wait before the next try: exponential, capped, with full jitter (a fleet must not return at once)."""

from collections.abc import Iterator

from protocols.ports import Entropy


def delays(entropy: Entropy, *, first_s: float = 0.5, cap_s: float = 30.0) -> Iterator[float]:
    """Yield seconds to wait, for ever: uniform between 0 and a ceiling that doubles up to `cap_s`."""
    ceiling_s = first_s
    while True:
        yield entropy.fraction() * ceiling_s
        ceiling_s = min(ceiling_s * 2, cap_s)
