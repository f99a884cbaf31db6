"""Live seeds by hand: `python -m tests.simulation SEED [N]`. A seed that breaks an invariant tells its story."""

import logging
import sys

import structlog

from tests.simulation.faulty import live


def main(first: int, count: int) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    failed = 0
    for seed in range(first, first + count):
        lived = live(seed)
        if lived.broken:
            failed += 1
            print(f"seed {seed}: {lived.broken}\n{lived.story}\n")
        elif sys.stdout.isatty():
            print(f"\r{seed - first + 1} of {count} seeds, {failed} failed", end="", flush=True)
    print(f"\n{count} seeds from {first}: {failed} failed")
    return 1 if failed else 0


sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
