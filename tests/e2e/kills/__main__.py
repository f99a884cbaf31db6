"""`python -m tests.e2e.kills [KILLS [SEED [power]]]`: one run, told; the exit code is 1 where a rule was broken."""

import asyncio
import sys
from pathlib import Path
from tempfile import gettempdir

from tests.e2e.kills.run import fresh, run

OFTEN = 0.7


def main(kills: str = "500", seed: str = "0", power: str = "") -> int:
    place = fresh(Path(gettempdir()) / "curbstop-kills")
    report = asyncio.run(run(place, int(kills), int(seed), power=OFTEN if power else 0.0))
    print(report)
    return bool(report.broken)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
