"""How many readings go into one message: as many as the way up and the control plane take at once. Pure.

One message is under way at a time, for its acknowledgement covers all before it. A permit that is asked meanwhile waits
behind that one message: so a slow way gets small ones.
"""

from dataclasses import dataclass

FEW, MANY = 100, 2000
SOON_S, LATE_S = 0.2, 0.5


@dataclass(slots=True)
class Pace:
    """Grows while messages are answered soon, shrinks when they are not."""

    size: int = FEW

    def took(self, seconds: float) -> None:
        """The last message was held after so long, or not at all until then."""
        if seconds < SOON_S:
            self.size = min(self.size * 2, MANY)
        elif seconds > LATE_S:
            self.size = max(self.size // 2, FEW)
