"""Rule packs: dated, cited parameters as data, read strictly. A pack is never law: it says its confidence.

A word that nobody knows is refused, not skipped: a misspelt act would be an act that no rule forbids.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from controlplane.policy.calendar import WEEKDAYS, Calendar
from controlplane.policy.facts import TAKING_ACTS, Act

LEAP_YEAR, A_YEAR = 2024, 366
Words = Annotated[str, msgspec.Meta(min_length=1)]
Confidence = Literal["high", "medium", "low", "none"]
Days = Annotated[int, msgspec.Meta(ge=0, le=A_YEAR)]


class PackError(Exception):
    """A pack that can't be used; the text says which key and why."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Where a rule's numbers come from."""

    citation: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Term:
    """Within how many open days after it was asked for an act is to be done, and what says so."""

    acts: frozenset[str]
    days: int
    source: Parameters


class Person(StrEnum):
    """Who completes the opening of gas at the meter."""

    TECHNICIAN = "technician"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Reopening:
    """R21: who opens armed gas at the meter, and what says so. Where a pack does not say, a technician does."""

    by: Person
    source: Parameters


BY_TECHNICIAN = Reopening(
    Person.TECHNICIAN, Parameters("CIG guideline LG12: tightness test before gas is given back", "medium")
)


@dataclass(frozen=True, slots=True)
class Pack:
    """One jurisdiction's parameters, in force from a day on."""

    name: str
    in_force: date
    calendar: Calendar
    notice_days: int
    days_acts: frozenset[str]
    notice: Parameters
    protection: Parameters
    days: Parameters
    own: Parameters = Parameters("the house's own rule", "high")
    term: Term | None = None
    reopening: Reopening = BY_TECHNICIAN
    demonstration: bool = False


@dataclass(frozen=True, slots=True)
class Packs:
    """The packs that one control plane serves, by name, and the one of supply points that name none."""

    default: Pack
    named: Mapping[str, Pack]

    def of(self, name: str | None) -> Pack:
        """The pack of a point that names this one, or none; PackError where it is not served."""
        if name is None:
            return self.default
        if name not in self.named:
            raise PackError(f"the rule pack {name!r} is not served here; served are {', '.join(self.named)}")
        return self.named[name]


class _Cited(msgspec.Struct, forbid_unknown_fields=True):
    citation: Words
    confidence: Confidence


class _Notice(_Cited):
    days: Days


class _Days(_Cited):
    acts: frozenset[Act]
    weekdays: frozenset[str]
    holidays: bool
    eves: bool
    patron: Annotated[str, msgspec.Meta(pattern=r"^(\d\d-\d\d)?$")] = ""


class _Term(_Cited):
    acts: frozenset[Act]
    open_days: Annotated[int, msgspec.Meta(ge=1, le=A_YEAR)]


class _Reopening(_Cited):
    completed_by: Person


class _File(msgspec.Struct, forbid_unknown_fields=True):
    zone: str
    in_force: date
    notice: _Notice
    protection: _Cited
    forbidden_days: _Days
    legal_term: _Term | None = None
    reopening: _Reopening | None = None
    demonstration: bool = False


FOLDER = files("controlplane.policy") / "data"


def installed(name: str) -> Pack:
    """The pack of this name that came with the installation."""
    try:
        return load((FOLDER / f"{name}.toml").read_text(encoding="utf-8"), name)
    except FileNotFoundError:
        raise PackError(f"no rule pack is called {name!r}; installed are {', '.join(_names())}") from None


@cache
def served(default: str) -> Packs:
    """All installed packs; one that is for demonstrations only where it is the default, so that none slips in."""
    pack = installed(default)
    others = [installed(name) for name in _names() if name != default]
    named = {each.name: each for each in (pack, *others) if each is pack or not each.demonstration}
    return Packs(pack, dict(sorted(named.items())))


def _names() -> list[str]:
    return sorted(file.name.removesuffix(".toml") for file in FOLDER.iterdir() if file.name.endswith(".toml"))


def load(text: str, name: str) -> Pack:
    """Make a pack of a file's text; PackError if anything is missing, unknown or no such value."""
    try:
        return _pack(msgspec.convert(tomllib.loads(text), _File), name)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PackError(f"{name}: {error}") from None


def _pack(file: _File, name: str) -> Pack:
    days = file.forbidden_days
    if not days.acts <= TAKING_ACTS:
        raise PackError(f"{name}: forbidden_days.acts are {', '.join(sorted(TAKING_ACTS))}")
    calendar = Calendar(_zone(file.zone, name), days.weekdays, days.holidays, days.eves, _patron(days.patron, name))
    _some_day_is_open(calendar, file.in_force, name)
    return Pack(
        name=name,
        in_force=file.in_force,
        calendar=calendar,
        notice_days=file.notice.days,
        days_acts=frozenset(days.acts),
        notice=_parameters(file.notice),
        protection=_parameters(file.protection),
        days=_parameters(days),
        term=_term(file.legal_term, name),
        reopening=_reopening(file.reopening),
        demonstration=file.demonstration,
    )


def _term(term: _Term | None, name: str) -> Term | None:
    if term is None:
        return None
    if not term.acts <= TAKING_ACTS:
        raise PackError(f"{name}: legal_term.acts are {', '.join(sorted(TAKING_ACTS))}")
    return Term(frozenset(term.acts), term.open_days, _parameters(term))


def _reopening(told: _Reopening | None) -> Reopening:
    return BY_TECHNICIAN if told is None else Reopening(told.completed_by, _parameters(told))


def _zone(zone: str, name: str) -> str:
    try:
        return ZoneInfo(zone).key
    except (LookupError, ValueError, OSError):
        raise PackError(f"{name}: zone {zone!r} is no time zone; for example Europe/Rome") from None


def _patron(patron: str, name: str) -> tuple[int, int] | None:
    if not patron:
        return None
    month, day = (int(part) for part in patron.split("-"))
    try:
        date(LEAP_YEAR, month, day)
    except ValueError:
        raise PackError(f"{name}: forbidden_days.patron is month-day, for example 06-24") from None
    return month, day


def _some_day_is_open(calendar: Calendar, first: date, name: str) -> None:
    """A deferral that has no end would never come back."""
    if not calendar.forbidden_weekdays <= set(WEEKDAYS):
        raise PackError(f"{name}: forbidden_days.weekdays are {', '.join(WEEKDAYS)}")
    if all(calendar.forbidden(first + timedelta(days=n)) for n in range(A_YEAR)):
        raise PackError(f"{name}: forbidden_days leave no day of the year open")


def _parameters(cited: _Cited) -> Parameters:
    return Parameters(cited.citation, cited.confidence)
