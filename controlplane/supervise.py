"""Catching everything, in the one place that may: what fails is handed to whoever waits for it, or told and retried."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError

A = TypeVar("A")
T = TypeVar("T")


def outcome(work: Callable[[A], T], argument: A) -> tuple[T | None, Exception | None]:
    """Run a piece of work whose failure is its own, and return its result or its error."""
    try:
        return work(argument), None
    except Exception as error:  # noqa: BLE001 - handed on, whole, to whoever waits for this piece
        return None, error


async def awaited(work: Awaitable[T]) -> tuple[T | None, Exception | None]:
    """Await a piece of work that must not stop its neighbours, and return its result or its error."""
    try:
        return await work, None
    except Exception as error:  # noqa: BLE001 - told by whoever goes on
        return None, error


async def failure(work: Awaitable[object]) -> Exception | None:
    """Await a piece of work that must not stop its neighbours (CONTROL I12), and return its error if it failed."""
    _, error = await awaited(work)
    return error


def why(error: Exception) -> dict[str, Any]:
    """How a log tells it: a database that is away or full in a sentence, what nobody foresaw with its traceback."""
    if isinstance(error, DBAPIError):
        return {"error": " ".join(str(error.orig).split())}
    return {"exc_info": error}
