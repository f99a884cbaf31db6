"""What a seeded mistake is: some text of the code replaced, the rule that text keeps, the tests that must fail."""

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class StaleError(Exception):
    """The code that a mutant changes is not there any more, or stands there twice: the mutant must be written anew."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Text that stands once in a file, and what is put in its place."""

    file: str
    old: str
    new: str

    def made(self, root: Path = ROOT) -> str:
        """The file's text with the edit made; StaleError where `old` does not stand there exactly once."""
        path = root / self.file
        if not path.is_file():
            raise StaleError(f"{self.file} is gone; the mutant changes it at: {self.old}")
        text = path.read_text()
        if text.count(self.old) != 1:
            raise StaleError(f"{self.file} holds this {text.count(self.old)} times, not once: {self.old}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Mutant:
    """`keeps` is the rule that the guard keeps; one of `tests` must fail. `also` are further edits it needs."""

    keeps: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    also: tuple[Edit, ...] = field(default=())

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All its edits."""
        return (Edit(self.file, self.old, self.new), *self.also)
