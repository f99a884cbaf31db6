"""`python -m tests.e2e.kills [KILLS [SEED]]`: one run, told; the exit code is 1 where a rule was broken."""

import asyncio
import sys
from pathlib import Path
from tempfile import gettempdir

from tests.e2e.kills.run import fresh, run

KILLS, SEED = 500, 0

if __name__ == "__main__":
    words = [int(word) for word in sys.argv[1:]]
    kills, seed = (*words, *(KILLS, SEED)[len(words) :])
    report = asyncio.run(run(fresh(Path(gettempdir()) / "curbstop-kills"), kills, seed))
    print(report)
    sys.exit(bool(report.broken))
