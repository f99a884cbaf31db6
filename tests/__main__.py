"""`python -m tests [PART ...]` runs all tests, its parts side by side, and sums up; what fails is told whole.

Other words (`-x`, `--durations=20`) go to pytest. Ends with 0 only if every part has run tests and all of them passed.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.parts import PARTS, PHASES, ROOT, shares

TOLD = ("NOT RUN", "MUTANTS")


@dataclass(frozen=True)
class Ended:
    """How a part ended: its exit status, its last words, and the seconds that cores have worked on it."""

    part: str
    status: int
    said: str
    worked_s: float

    def told(self) -> str:
        verdict = "ok    " if self.status == 0 else "FAILED"
        return f"{verdict} {self.part:<8} {self.said}; cores worked {self.worked_s:.0f} s"


def phase(parts: list[str], more: list[str], folder: Path) -> list[Ended]:
    """Run these parts side by side; each is told as it ends."""
    running, ended = dict[int, str](), list[Ended]()
    started = list[subprocess.Popen[bytes]]()
    try:
        for part, files in shares(parts).items():
            started.append(start([*more, *map(str, files)], folder / part))
            running[started[-1].pid] = part
        while running:
            process, status, usage = os.wait3(0)
            part = running.pop(process)
            text = (folder / part).read_text(errors="replace")
            worked = usage.ru_utime + usage.ru_stime
            ended.append(Ended(part, os.waitstatus_to_exitcode(status), last_line(text), worked))
            tell(ended[-1], text)
    finally:
        for child in started:
            if child.pid in running:
                child.terminate()
                child.wait()
    return ended


def start(words: list[str], said: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir=.pytest_cache/{said.name}", *words]
    with said.open("wb") as log:
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["said nothing"])[-1]


def tell(ended: Ended, text: str) -> None:
    """All that a part said if it failed; else what it could not run, and which mutants were drawn."""
    lines = text.splitlines()
    shown = lines if ended.status else [line for line in lines if line.startswith(TOLD)]
    print("\n".join([*shown, ended.told()]), flush=True)


def main(words: list[str]) -> int:
    asked = [word for word in words if word in PARTS] or list(PARTS)
    more = [word for word in words if word not in PARTS]
    began, ended = time.monotonic(), list[Ended]()
    with TemporaryDirectory(prefix="curbstop-tests-") as folder:
        for parts in PHASES:
            ended += phase([part for part in parts if part in asked], more, Path(folder))
    print(f"\n{time.monotonic() - began:.0f} s, cores worked {sum(end.worked_s for end in ended):.0f} s")
    for end in ended:
        print(end.told())
    failed = [end.part for end in ended if end.status]
    print(f"FAILED: {', '.join(failed)}" if failed else "all parts passed")
    return int(bool(failed))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # and its parts with it
    sys.exit(main(sys.argv[1:]))
