"""The texts of the pages, as data in two languages. Every key stands in both; a text's blanks are filled by name."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = ("it", "en")
"""The first is for those who ask for none of them."""
FOLDER = files("controlplane.web") / "texts"
FILES = ("{}.toml", "order.{}.toml")
"""Of each language: what all pages say, and what an order's does."""


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language: `words("page.login")`."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **blanks: object) -> str:
        """The text of a key, its blanks filled; LookupError for a key that nobody wrote."""
        return self.texts[key].format(**blanks)

    def of(self, kind: str, name: str) -> str:
        """What a word of the house's own is called here; itself where nobody has named it."""
        return self.texts.get(f"{kind}.{name}", name)


@cache
def words(language: str) -> Words:
    """The texts of a language."""
    found: dict[str, str] = {}
    for name in FILES:
        found |= _flat("", tomllib.loads((FOLDER / name.format(language)).read_text(encoding="utf-8")))
    return Words(language, found)


def _flat(prefix: str, table: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        found |= _flat(f"{name}.", value) if isinstance(value, dict) else {name: str(value)}
    return found


def chosen(cookie: str | None, accepted: str) -> str:
    """The language of a reader: as chosen here before, else the first of ours that the browser asks for."""
    if cookie in LANGUAGES:
        return cookie
    asked = [_weighed(part) for part in accepted[:200].split(",")]
    known = [(weight, name) for weight, name in asked if name in LANGUAGES and weight > 0]
    return max(known, key=lambda pair: pair[0])[1] if known else LANGUAGES[0]


def _weighed(part: str) -> tuple[float, str]:
    name, _, weight = part.partition(";")
    try:
        return float(weight.strip().removeprefix("q=") or 1), name.strip().lower()[:2]
    except ValueError:
        return 0.0, ""
