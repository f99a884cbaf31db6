"""Simulated orders per minute and core: both real ends on one virtual loop, with real signatures and without.

A suspension closed and corroborated, its payment, and the order that gives back, at all three meters with a valve side
by side: two orders each. The same world without orders, for as long, tells what polling and readings cost. What
dominates is read off a profile of the same run, by the time of the processor.
"""

import asyncio
import cProfile
import hmac
import logging
import pstats
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import structlog
from sqlalchemy import func, select

from controlplane.db import reading
from controlplane.orders.models import orders
from controlplane.orders.states import OrderState
from protocols.uplink import keys
from seams import logs
from simulators.loop import Virtual, run
from tests.simulation.world import World

ROUNDS = 6
POINTS = "ABC"
PACKAGES = (
    "protocols",
    "drivers",
    "gateway",
    "controlplane",
    "simulators",
    "sqlalchemy",
    "asyncio",
    "msgspec",
    "sqlite3",
    "cryptography",
)
LONGEST_S = 3600.0
COMPLETED = select(func.count()).select_from(orders).where(orders.c.state == OrderState.COMPLETED)


def play(folder: Path) -> tuple[int, float]:
    """Run the world; how many orders were completed, and in how many virtual seconds."""

    async def main(virtual: Virtual) -> tuple[int, float]:
        world = World(virtual, folder, per_hour=1000)
        world.start()
        await asyncio.sleep(200)
        entered = 0
        for turn in range(ROUNDS):
            for name in POINTS:
                await world.suspend(name)
            await _completed(world, entered := entered + len(POINTS))
            for name in POINTS:
                await world.pay(name, f"payment-{turn}")
            await _completed(world, entered := entered + len(POINTS))
            await asyncio.sleep(120)
        world.stop()
        return entered, virtual.clock.boot()

    return run(main)


async def _completed(world: World, many: int) -> None:
    """Wait until so many orders are completed: asked after each commit, so that asking is no load of its own."""
    committed = asyncio.Event()
    world.writer.on_commit(committed.set)
    async with asyncio.timeout(LONGEST_S):
        while _count(world) < many:
            committed.clear()
            await committed.wait()
    world.writer.wakes.remove(committed.set)


def _count(world: World) -> int:
    with reading(world.engine) as db:
        return int(db.execute(COMPLETED).scalar_one())


def idle(folder: Path, seconds: float) -> None:
    """Run the same world for so long without orders."""

    async def main(virtual: Virtual) -> None:
        world = World(virtual, folder, per_hour=1000)
        world.start()
        await asyncio.sleep(seconds)
        world.stop()

    run(main)


def _sign(_key: object, message: bytes) -> bytes:
    return hmac.digest(b"key", message, sha256)


def _verify(_ring: object, _keyid: str, message: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(_sign(None, message), signature)


@contextmanager
def hashed() -> Iterator[None]:
    """Replace Ed25519 by a keyed hash that costs next to nothing, at the two methods of the ports alone."""
    with patch.object(keys.SigningKey, "sign", _sign), patch.object(keys.KeyRing, "verify", _verify):
        yield


def cpu_s(work: Callable[[Path], object]) -> float:
    """Seconds of the processor, in a folder of its own."""
    with TemporaryDirectory() as folder:
        start = time.process_time()
        work(Path(folder))
        return time.process_time() - start


def main() -> None:
    logs.set_up()
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    profile = cProfile.Profile(time.process_time)
    with TemporaryDirectory() as folder:
        entered, seconds = profile.runcall(play, Path(folder))
    real_s, idle_s = cpu_s(play), cpu_s(lambda folder: idle(folder, seconds))
    with hashed():
        hashed_s = cpu_s(play)
    print(
        f"orders per minute and core: {_per_minute(entered, real_s)} with Ed25519, "
        f"{_per_minute(entered, hashed_s)} with a keyed hash: ratio {real_s / hashed_s:.2f}"
    )
    print(
        f"of {1000 * real_s / entered:.1f} ms an order {idle_s / real_s:.0%} are the world itself "
        f"({seconds:.0f} s of polling and readings of four meters, without any order)"
    )
    print("share of the processor's time, by package (own time, profiled):")
    for name, share in _shares(profile):
        print(f"  {name:<14}{share:6.1%}")


def _per_minute(entered: int, seconds: float) -> str:
    return f"{entered * 60 / seconds:.0f}"


def _shares(profile: cProfile.Profile) -> list[tuple[str, float]]:
    stats = pstats.Stats(profile)
    total = 0.0
    by_package = dict.fromkeys((*PACKAGES, "the rest"), 0.0)
    for (file, _, function), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        total += own
        where = next((p for p in PACKAGES if f"/{p}/" in file or p in function), "the rest")
        by_package[where] += own
    return sorted(((name, own / total) for name, own in by_package.items()), key=lambda x: -x[1])
