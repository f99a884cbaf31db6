"""The parts that the tests run in, each a process of its own: a file belongs to the part that names it most closely.

Parts of one phase run side by side, phases one after the other. `crowd` has what fills all cores by itself, and what a
crowded machine would make wait: replicas whose terms are seconds. `servers` has what mostly waits, for valves, brokers
and a browser. What no part names runs in `rest`: nothing is left out.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PARTS: dict[str, tuple[str, ...]] = {
    "house": ("controlplane",),
    "rest": ("",),
    "servers": ("e2e", "web"),
    "crowd": ("simulation/test_seeds.py", "mutants/test_drawn.py", "curbstop/test_replicas.py"),
}
"""What each part names, under `tests/`."""
PHASES: tuple[tuple[str, ...], ...] = (("servers", "house", "rest"), ("crowd",))


def files() -> list[Path]:
    """Every file that pytest collects tests from."""
    return sorted(TESTS.rglob("test_*.py"))


def part_of(file: Path) -> str:
    """The part that names this file, or the closest of its folders."""
    depth = {part: max(map(len, _over(file, named)), default=-1) for part, named in PARTS.items()}
    return max(depth, key=depth.__getitem__)


def shares(parts: Iterable[str]) -> dict[str, list[Path]]:
    """The files of each of these parts."""
    found = files()
    return {part: [file for file in found if part_of(file) == part] for part in parts}


def _over(file: Path, named: Iterable[str]) -> Iterator[str]:
    return (name for name in named if file.is_relative_to(TESTS / name))
