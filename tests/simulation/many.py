"""Many seeds, one after the other or over all cores, each in a process that lives one world at a time."""

import logging
import os
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context

import structlog

from tests.simulation.faulty import Lived, live
from tests.simulation.sabotage import done_to


def hush() -> None:
    """What both ends log in a world that is made to fail would bury the story."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)


def one(seed: int, plots: tuple[str, ...] | None = None, sabotage: str | None = None) -> Lived:
    """Live one seed, with a guard taken away where one is named."""
    with done_to(sabotage):
        return live(seed, plots)


def lives(seeds: range, plots: tuple[str, ...] | None = None, sabotage: str | None = None) -> Iterator[Lived]:
    """Live them, in their order."""
    work = partial(one, plots=plots, sabotage=sabotage)
    if len(seeds) == 1:
        hush()
        yield work(seeds[0])
        return
    with get_context("spawn").Pool(os.cpu_count(), hush) as pool:
        yield from pool.imap(work, seeds)
