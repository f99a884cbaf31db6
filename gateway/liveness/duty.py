"""What a part owes: to get on within a term, as long as it has something to do. Who is late is stuck.

Time is the loop's own, which stands still while the machine is suspended: nobody gets on in his sleep.
"""

import asyncio


class Duty:
    """One part's. `term_s`: the longest that it can take from one step to the next when all is well with it."""

    def __init__(self, name: str, term_s: float) -> None:
        self.name, self.term_s = name, term_s
        self._since_s: float | None = None

    @property
    def owed(self) -> bool:
        """Whether it has something to do."""
        return self._since_s is not None

    def got_on(self) -> None:
        """It made a step, or was given its first work."""
        self._since_s = asyncio.get_running_loop().time()

    def rests(self) -> None:
        """There is nothing to do."""
        self._since_s = None

    def silent_s(self) -> float:
        """How long ago it last got on; 0 while it rests."""
        return 0.0 if self._since_s is None else asyncio.get_running_loop().time() - self._since_s

    @property
    def late(self) -> bool:
        """Whether it is stuck."""
        return self.silent_s() > self.term_s
