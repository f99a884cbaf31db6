"""The layer as the journal keeps it: one value, written whole, so that a crash leaves the old or the new one. Pure.

New settings are on trial until a birth is acknowledged that was asked after they were taken. While they are, the caps
are the lowest of the old and the new ones; where the uplink does not come back in time, the old ones are back.
"""

from msgspec import Struct
from msgspec.structs import replace

from protocols.uplink.remote import Configuration, Settings, Verdict

MOST_STARTS = 5
"""So often a gateway may be started within a trial: one that falls over with its new settings has the old ones back."""


class Trial(Struct, frozen=True):
    """Settings that have not shown yet that the uplink comes back: over when the journal has lived `until_lived_s`."""

    number: int
    settings: Settings
    until_lived_s: float
    starts: int = 0


class Layer(Struct, frozen=True):
    """What is in force, what is on trial, and what is to be told of the last configuration that was judged."""

    in_force: int = 0
    settings: Settings = Settings()
    trial: Trial | None = None
    judged: int = 0
    verdict: Verdict = "none"
    why: str = ""

    @property
    def newest(self) -> Settings:
        """What is tried, else what is in force."""
        return self.trial.settings if self.trial else self.settings

    @property
    def all(self) -> tuple[Settings, ...]:
        """The layers that bind the caps."""
        return (self.settings, self.trial.settings) if self.trial else (self.settings,)


def refused(layer: Layer, number: int, why: str) -> Layer:
    """Not taken, and never again under this number."""
    return replace(layer, judged=number, verdict="refused", why=why)


def tried(layer: Layer, asked: Configuration, lived_s: float) -> Layer:
    """Taken on trial, in the place of any other trial."""
    trial = Trial(asked.number, asked.settings, lived_s + asked.term_s)
    return replace(layer, trial=trial, judged=asked.number, verdict="on_trial", why="")


def proven(layer: Layer) -> Layer:
    """The uplink is back: the trial is what is in force from now on."""
    if layer.trial is None:
        return layer
    number, settings = layer.trial.number, layer.trial.settings
    return replace(layer, in_force=number, settings=settings, trial=None, verdict="taken", why="")


def rolled_back(layer: Layer, why: str) -> Layer:
    """The old settings again."""
    return replace(layer, trial=None, verdict="rolled_back", why=why)


def started(layer: Layer) -> Layer:
    """One more start of the gateway: a trial bears only so many."""
    if layer.trial is None:
        return layer
    if layer.trial.starts >= MOST_STARTS:
        return rolled_back(layer, f"the gateway was started {MOST_STARTS} times without its uplink")
    return replace(layer, trial=replace(layer.trial, starts=layer.trial.starts + 1))


def in_time(layer: Layer, lived_s: float) -> Layer:
    """The old settings again where the trial's time is over."""
    over = layer.trial is not None and lived_s >= layer.trial.until_lived_s
    return rolled_back(layer, "no birth was acknowledged in time") if over else layer
