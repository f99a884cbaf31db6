"""The table of G1-G7 in docs/reliability.md names files whose tests do bear each rule's name, and misses no rule."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEST = re.compile(r"def (test_\w+)")
RULE = re.compile(r"(?<=_)G[1-7](?=_)")


def borne() -> dict[str, set[str]]:
    """Which files of tests bear each rule's name."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in TEST.findall(path.read_text(encoding="utf-8")):
            for rule in RULE.findall(name):
                found.setdefault(rule, set()).add(".".join(path.relative_to(ROOT / "tests").with_suffix("").parts))
    return found


def told() -> dict[str, set[str]]:
    """What the page says."""
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (G[1-7]) \| [^|]+ \| ([^|]+) \|$", page, re.MULTILINE)
    return {rule: set(re.findall(r"`([^`]+)`", files)) for rule, files in rows}


def test_every_rule_of_gas_has_named_tests_and_the_page_tells_where() -> None:
    assert set(told()) == set(borne()) == {f"G{n}" for n in range(1, 8)}
    assert [file for rule, files in told().items() for file in files - borne()[rule]] == []
    assert all(told().values())
