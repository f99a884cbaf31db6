"""What docs/reliability.md says of the exploration is what the exploration is."""

import re
from pathlib import Path

from tests.model.aspects import ASPECTS
from tests.model.rules import SAYS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reliability.md").read_text()


def test_the_page_has_a_result_for_every_aspect_and_no_other() -> None:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [\d,]+ \| [\d,]+ \| \d+ \|$", PAGE, re.MULTILINE)
    assert rows == list(ASPECTS)


def test_the_page_names_every_sentence_and_where_it_breaks() -> None:
    where = {sentence: name for name, aspect in ASPECTS.items() for sentence in aspect.sentences.split()}
    for name, sentence in SAYS.items():
        assert f"| `{name}` | {sentence} | {where[name]} |" in PAGE


def test_the_numbers_of_the_page_add_up() -> None:
    counts = re.findall(r"^\| [^|]+ \| [^|]+ \| ([\d,]+) \| [\d,]+ \| \d+ \|$", PAGE, re.MULTILINE)
    assert f"**{sum(int(n.replace(',', '')) for n in counts):,} states," in PAGE
