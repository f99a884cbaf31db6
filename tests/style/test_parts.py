"""The parts that `make test` runs leave no test out and run none twice."""

import re
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from tests.parts import PARTS, PHASES, ROOT, TESTS, files, part_of, shares

ALL_CORES = re.compile(r"\b(over_all_cores|try_out)\b")


def test_each_file_is_in_exactly_one_part_that_is_run() -> None:
    run = [part for phase in PHASES for part in phase]
    assert sorted(run) == sorted(PARTS)
    assert sorted(chain.from_iterable(shares(run).values())) == files()


def test_whatever_pytest_would_collect_is_among_the_files(pytestconfig: pytest.Config) -> None:
    patterns = pytestconfig.getini("python_files")
    assert sorted({file for pattern in patterns for file in TESTS.rglob(pattern)}) == files()


@pytest.mark.parametrize("name", [name for named in PARTS.values() for name in named])
def test_what_a_part_names_is_there(name: str) -> None:
    assert (TESTS / name).exists()


def test_no_part_is_empty() -> None:
    assert [part for part, mine in shares(PARTS).items() if not mine] == []


def test_what_nobody_names_runs_in_rest_and_a_file_may_leave_its_folder() -> None:
    assert part_of(TESTS / "nowhere" / "test_new.py") == "rest"
    assert part_of(TESTS / "simulation" / "test_seeds.py") == "crowd"
    assert part_of(TESTS / "simulation" / "test_restores.py") == "rest"


def test_what_fills_all_cores_runs_alone() -> None:
    filling = [file for file in files() if ALL_CORES.search(file.read_text()) and file != Path(__file__).resolve()]
    assert [file for file in filling if part_of(file) != "crowd"] == [], "name them in the part crowd of tests/parts.py"


def test_a_part_that_runs_no_test_fails_the_whole() -> None:
    command = [sys.executable, "-m", "tests", "crowd", "-k", "there_is_no_such_test"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "FAILED: crowd")
