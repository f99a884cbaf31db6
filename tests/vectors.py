"""Test data from outside: CURBSTOP_VECTORS names the folder. In CI it must be there; else a run may go without."""

import os
from pathlib import Path


def folder() -> Path | None:
    """The folder of vectors; None where there is none, which in CI is a failure."""
    named = os.environ.get("CURBSTOP_VECTORS")
    beside = Path(__file__).resolve().parents[2] / "shared" / "vectors"
    path = Path(named) if named else beside
    if path.is_dir():
        return path
    assert not os.environ.get("CI"), "CURBSTOP_VECTORS must name the folder of vectors"
    return None


def telegrams(pattern: str = "mbus/libmbus/*.hex") -> list[Path]:
    """The files of hex digits, sorted; none where there is no folder."""
    root = folder()
    return sorted(root.glob(pattern)) if root else []
