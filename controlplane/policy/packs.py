"""Rule packs: dated, cited parameters as data, read strictly. A pack is never law: it says its confidence."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from controlplane.policy.calendar import WEEKDAYS, Calendar


class PackError(Exception):
    """A pack that can't be used; the text says which key and why."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Where a rule's numbers come from."""

    citation: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Pack:
    """One jurisdiction's parameters."""

    name: str
    calendar: Calendar
    notice_days: int
    days_acts: frozenset[str]
    notice: Parameters
    protection: Parameters
    days: Parameters
    own: Parameters = Parameters("the house's own rule", "high")


def installed(name: str) -> Pack:
    """The pack of this name that came with the installation."""
    file = files("controlplane.policy") / "data" / f"{name}.toml"
    try:
        return load(file.read_text(encoding="utf-8"), name)
    except FileNotFoundError:
        raise PackError(f"no rule pack is called {name!r}") from None


def load(text: str, name: str) -> Pack:
    """Make a pack of a file's text; PackError if anything is missing or unknown."""
    try:
        data = tomllib.loads(text)
        pack = _pack(data, name)
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{name}: {error}") from None
    except KeyError as error:
        raise PackError(f"{name}: {error.args[0]} is missing") from None
    except (TypeError, ValueError) as error:
        raise PackError(f"{name}: {error}") from None
    return pack


def _pack(data: dict[str, Any], name: str) -> Pack:
    days, notice = data["forbidden_days"], data["notice"]
    known = {"zone", "forbidden_days", "notice", "protection"}
    if unknown := set(data) - known:
        raise PackError(f"{name}: {min(unknown)} is not known; allowed: {', '.join(sorted(known))}")
    weekdays = frozenset(days["weekdays"])
    if not weekdays <= set(WEEKDAYS):
        raise PackError(f"{name}: weekdays are {', '.join(WEEKDAYS)}")
    patron = tuple(int(x) for x in days["patron"].split("-")) if days.get("patron") else None
    return Pack(
        name=name,
        calendar=Calendar(
            zone=data["zone"],
            forbidden_weekdays=weekdays,
            holidays=days["holidays"],
            eves=days["eves"],
            patron=(patron[0], patron[1]) if patron else None,
        ),
        notice_days=int(notice["days"]),
        days_acts=frozenset(days["acts"]),
        notice=_parameters(notice),
        protection=_parameters(data["protection"]),
        days=_parameters(days),
    )


def _parameters(table: dict[str, Any]) -> Parameters:
    return Parameters(str(table["citation"]), str(table["confidence"]))
