"""The command chain: from the POST of an order to its receipt, recorded; less the line's physical time, against floors.

One order at a time, each at a valve of its own, then 16 at once. The floors of each kind of step are measured between
the orders, back to back; the goal is a median of at most 2.5 times their sum over the path, and a 99th percentile of
at most 1.7 times the median.
"""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.chain.floors import PATH, Floors
from tests.bench.chain.house import House, house

LINES, METERS = 8, 19
ALONE, AT_ONCE, ROUNDS = 100, 16, 3
P50_GOAL, P99_GOAL = 2.5, 1.7
WARM = 4
Span = tuple[str, int, float, float]
"""An order's line, and when it was posted and its receipt was told, in seconds of CLOCK_MONOTONIC."""


class Receipts:
    """When each order's receipt was told."""

    def __init__(self, here: House) -> None:
        self._here = here
        self._at: dict[str, float] = {}
        self._news = asyncio.Condition()

    async def follow(self) -> None:
        """Note them, for ever."""
        async for event in self._here.events():
            if event["type"] == "receipt":
                async with self._news:
                    self._at[event["subject"]] = time.monotonic()
                    self._news.notify_all()

    async def of(self, order: str) -> float:
        """Wait for an order's."""
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: order in self._at)
        return self._at[order]


async def one(here: House, receipts: Receipts, line: int, meter: int) -> Span:
    """Post an order and await its receipt."""
    begin = time.monotonic()
    order = await here.suspend(here.points[line][meter])
    return order, line, begin, await receipts.of(order)


async def measure(folder: Path) -> tuple[str, Floors, list[Span], list[Span]]:
    """Run it all; spans alone, and at once."""
    floors, alone, together = Floors(), list[Span](), list[Span]()
    places = [(n % LINES, n // LINES) for n in range(LINES * METERS)]
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(house(folder, LINES, METERS))
        await floors.open(stack, folder, here.base, here.floor_addresses())
        receipts = Receipts(here)
        watch = asyncio.create_task(receipts.follow())
        stack.callback(watch.cancel)
        await asyncio.sleep(0.5)
        for place in places[:WARM]:
            await one(here, receipts, *place)
        for place in places[WARM : WARM + ALONE]:
            alone.append(await one(here, receipts, *place))
            await asyncio.sleep(0.05)
            await floors.sample()
        for turn in range(ROUNDS):
            first = WARM + ALONE + turn * AT_ONCE
            together += await asyncio.gather(*(one(here, receipts, *p) for p in places[first : first + AT_ONCE]))
    return here.broker, floors, alone, together


def less_physical(spans: list[Span], busy: list[list[tuple[float, float]]]) -> list[float]:
    """Each span's seconds in which its own line was not physically busy."""
    return [end - begin - _covered(busy[line], begin, end) for _, line, begin, end in spans]


def _covered(intervals: list[tuple[float, float]], begin: float, end: float) -> float:
    """How much of a span the union of the intervals covers."""
    covered, at = 0.0, begin
    for first, last in sorted(intervals):
        start, stop = max(first, at), min(last, end)
        if stop > start:
            covered, at = covered + stop - start, stop
    return covered


def percentile(values: list[float], share: float) -> float:
    """The smallest value that this share of the values does not exceed."""
    return sorted(values)[max(0, -(-int(share * 100) * len(values) // 100) - 1)]


def main() -> None:
    with TemporaryDirectory(prefix="curbstop-bench-") as name:
        folder = Path(name)
        broker, floors, alone, together = asyncio.run(measure(folder))
        busy = json.loads((folder / "busy").read_text())
    print(f"broker: {broker}; SQLite synchronous=FULL at both ends")
    for kind, cost in floors.each().items():
        print(f"  floor {kind:<12}{cost * 1e3:7.2f} ms x {PATH[kind]}")
    total = floors.total()
    print(f"  sum over the path  {total * 1e3:7.2f} ms")
    costs = less_physical(alone, busy)
    p50, p99 = median(costs), percentile(costs, 0.99)
    print(f"one at a time, {len(costs)} orders, less the line's physical time:")
    print(f"  p50 {p50 * 1e3:7.2f} ms, {p50 / total:.2f} x the floors (goal {P50_GOAL})")
    print(f"  p99 {p99 * 1e3:7.2f} ms, {p99 / p50:.2f} x the p50 (goal {P99_GOAL})")
    costs = less_physical(together, busy)
    print(f"{AT_ONCE} at once on {LINES} lines, {len(costs)} orders, less the physical time of each one's line:")
    print(f"  p50 {median(costs) * 1e3:7.2f} ms, p99 {percentile(costs, 0.99) * 1e3:7.2f} ms")
