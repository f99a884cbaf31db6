"""A forgetful file system for a test: mounted while the context lasts, and asked what a power loss would leave."""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.power.disk import Loss, Operation
from tests.power.forgetful import READY, Mount


@cache
def possible() -> bool:
    """Whether this machine lets us mount one."""
    with TemporaryDirectory() as folder:
        try:
            Mount(Path(folder)).close()
        except OSError:
            return False
    return True


class Mounted:
    """One that is mounted at `place`."""

    def __init__(self, place: Path, begin: Path | None = None) -> None:
        self.place = place
        place.mkdir(exist_ok=True)
        words = [sys.executable, "-m", "tests.power.forgetful", str(place), *([str(begin)] if begin else [])]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answered(READY)

    def left(self, loss: Loss, seed: int, folder: Path) -> None:
        """Put what a power loss would leave now into this folder."""
        folder.mkdir(exist_ok=True)
        self._ask(f"left {loss.name} {seed} {folder}")

    def note(self) -> None:
        """Note from now on what is done."""
        self._ask("note")

    def operations(self, file: Path) -> list[Operation]:
        """What was noted, by way of a file."""
        self._ask(f"operations {file}")
        done: list[Operation] = pickle.loads(file.read_bytes())  # noqa: S301 - our own process has just written it
        return done

    def close(self) -> None:
        """Unmount; whoever still uses it gets errors."""
        self._process.communicate()

    def _ask(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        self._answered("done")

    def _answered(self, wanted: str) -> None:
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        assert said == wanted, f"the forgetful file system said {said!r}"


@contextmanager
def mounted(place: Path, begin: Path | None = None) -> Iterator[Mounted]:
    """Mount one, with these files if any, all safe."""
    served = Mounted(place, begin)
    try:
        yield served
    finally:
        served.close()
