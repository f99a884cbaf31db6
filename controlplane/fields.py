"""What fields of requests may hold: bounded, typed text that any database keeps. Pydantic only at the HTTP edge."""

from datetime import UTC, date, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints

FIRST_YEAR, LAST_YEAR = 2000, 2200
T = TypeVar("T")


class In(BaseModel):
    """A request's body: a misspelt field is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Out(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True)


class Page(Out, Generic[T]):
    """A piece of a list; `next` is an opaque cursor, null at the end."""

    items: list[T]
    next: str | None = None


def _written(value: object) -> object:
    if value is not None and not isinstance(value, str):
        raise ValueError("write it as ISO 8601 text")
    return value


def _near(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR} is expected")
    return value.astimezone(UTC)


def _near_day(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR} is expected")
    return value


Words = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Text of one line."""
MaybeWords = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""An id or a name, fit for a path."""
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Fingerprint = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-fA-F]([ :-]?[0-9a-fA-F]){15}$"),
    AfterValidator(lambda said: "".join(c for c in said.lower() if c.isalnum())),
]
"""Sixteen hex digits of a key's fingerprint, in groups or not."""
When = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_near)]
"""A time with its zone."""
Day = Annotated[date, BeforeValidator(_written), AfterValidator(_near_day)]
