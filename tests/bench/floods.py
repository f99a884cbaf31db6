"""From a payment's POST to the valve's own act, idle and while each flood comes: the goal: within 5 times, and 250 ms.

All processes are real, on two cores that the flood shares; what a line takes for its bytes is left in.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.floods.opens import FLOODS, Opens, Scene, scene

ROUNDS, IDLE_ROUNDS = 2, 3
MOST_OF_IDLE, MOST_S = 5.0, 0.25


def main() -> None:
    with TemporaryDirectory(prefix="curbstop-bench-") as folder:
        asyncio.run(_measured(Path(folder)))


async def _measured(folder: Path) -> None:
    async with scene(folder) as it:
        await it.opens(1)
        idle = await it.opens(IDLE_ROUNDS)
        _tell(it, "idle", idle, idle)
        for kind in FLOODS:
            async with it.flooded(kind):
                _tell(it, kind, await it.opens(ROUNDS), idle)


def _tell(it: Scene, name: str, seen: Opens, idle: Opens) -> None:
    ratio = seen.p99 / idle.p99
    kept = "kept" if ratio <= MOST_OF_IDLE and seen.p99 <= MOST_S else "MISSED"
    memory = ", ".join(f"{who} {mib:.0f} MiB" for who, mib in it.memory_mib().items())
    times = f"p50 {seen.p50 * 1e3:.0f} ms, p99 {seen.p99 * 1e3:.0f} ms, {ratio:.1f} times idle"
    print(f"{name:<20}{len(seen.took_s)} opens: {times} ({kept}); {memory}", flush=True)
