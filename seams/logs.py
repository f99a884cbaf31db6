"""Logs: one line an event, to standard error, key=value for people and programs.

A failing thing is a WARNING once, DEBUG while it goes on failing, INFO when it has recovered: `Level` keeps that count.
"""

import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

ALIKE_MOST, ALIKE_WITHIN_S, KINDS_MOST = 100, 60.0, 1_000
"""So many warnings of one text are told in so many seconds, and so many texts are kept apart: a flood fills no disk."""


def set_up(*, verbose: bool = False) -> None:
    """Send our events to standard error; quiet the libraries that chatter."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    for noisy in ("amqtt", "transitions", "aiomqtt"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            Sparing(time.monotonic),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=_to_standard_error,
    )


def _to_standard_error(*_: object) -> structlog.PrintLogger:
    """Write to the standard error of this moment: it may have been exchanged since the set-up."""
    return structlog.PrintLogger(sys.stderr)


class Sparing:
    """Drops warnings of one text beyond a number in a time; the first that is told again says how many were untold."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._told: dict[str, tuple[float, int]] = {}

    def __call__(self, _logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Let an event pass, as a processor of structlog's does."""
        if method != "warning":
            return event
        text, now_s = str(event.get("event", "")), self._clock_s()
        if len(self._told) >= KINDS_MOST and text not in self._told:
            self._told.clear()
        since_s, count = self._told.get(text, (now_s, 0))
        if now_s - since_s >= ALIKE_WITHIN_S:
            untold = count - ALIKE_MOST
            since_s, count = now_s, 0
            if untold > 0:
                event["untold"] = untold
        self._told[text] = (since_s, count + 1)
        if count >= ALIKE_MOST:
            raise structlog.DropEvent
        return event


class Level:
    """How loudly to tell of one thing that fails and recovers."""

    def __init__(self) -> None:
        self._failing = False

    def failed(self) -> int:
        """Return WARNING for the first failure in a row, DEBUG for those that follow."""
        level = logging.DEBUG if self._failing else logging.WARNING
        self._failing = True
        return level

    def recovered(self) -> int | None:
        """Return INFO if it had failed, None if there is nothing to tell."""
        level = logging.INFO if self._failing else None
        self._failing = False
        return level
