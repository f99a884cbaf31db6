"""The freeze that whoever stands at the gateway sets and ends: a file beside its configuration. Nobody else lifts it.

It is asked for at every write that takes supply away, so that none slips through between two looks; opening goes on.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from seams.folder import sync_folder

SUFFIX = ".freeze"
REASON_LENGTH = 200


def beside(config: Path) -> Path:
    """Where the freeze of this configuration file is: its name with `.freeze` behind it."""
    return config.with_name(config.name + SUFFIX)


@dataclass(frozen=True, slots=True)
class LocalFreeze:
    """The file, whatever is in it: what can be read of it is the reason."""

    path: Path

    def on(self) -> bool:
        """Whether it is there; one that can't be looked for counts as there."""
        try:
            self.path.lstat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def reason(self) -> str:
        """Its first line; empty where it can't be read."""
        try:
            text = self.path.read_bytes()[: 4 * REASON_LENGTH].decode("utf-8", "replace")
        except OSError:
            return ""
        return next(iter(text.splitlines()), "")[:REASON_LENGTH]

    def set(self, reason: str) -> None:
        """Freeze: durable when it returns. OSError where the disk refuses; an older freeze stands until then."""
        fresh = self.path.with_name(f"{self.path.name}.new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(f"{reason}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        sync_folder(self.path.parent)

    def end(self) -> bool:
        """Release: durable when it returns; whether there was one. OSError where the disk refuses."""
        if not self.on():
            return False
        self.path.unlink()
        sync_folder(self.path.parent)
        return True
