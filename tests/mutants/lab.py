"""Where mutants are tried: copies of the whole tree, one for each core, in which one is made at a time and undone."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from tests.mutants.catalogue import RULES, SIMULATED
from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.seeded import MUTANTS

TIMEOUT_S = 300
FAILED, PASSED = 1, 0
"""How pytest ends where tests have failed, and where none has; anything else is no verdict."""
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "node_modules", "dist", "pictures")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`killed` if a test saw it; `by` the first that did, of those named or else of the rest of their folder."""

    name: str
    keeps: str
    killed: bool
    by: str
    said: str
    took_s: float


def try_out(names: Iterable[str], *, further: bool = False) -> Iterator[Verdict]:
    """Try these, over all cores, in their order. `further`: a survivor is tried on the whole folder of its tests."""
    cores = os.cpu_count() or 1
    with TemporaryDirectory(prefix="curbstop-mutants-") as folder, ThreadPoolExecutor(cores) as threads:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(cores):
            copies.put(Path(shutil.copytree(ROOT, Path(folder) / str(number), ignore=LEFT_OUT)))

        def one(name: str) -> Verdict:
            copy = copies.get()
            try:
                return _verdict(name, copy, further=further)
            finally:
                copies.put(copy)

        yield from threads.map(one, names)


def _verdict(name: str, copy: Path, *, further: bool) -> Verdict:
    began = time.monotonic()
    if name in SIMULATED:
        done = _run(copy, "tests.mutants.simulated", SIMULATED[name])
        return Verdict(name, RULES[name], done.returncode == 0, "its seeds", done.stdout, time.monotonic() - began)
    mutant = MUTANTS[name]
    killed, by, said = _tested(mutant, copy, mutant.tests)
    if further and not killed:
        folders = sorted({str(Path(test.split("::")[0]).parent) for test in mutant.tests})
        killed, by, said = _tested(mutant, copy, folders)
        by = f"{by} (none that is named)" if killed else by
    return Verdict(name, RULES[name], killed, by, said, time.monotonic() - began)


def _tested(mutant: Mutant, copy: Path, tests: Iterable[str]) -> tuple[bool, str, str]:
    """Whether a test fails, which does first, and all that was said."""
    try:
        with _made(mutant, copy):
            done = _run(
                copy, "pytest", "-q", "-x", "--tb=short", "-p", "no:cacheprovider", "-p", "no:schemathesis", *tests
            )
    except subprocess.TimeoutExpired:
        return False, "", f"no verdict: the tests have not ended in {TIMEOUT_S} s"
    if done.returncode not in (PASSED, FAILED):
        raise RuntimeError(f"no verdict, pytest ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    failed = [
        line.split()[1] for line in done.stdout.splitlines() if line.startswith(("FAILED tests/", "ERROR tests/"))
    ]
    return done.returncode == FAILED, failed[0] if failed else "", done.stdout


@contextmanager
def _made(mutant: Mutant, copy: Path) -> Iterator[None]:
    paths = {copy / edit.file for edit in mutant.edits}
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    try:
        for edit in mutant.edits:
            (copy / edit.file).write_text(edit.made(copy))
        yield
    finally:
        for path, (content, changed_at) in before.items():
            path.write_bytes(content)
            os.utime(path, ns=(changed_at, changed_at))


def _run(copy: Path, module: str, *words: str) -> subprocess.CompletedProcess[str]:
    """No compiled file is written: one of an undone mutant could be taken for that of the code."""
    surroundings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(
        command, cwd=copy, env=surroundings, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
