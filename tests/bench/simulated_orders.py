"""Simulated orders per minute and core: both real ends on one virtual loop, with real signatures and without.

A suspension closed and corroborated, its payment, and the order that gives back, at all three meters with a valve side
by side: two orders each. What dominates is read off a profile of the same run.
"""

import asyncio
import cProfile
import hmac
import logging
import pstats
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import structlog

from controlplane.orders.states import OrderState
from protocols.uplink import keys
from seams import logs
from simulators.loop import Virtual, run
from tests.simulation.world import World

ROUNDS = 6
POINTS = "ABC"
PACKAGES = ("protocols", "drivers", "gateway", "controlplane", "simulators", "sqlalchemy", "asyncio", "msgspec")


def play(folder: Path) -> int:
    """Run the world; how many orders reached their end."""

    async def main(virtual: Virtual) -> int:
        world = World(virtual, folder, per_hour=1000)
        world.start()
        await asyncio.sleep(200)
        for turn in range(ROUNDS):
            placed = [await world.suspend(name) for name in POINTS]
            await world.until(lambda placed=placed: all(_ended(world, o) for o in placed))  # type: ignore[misc]
            for name in POINTS:
                await world.pay(name, f"payment-{turn}")
            await world.until(lambda: all(_ended(world, world.orders(name)[-1].id) for name in POINTS))
            await asyncio.sleep(120)
        ended = sum(_ended(world, o.id) for name in POINTS for o in world.orders(name))
        world.stop()
        return ended

    return run(main)


def _ended(world: World, order: str) -> bool:
    return world.order(order).state is OrderState.COMPLETED


def _sign(_key: object, message: bytes) -> bytes:
    return hmac.digest(b"key", message, sha256)


def _verify(_ring: object, _keyid: str, message: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(_sign(None, message), signature)


@contextmanager
def hashed() -> Iterator[None]:
    """Replace Ed25519 by a keyed hash that costs next to nothing, at the two methods of the ports alone."""
    with patch.object(keys.SigningKey, "sign", _sign), patch.object(keys.KeyRing, "verify", _verify):
        yield


def timed() -> float:
    """Orders per minute of this core."""
    with TemporaryDirectory() as folder:
        start = time.process_time()
        ended = play(Path(folder))
        return ended * 60 / (time.process_time() - start)


def main() -> None:
    logs.set_up()
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    real = timed()
    with hashed():
        cheap = timed()
    print(
        f"orders per minute and core: {real:.0f} with Ed25519, {cheap:.0f} with a keyed hash: ratio {cheap / real:.2f}"
    )
    profile = cProfile.Profile()
    with TemporaryDirectory() as folder:
        profile.runcall(play, Path(folder))
    print("share of the time, by package (own time, profiled):")
    for name, share in _shares(profile):
        print(f"  {name:<14}{share:6.1%}")


def _shares(profile: cProfile.Profile) -> list[tuple[str, float]]:
    stats = pstats.Stats(profile)
    total = 0.0
    by_package = dict.fromkeys((*PACKAGES, "the rest"), 0.0)
    for (file, _, function), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        total += own
        where = next((p for p in PACKAGES if f"/{p}/" in file or p in function), "the rest")
        by_package[where] += own
    return sorted(((name, own / total) for name, own in by_package.items()), key=lambda x: -x[1])
