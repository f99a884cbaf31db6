"""From an order's POST to its receipt recorded, through real processes: what the chain adds to its own floors.

The goal: p50 at most 2.5 times the sum over the path of floors measured in the same run, p99 at most 1.7 times p50.
"""

import asyncio
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.chain import rig as rig_
from tests.bench.chain.floors import Floors, floors
from tests.bench.chain.rig import FLOOR, PLANE, Client, Rig, points, running, suspend
from tests.bench.chain.story import Story, Told

LINES, EACH, BURSTS, WARM_UP = 16, 11, 4, 8
DISK = "/var/tmp"  # noqa: S108 - kept on a disk where /tmp may be none
MOST_OF_FLOORS, MOST_OF_P50 = 2.5, 1.7
PATH = {"post": 1, "commit": 6, "hop": 4, "signature": 4, "verification": 4}
"""What an order can't do without: entered, received, granted, started, finished, recorded; four hops."""
PAUSE_S, LOOK_EVERY_S, ENDED = 0.2, 0.1, ("executed", "completed")
Entered = dict[str, tuple[float, float, int]]
"""By order: when its POST was sent and answered (wall clock), and its meter's number."""


def main() -> None:
    with TemporaryDirectory(dir=DISK, prefix="curbstop-bench-") as folder:
        one_by_one, at_once, seen, rig = asyncio.run(_measured(Path(folder)))
        story = Story.of(rig.notes("plane"), rig.notes("gateway"), rig.notes("line"), Path(folder))
        _report(rig, seen, [story.told(o, *at, EACH) for o, at in one_by_one.items()][WARM_UP:])
        _report_at_once([story.told(o, *at, EACH) for o, at in at_once.items()])


async def _measured(folder: Path) -> tuple[Entered, Entered, Floors, Rig]:
    with running(folder, LINES, EACH) as rig:
        client = Client(rig)
        where = points(client)
        late = {line * EACH + EACH - 1 - burst for line in range(LINES) for burst in range(BURSTS)}
        one_by_one: Entered = {}
        passwords = rig.passwords[PLANE], rig.passwords[FLOOR]
        async with floors(folder, rig.broker_port, *passwords, Client(rig).trivial) as seen:
            for number in (n for n in range(len(where)) if n not in late):
                one_by_one |= _enter(client, where, [number])
                await asyncio.sleep(PAUSE_S)
                await _ended(client, one_by_one)
                await seen.measure()
        at_once: Entered = {}
        for burst in range(BURSTS):
            numbers = [line * EACH + EACH - 1 - burst for line in range(LINES)]
            clients = [Client(rig) for _ in numbers]
            entered = await asyncio.gather(
                *(asyncio.to_thread(_enter, c, where, [n]) for c, n in zip(clients, numbers, strict=True))
            )
            await asyncio.sleep(1)
            for one in entered:
                await _ended(client, one)
                at_once |= one
        return one_by_one, at_once, seen, rig


def _enter(client: Client, where: list[str], numbers: list[int]) -> Entered:
    entered: Entered = {}
    for number in numbers:
        began = time.time()
        order = suspend(client, where[number])
        entered[order] = (began, time.time(), number)
    return entered


async def _ended(client: Client, entered: Entered) -> None:
    """Until the last one has ended; it is asked after the fact, so that asking is no part of it."""
    order = list(entered)[-1]
    end = time.monotonic() + rig_.PATIENCE_S
    while (state := client.get(f"orders/{order}")["state"]) not in ENDED:
        assert time.monotonic() < end, f"{order} is still {state}"
        await asyncio.sleep(LOOK_EVERY_S)


def _report(rig: Rig, seen: Floors, told: list[Told]) -> None:
    print(f"one at a time: {len(told)} orders; broker: {rig.broker}; SQLite, WAL, synchronous FULL, on {DISK}")
    print(f"{'floor':<14}{'ms':>8}{'on the path':>13}{'sum, ms':>10}")
    for name, count in PATH.items():
        print(f"{name:<14}{seen.floor(name) * 1e3:>8.3f}{count:>13}{seen.floor(name) * count * 1e3:>10.3f}")
    total = sum(seen.floor(name) * count for name, count in PATH.items())
    took = sorted(one.took_s for one in told)
    p50, p99 = median(took), took[round(0.99 * (len(took) - 1))]
    print(f"sum of floors {total * 1e3:.2f} ms; POST sent to receipt recorded, minus the line: p50 {p50 * 1e3:.2f} ms")
    print(f"p50 / floors {p50 / total:.2f} (goal: at most {MOST_OF_FLOORS})")
    print(f"p99 {p99 * 1e3:.2f} ms, p99 / p50 {p99 / p50:.2f} (goal: at most {MOST_OF_P50})")
    after = median(one.after_answer_s for one in told)
    line, late = median(one.line_s for one in told), median(one.line_late_s for one in told)
    print(f"of it after the POST's answer {after * 1e3:.2f} ms; the line: {line * 1e3:.1f} ms taken off,")
    print(f"the simulated line's own timers late by {late * 1e3:.2f} ms: left in")
    print("noted per order, all processes: " + ", ".join(f"{k} {v:.1f}" for k, v in _means(told).items()))
    print("where the time goes (median, ms, the line taken off):")
    for number, name in enumerate(told[0].steps):
        print(f"  {name:<44}{median(list(one.steps.values())[number] for one in told) * 1e3:>8.2f}")


def _means(told: list[Told]) -> dict[str, float]:
    names = sorted({name for one in told for name in one.counts})
    return {name: sum(one.counts.get(name, 0) for one in told) / len(told) for name in names}


def _report_at_once(told: list[Told]) -> None:
    took = sorted(one.took_s for one in told)
    p50, p99 = median(took), took[round(0.99 * (len(took) - 1))]
    print(f"{LINES} at once on {LINES} lines, {BURSTS} times: p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms")
