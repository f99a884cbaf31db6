"""What a configuration that was read anew changes while the gateway runs. Pure.

A line goes as a whole with its meters: where anything of it is another, the line is exchanged once all that is begun on
it has ended; where nothing is, it is not touched. Who the gateway is, what it keeps and whom it believes are no
business of a running one.
"""

from dataclasses import dataclass

from gateway.config import Config, LineConfig, MeterConfig
from protocols.types import MeterId

FIXED = ("id", "key_file", "journal", "control_plane_keys", "max_skew_s", "readings_kept", "broker")
"""Another value of these needs a restart."""


class ReloadError(Exception):
    """A configuration that is not taken while the gateway runs; the text says which keys, and what to do."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The lines that are exchanged, taken away or new, by name, and their meters before and after.

    `strangers` are names that stand for another device than before, or for none so far.
    """

    lines: frozenset[str]
    before: frozenset[MeterId]
    after: tuple[MeterConfig, ...]
    strangers: frozenset[MeterId]


def exchange(old: Config, new: Config) -> Exchange:
    """What differs; ReloadError where that can't be changed now."""
    fixed = [name for name in FIXED if getattr(old, name) != getattr(new, name)]
    if fixed:
        raise ReloadError(f"{', '.join(fixed)}: changed only by a restart; nothing of the file is taken")
    was, becomes = _lines(old), _lines(new)
    lines = frozenset(name for name in was.keys() | becomes.keys() if was.get(name) != becomes.get(name))
    known = {meter.name: meter.identity for meter in old.meters}
    return Exchange(
        lines=lines,
        before=frozenset(meter.name for meter in old.meters if meter.line in lines),
        after=tuple(meter for meter in new.meters if meter.line in lines),
        strangers=frozenset(m.name for m in new.meters if known.get(m.name) != m.identity),
    )


def _lines(config: Config) -> dict[str, tuple[LineConfig, tuple[MeterConfig, ...]]]:
    return {
        line.name: (line, tuple(meter for meter in config.meters if meter.line == line.name)) for line in config.lines
    }
