"""`python -m tests.mutants.simulated NAME`: a guard that the simulated world must miss; ends with 0 if it does."""

import sys

from tests.simulation.many import hush, seen


def main(name: str) -> int:
    hush()
    shown, told = seen(name)
    print("\n".join(told))
    return int(not shown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
