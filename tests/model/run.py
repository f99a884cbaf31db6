"""Runs one aspect: what was found, and which rows of the life table it used."""

from tests.model.bounds import Bounds, Model
from tests.model.explore import Result, explore
from tests.model.properties import goals, judge
from tests.model.rules import Rules
from tests.model.table import Edge
from tests.model.world import steps


def run(bounds: Bounds, rules: Rules | None = None, *, until_broken: bool = False) -> tuple[Result, frozenset[Edge]]:
    """All states within the bounds. With all rules standing, a step that is no row of the life table is a violation."""
    model = Model(bounds, rules or Rules())
    result = explore(
        model.first(),
        lambda w: steps(model, w),
        lambda w, step: judge(bounds, w, step),
        goals(bounds),
        until_broken=until_broken,
    )
    if model.rules == Rules():
        result.violations |= {f"no row of the life table: {step}": [] for step in sorted(model.ledger.unlawful)}
    return result, frozenset(model.ledger.used)
