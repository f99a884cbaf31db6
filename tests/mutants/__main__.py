"""`python -m tests.mutants`: make each mutant in a copy of the tree, and see whether the tests that are named fail.

`--count N` tries those that a commit is tried with (`--commit`, this clone's by default); `--only TEXT` those whose
name or rule holds it. A survivor is tried on the whole folder of its tests too. Ends with 0 if every one was killed by
a test that is named.
"""

import argparse
import sys

from tests.mutants.catalogue import NAMES, RULES, drawn
from tests.mutants.commit import head
from tests.mutants.lab import Verdict, try_out


def asked() -> list[str]:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--count", type=int)
    parser.add_argument("--commit", default=None)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    words = parser.parse_args()
    names = drawn(words.commit or head(), words.count) if words.count else list(NAMES)
    chosen = [name for name in names if words.only in f"{name} {RULES[name]}"]
    if words.list:
        print("\n".join(chosen))
        sys.exit(0)
    return chosen


def row(verdict: Verdict) -> str:
    end = "killed  " if verdict.killed else "SURVIVED"
    by = verdict.by.removeprefix("tests/")
    return f"{end} {verdict.took_s:5.0f} s  {verdict.name:<48} {verdict.keeps:<64} {by}".rstrip()


def main() -> int:
    names, bad, killed = asked(), list[Verdict](), 0
    for done, verdict in enumerate(try_out(names, further=True), 1):
        killed += verdict.killed
        if not verdict.killed or verdict.by.endswith("named)"):
            bad.append(verdict)
        print(f"{done:>3} of {len(names)}  {row(verdict)}", flush=True)
    print(f"\n{killed} of {len(names)} mutants killed, commit {head()}")
    for verdict in bad:
        print(row(verdict))
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
