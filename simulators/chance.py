"""Chance that replays: every stream is named, so that drawing from one never shifts another.

Not for secrets: whoever knows the seed knows all that follows.
"""

from random import Random


def stream(seed: int, name: str) -> Random:
    """Return the stream of this name in the world of this seed; the same on every machine."""
    return Random(f"{seed}/{name}")  # noqa: S311 - a simulated world must replay; it guards nothing


class SeededEntropy:
    """ports.Entropy that says the same for the same seed and name."""

    def __init__(self, seed: int, name: str = "entropy") -> None:
        self._chance = stream(seed, name)

    def token(self, size: int) -> bytes:
        """Return the next `size` bytes of the stream."""
        return self._chance.randbytes(size)

    def fraction(self) -> float:
        """Return the next number in [0, 1)."""
        return self._chance.random()
