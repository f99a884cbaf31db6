"""Tells the service manager that all is well, and only while it is: a stuck part ends the pings, and it starts us anew.

It runs on the loop that it vouches for: a loop that stands still pings nobody.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from gateway.liveness.duty import Duty
from gateway.liveness.notify import Notify

LOOK_EVERY_S = 10.0
log: structlog.stdlib.BoundLogger = structlog.get_logger("watchdog")


class Watchdog:
    """Looks at every duty, again and again. `words` says in a sentence how the gateway stands."""

    def __init__(self, notify: Notify, duties: Callable[[], Iterable[Duty]], words: Callable[[], str]) -> None:
        self._notify, self._duties, self._words = notify, duties, words
        self._stuck: set[str] = set()

    async def run(self) -> None:
        """Ready at once: whoever starts this has its journal and its lines. Then for ever."""
        self._notify.tell("READY=1", f"STATUS={self._words()}")
        while True:
            await asyncio.sleep(min(self._notify.every_s or LOOK_EVERY_S, LOOK_EVERY_S))
            self.look()

    def look(self) -> None:
        """Ping if nobody is stuck; else say who is, and say no more that all is well."""
        late = sorted((duty for duty in self._duties() if duty.late), key=_name)
        for duty in late:
            if duty.name not in self._stuck:
                log.error("a part is stuck: the watchdog gets no pings", part=duty.name, silent_s=duty.silent_s())
        for name in sorted(self._stuck - {duty.name for duty in late}):
            log.info("a part gets on again", part=name)
        self._stuck = {duty.name for duty in late}
        if late:
            told = ", ".join(f"{duty.name} ({duty.silent_s():.0f} s)" for duty in late)
            self._notify.tell(f"STATUS=stuck: {told}")
        else:
            self._notify.tell("WATCHDOG=1", f"STATUS={self._words()}")

    def stopping(self) -> None:
        """A stop was asked for."""
        self._notify.tell("STOPPING=1", "STATUS=stopping")


def _name(duty: Duty) -> str:
    return duty.name
