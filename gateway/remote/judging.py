"""What remote settings may say beside the gateway's own file, and what they come to. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.caps import Limits
from protocols.types import MeterId
from protocols.uplink.remote import Settings


@dataclass(frozen=True, slots=True)
class Own:
    """What the gateway's own file says of the same things. `movable`: whether its broker may be another one."""

    limits: Limits
    every_s: float
    meters: frozenset[MeterId]
    movable: bool


def faults(settings: Settings, own: Own) -> list[str]:
    """Why these settings are refused, each fault by its key; none where they may be taken."""
    limits = own.limits
    told = [
        (name, asked, mine)
        for name, asked, mine in (
            ("per_hour", settings.per_hour, limits.per_hour),
            ("per_day", settings.per_day, limits.per_day),
            ("share", settings.share, limits.share),
            ("floor", settings.floor, limits.floor),
        )
        if asked is not None and asked > mine
    ]
    above = [f"{name}: {asked} is above the {mine} of the gateway's own file" for name, asked, mine in told]
    unknown = [f"spared: there is no meter {name}" for name in settings.spared if name not in own.meters]
    kept = settings.broker is not None and not own.movable
    return [
        *above,
        *unknown,
        *(["broker: it is moved only where the file names a ca_file to know it by"] if kept else []),
    ]


def lowered(settings: Iterable[Settings], own: Own) -> Limits:
    """The caps that hold: of all layers and the file the lowest, whatever they said when they were taken."""
    layers = list(settings)

    def least(mine: float, asked: Iterable[float | None]) -> float:
        return min([mine, *(a for a in asked if a is not None)])

    return Limits(
        per_hour=int(least(own.limits.per_hour, (s.per_hour for s in layers))),
        per_day=int(least(own.limits.per_day, (s.per_day for s in layers))),
        share=least(own.limits.share, (s.share for s in layers)),
        floor=int(least(own.limits.floor, (s.floor for s in layers))),
    )
