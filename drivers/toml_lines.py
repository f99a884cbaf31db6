"""A strict reader of TOML tables: every complaint names file, line and key, and what would have been right.

Used for device specs and for the gateway's own file: both must be refused whole rather than half understood.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


class TomlError(Exception):
    """Something in a file that can't be taken; `file`, `line` (from 1; 0 for the whole file) and `key` say where."""

    def __init__(self, file: str, line: int, key: str, what: str) -> None:
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {key}: {what}" if key else f"{where}: {what}")
        self.file, self.line, self.key = file, line, key


def parse(text: str, file: str | PurePath) -> "Table":
    """Return the file's root table; TomlError where it is no TOML."""
    name = PurePath(file).name
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        raise TomlError(name, int(found[1]) if found else 0, "", str(error).split(" (at")[0]) from None
    return Table(data, "", Source(name, text))


@dataclass(frozen=True, slots=True)
class Source:
    """The text, to find where a key stands."""

    file: str
    text: str

    def line(self, path: str) -> int:
        """The line of a dotted key, list positions in brackets; the nearest table's line where the key is absent."""
        wanted, here, counts, best = path, "", dict[str, int](), 0
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line):
                here = self._table(header[1], header[2], counts)
                if wanted == here or wanted.startswith(here + "."):
                    best = number
            elif key := re.match(r"\s*([\w.\-\"']+)\s*=", line):
                full = f"{here}.{key[1]}".strip(".").replace('"', "").replace("'", "")
                if wanted == full or wanted.startswith((full + ".", full + "[")):
                    return number
        return best

    @staticmethod
    def _table(brackets: str, name: str, counts: dict[str, int]) -> str:
        name = name.strip()
        if brackets == "[[":
            counts[name] = counts.get(name, -1) + 1
            return f"{name}[{counts[name]}]"
        head, _, tail = name.partition(".")
        return f"{head}[{counts[head]}].{tail}" if head in counts and tail else name


class Table:
    """One table, read key by key; `done` refuses whatever was not asked for."""

    def __init__(self, data: Mapping[str, object], path: str, source: Source) -> None:
        self._data, self._path, self._source = data, path, source
        self._asked: set[str] = set()

    def fail(self, key: str, what: str) -> NoReturn:
        """Complain about a key."""
        full = self._full(key)
        raise TomlError(self._source.file, self._source.line(full), full, what)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        self._asked.add(key)
        return key in self._data

    def text(self, key: str, default: str | None = None) -> str:
        """A string, not empty."""
        value: str = self._get(key, str, "a text", default)
        if not value and default != "":
            self.fail(key, "must not be empty")
        return value

    def word(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the allowed words."""
        value = self.text(key, default)
        if value not in allowed:
            self.fail(key, f"{value!r} is not one of {', '.join(sorted(allowed))}{_nearest(value, allowed)}")
        return value

    def words(self, key: str, allowed: Collection[str]) -> list[str]:
        """A list of allowed words, none twice."""
        found = self._get(key, list, "a list of words", None)
        for word in found:
            if not isinstance(word, str) or word not in allowed:
                known = ", ".join(sorted(allowed))
                self.fail(key, f"{word!r} is not one of {known}{_nearest(str(word), allowed)}")
        if len(set(found)) != len(found):
            self.fail(key, "names a word twice")
        return [str(word) for word in found]

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number within bounds."""
        value: int = self._get(key, int, "a whole number", default)
        if isinstance(value, bool) or not low <= value <= high:
            self.fail(key, f"must be {low} to {high}, not {value}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number within bounds."""
        value = self._get(key, (int, float), "a number", default)
        if isinstance(value, bool) or not low <= value <= high:
            self.fail(key, f"must be {low:g} to {high:g}, not {value}")
        return float(value)

    def hexadecimal(self, key: str) -> bytes:
        """Pairs of hex digits, at least one, spaces allowed."""
        data = self.made(key, bytes.fromhex, "pairs of hex digits")
        return data or self.fail(key, "must not be empty")

    def made(self, key: str, make: Callable[[str], T], what: str) -> T:
        """What `make` makes of a text; its ValueError is a complaint that `what` was expected."""
        value = self.text(key)
        try:
            return make(value)
        except ValueError:
            self.fail(key, f"{value!r} is no {what}")

    def texts(self, key: str) -> list[str]:
        """A list of texts, at least one."""
        found = self._get(key, list, "a list of texts", None)
        if not found or not all(isinstance(x, str) and x for x in found):
            self.fail(key, "must be a list of at least one text")
        return list(found)

    def table(self, key: str) -> "Table":
        """A table within."""
        return Table(self._get(key, dict, "a table", None), self._full(key), self._source)

    def tables(self, key: str, *, at_least: int = 0) -> list["Table"]:
        """A list of tables."""
        found = self._get(key, list, "a list of tables", [] if at_least == 0 else None)
        if len(found) < at_least or not all(isinstance(x, dict) for x in found):
            self.fail(key, f"at least {at_least} [[{self._full(key)}]] must be there")
        return [Table(x, f"{self._full(key)}[{n}]", self._source) for n, x in enumerate(found)]

    def keys(self) -> list[str]:
        """All keys, of a table whose keys are names."""
        self._asked.update(self._data)
        return list(self._data)

    def done(self) -> None:
        """Refuse a key that nobody asked for."""
        for key in self._data:
            if key not in self._asked:
                self.fail(key, f"is not known here{_nearest(key, self._asked)}")

    def _get(self, key: str, kind: type | tuple[type, ...], what: str, default: object) -> Any:
        self._asked.add(key)
        if key not in self._data:
            if default is None:
                self.fail(key, "is missing")
            return default
        value = self._data[key]
        if not isinstance(value, kind):
            self.fail(key, f"must be {what}, not {value!r}")
        return value

    def _full(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key


def _nearest(word: str, allowed: Collection[str]) -> str:
    near = get_close_matches(word, allowed, n=1)
    return f"; did you mean {near[0]}?" if near else ""
