"""Explores every aspect whole, or those named: `python -m tests.model [ASPECT...]`. Ends with 1 if anything broke."""

import sys

from tests.model.aspects import ASPECTS
from tests.model.run import run


def main(names: list[str]) -> int:
    """Explore the named aspects, or all of them."""
    states, seconds, broken = 0, 0.0, 0
    for name, aspect in ASPECTS.items():
        if names and name not in names:
            continue
        result, _ = run(aspect.whole)
        states, seconds, broken = states + result.states, seconds + result.seconds, broken + len(result.violations)
        whole = "" if result.complete else ", not all"
        print(f"{name}: {result.states} states{whole}, {result.steps} steps, {result.seconds:.0f} s", flush=True)
        for text, path in result.violations.items():
            print(f"  broken: {text}\n    " + " > ".join(path), flush=True)
    print(f"in all: {states} states, {seconds:.0f} s, violations: {broken or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
