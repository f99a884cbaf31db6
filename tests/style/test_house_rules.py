"""The house rules, as tests: lengths, names, forbidden calls, no trace of the workplace."""

import ast
import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocols", "seams", "drivers", "gateway", "controlplane", "simulators", "curbstop")
SOURCES = sorted(p for d in PACKAGES for p in (ROOT / d).rglob("*.py") if "migrations/versions" not in p.as_posix())
ALL_PYTHON = SOURCES + sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FUNCTION = 70
LONGEST_FILE = 300
PURE = ("protocols", "drivers")
EDGES = ("seams/", "curbstop/")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("path", ALL_PYTHON, ids=name)
def test_functions_fit_a_screen(path: Path) -> None:
    assert [(f, n) for f, n in functions(path) if n > LONGEST_FUNCTION] == []


def test_the_median_function_is_short() -> None:
    lengths = [n for path in SOURCES for _, n in functions(path)]
    assert median(lengths) <= 10


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_are_of_one_thought(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert path.stem not in {"utils", "util", "common", "helpers", "misc"}


@pytest.mark.parametrize("path", [p for p in SOURCES if not name(p).startswith(EDGES)], ids=name)
def test_time_and_chance_are_handed_in(path: Path) -> None:
    text = path.read_text()
    for call in (
        r"datetime\.now\(",
        r"\btime\.(time|monotonic|sleep)\(",
        r"\brandom\.(random|choice|randint)\(",
        r"\bsecrets\.",
        r"uuid4\(",
    ):
        assert not re.search(call, text), f"{call} in {name(path)}: take it as an argument"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_only_a_supervisor_catches_everything(path: Path) -> None:
    if path.name == "supervise.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in {"everything", "Exception", "BaseException"}, f"{name(path)}:{node.lineno}"


@pytest.mark.parametrize("path", ALL_PYTHON, ids=name)
def test_nothing_is_skipped_or_left_for_later(path: Path) -> None:
    if path == Path(__file__).resolve():
        return
    text = path.read_text()
    for mark in ("pytest.mark.skip", "pytest.skip(", "xfail(", "TODO", "FIXME", "XXX"):
        assert mark not in text, f"{mark} in {name(path)}"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_module_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{name(path)} has no docstring"


def tracked() -> list[Path]:
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]


def test_nothing_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile(r"/work/|/root/|pythonhosted|registry\.npmjs|deb\.debian\.org|pypi\.org/simple")
    for path in tracked():
        if path == Path(__file__).resolve():
            continue
        text = path.read_text(errors="replace")
        assert not forbidden.search(text), name(path)


def test_no_line_of_code_is_commented_out() -> None:
    code = re.compile(r"^\s*#\s*(import |from \w+ import|def |class |return |if .*:$|for .*:$|\w+\(.*\)$|\w+ = )")
    for path in ALL_PYTHON:
        for first, _ in pairwise([*path.read_text().splitlines(), ""]):
            assert not code.match(first), f"{name(path)}: {first}"
