"""Many worlds, over all cores of this machine, each in a process that lives one at a time."""

import logging
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

import structlog

from simulators.loop import DeadlockError
from tests.simulation.cut import SHORT, WHOLE, Cut
from tests.simulation.faulty import Lived, live
from tests.simulation.sabotage import SABOTAGES, done_to

A = TypeVar("A")
T = TypeVar("T")
SEARCHED = 12
"""So many others are tried where a change has moved the moments of a life and the known seeds show nothing any more."""


def hush() -> None:
    """What both ends log in a world that is made to fail would bury the story."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)


def one(seed: int, plots: tuple[str, ...] | None = None, sabotage: str | None = None, cut: Cut = WHOLE) -> Lived:
    """Live one seed, with a guard taken away where one is named."""
    with done_to(sabotage):
        try:
            return live(seed, plots, cut=cut)
        except DeadlockError as error:
            return Lived(seed, [f"liveness: {error}"])


def seen(name: str) -> tuple[bool, list[str]]:
    """Whether a seed breaks the rule with this guard taken away, and breaks none with it in place; what was told."""
    sabotage, told = SABOTAGES[name], list[str]()
    for seed in (*sabotage.seeds, *range(SEARCHED)):
        told += one(seed, sabotage.plots, name, SHORT).broken
        if any(text.startswith(sabotage.seen_by) for text in told):
            return not one(seed, sabotage.plots, cut=SHORT).broken, told
    return False, told


def over_all_cores(work: Callable[[A], T], each: Iterable[A]) -> Generator[T]:
    """Do it for each, and give what came of it in their order."""
    with get_context("spawn").Pool(os.cpu_count(), hush) as pool:
        yield from pool.imap(work, each)


def lives(
    seeds: range, plots: tuple[str, ...] | None = None, sabotage: str | None = None, cut: Cut = WHOLE
) -> Iterator[Lived]:
    """Live them, in their order; a single one in this process."""
    work = partial(one, plots=plots, sabotage=sabotage, cut=cut)
    if len(seeds) > 1:
        yield from over_all_cores(work, seeds)
        return
    hush()
    yield from map(work, seeds)
