"""Logs: one line an event, to standard error, key=value for people and programs.

A failing thing is a WARNING once, DEBUG while it goes on failing, INFO when it has recovered: `Level` keeps that count.
"""

import logging
import sys

import structlog


def set_up(*, verbose: bool = False) -> None:
    """Send our events to standard error; quiet the libraries that chatter."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    for noisy in ("amqtt", "transitions", "aiomqtt"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
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
