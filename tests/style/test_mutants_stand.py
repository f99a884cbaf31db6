"""Each seeded mistake still changes the code it was written for; one whose guard has moved must be written anew."""

import ast
import re

import pytest

from tests.mutants.mutant import ROOT, Edit, StaleError
from tests.mutants.seeded import MUTANTS

ENOUGH = 40
RULE = re.compile(r"(I\d+|P\d+|G\d|F\d+|LG\d+|Delivery): .")


@pytest.mark.parametrize("name", MUTANTS)
def test_it_still_changes_the_code_and_its_tests_are_there(name: str) -> None:
    mutant = MUTANTS[name]
    for edit in mutant.edits:
        ast.parse(edit.made())
    assert [test for test in mutant.tests if not (ROOT / test.split("::")[0]).exists()] == []
    assert RULE.match(mutant.keeps), mutant.keeps


def test_there_are_enough() -> None:
    assert len(MUTANTS) >= ENOUGH


def test_a_text_that_is_gone_or_stands_twice_is_an_error() -> None:
    for gone in (Edit("Makefile", "no such text", ""), Edit("Makefile", "test", ""), Edit("no such file", "x", "")):
        with pytest.raises(StaleError):
            gone.made()
