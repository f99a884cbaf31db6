"""G6: no code and no text, in either language, presents the closing of a valve as a safety isolation.

A valve at a meter is there for commercial acts: it may pass, and nobody may work on a pipe because of it.
"""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

import pytest

from controlplane.orders.states import Event, OrderState
from controlplane.policy.facts import Act, Effect
from controlplane.policy.packs import Person
from protocols.types import Capability, Outcome, ValvePosition, Verb
from protocols.uplink.reasons import Why

ROOT = Path(__file__).resolve().parents[2]
TOLD_IN = ("controlplane", "gateway", "drivers", "protocols", "curbstop")
ENUMS: tuple[type[StrEnum], ...] = (
    Event,
    OrderState,
    Act,
    Effect,
    Person,
    Capability,
    Outcome,
    ValvePosition,
    Verb,
    Why,
)
FORBIDDEN = re.compile(
    r"""\bisolat|\bisolament|\bisola\b            # to isolate
    |\bmade[ _]safe|\bmake[s]?[ _]safe|\bsafe(ly)?[ _](closed|shut|off)|\bsafety[ _](valve|shut|closure|isolation)
    |\bmess[ao][ _]in[ _]sicurezza|\bin[ _]sicurezza|\bdi[ _]sicurezza
    |\bemergency[ _](clos|shut|disconnect|stop)|\bchiusura[ _]d.emergenza""",
    re.IGNORECASE | re.VERBOSE,
)


def texts() -> Iterator[tuple[str, str]]:
    """Where, and what is told there: every string but docstrings that is a text, or a code of a reason or alarm."""
    for folder in TOLD_IN:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value
    for pack in files("controlplane.policy").joinpath("data").iterdir():
        yield pack.name, pack.read_text(encoding="utf-8")
    for enum in ENUMS:
        yield from ((f"{enum.__name__}.{each.name}", each.value) for each in enum)


def test_G6_nothing_presents_a_closure_as_a_safety_isolation() -> None:
    told = list(texts())
    assert len(told) > 1000
    code = re.compile(r"isolation[_ ]level", re.IGNORECASE)  # of a database's transactions
    found = [f"{where}: {text!r}" for where, text in told if FORBIDDEN.search(code.sub("", text))]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "The gas was isolated remotely.",
        "safety_isolation",
        "The valve was made safe.",
        "Il punto è messo in sicurezza.",
        "emergency_close",
        "chiusura d'emergenza",
        "The supply is safely shut.",
    ],
)
def test_the_lint_finds_such_words(text: str) -> None:
    assert FORBIDDEN.search(text)
