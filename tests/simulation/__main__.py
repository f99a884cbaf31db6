"""Seeds by hand: `python -m tests.simulation SEED [N]` lives N seeds from SEED, over all cores of this machine.

A seed that breaks an invariant tells its story and how to live it again. `--plot NAME` (repeatable) sets the plots
instead of the seed's own; `--sabotage NAME` takes one guard away first and looks for the first seed that shows it.
"""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.faulty import WITH_CREWS, Lived
from tests.simulation.many import lives
from tests.simulation.sabotage import SABOTAGES, UNSEEN

COLUMNS = 3


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("count", type=int, nargs="?", default=1)
    parser.add_argument("--plot", action="append", choices=sorted(WITH_CREWS))
    parser.add_argument("--sabotage", choices=sorted({**SABOTAGES, **UNSEEN}))
    return parser.parse_args()


def replay(lived: Lived, asked: argparse.Namespace) -> str:
    plots = "".join(f" --plot {name}" for name in asked.plot or ())
    sabotage = f" --sabotage '{asked.sabotage}'" if asked.sabotage else ""
    return f"replay: .venv/bin/python -m tests.simulation {lived.seed}{plots}{sabotage}"


def main() -> int:
    asked, began, counts, failed = arguments(), time.monotonic(), Counter[str](), list[int]()
    seeds = range(asked.seed, asked.seed + asked.count)
    for done, lived in enumerate(lives(seeds, tuple(asked.plot) if asked.plot else None, asked.sabotage), 1):
        counts.update(lived.counts)
        if lived.broken:
            failed.append(lived.seed)
            print(f"\n{lived.story}\n")
            print("\n".join(f"seed {lived.seed}: {text}" for text in lived.broken))
            print(replay(lived, asked), flush=True)
            if asked.sabotage:
                break
        print(f"\r{done} of {asked.count} seeds, {len(failed)} failed", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    summary(counts, asked, failed, time.monotonic() - began)
    return int(bool(failed) is not bool(asked.sabotage))


def summary(counts: Counter[str], asked: argparse.Namespace, failed: list[int], took_s: float) -> None:
    cells = [f"{counts[name]:>7} {name.replace('_', ' ')}" for name in sorted(counts)]
    for at in range(0, len(cells), COLUMNS):
        print("".join(f"{cell:<33}" for cell in cells[at : at + COLUMNS]).rstrip())
    last = asked.seed + asked.count - 1
    print(
        f"{asked.count} seeds, {asked.seed} to {last}, in {took_s:.0f} s: {len(failed)} failed {failed or ''}".rstrip()
    )


if __name__ == "__main__":
    sys.exit(main())
