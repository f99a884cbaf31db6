"""What a check of a dossier ends in: one outcome, the checks it rests on, and words for people in two languages."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


@dataclass(frozen=True, slots=True)
class Said:
    """One text in both languages."""

    en: str
    it: str

    def of(self, language: str) -> str:
        """The text in `it` or, whatever else is asked for, in English."""
        return self.it if language == "it" else self.en


class Line(StrEnum):
    """What a check is about: one of the lines that people read."""

    FILE = "file"
    SIGNED = "signed"
    LOG = "log"
    PUBLISHED = "published"
    ACCOUNT = "account"


class Outcome(IntEnum):
    """From the best to the worst; the worst of all checks counts."""

    HOLDS = 0
    INCOMPLETE = 1
    KEY_UNKNOWN = 2
    UNREADABLE = 3
    BROKEN = 4

    @property
    def word(self) -> str:
        """For programs: `holds`, `incomplete`, `key_unknown`, `unreadable`, `broken`."""
        return self.name.lower()

    @property
    def exit_code(self) -> int:
        """0 holds; 1 does not hold; 2 can't be checked by this version; 3 incomplete, or a key is not known."""
        return EXIT_CODES[self]


EXIT_CODES = {
    Outcome.HOLDS: 0,
    Outcome.BROKEN: 1,
    Outcome.UNREADABLE: 2,
    Outcome.INCOMPLETE: 3,
    Outcome.KEY_UNKNOWN: 3,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `code` is stable, for programs."""

    line: Line
    outcome: Outcome
    code: str
    said: Said


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key signed what, by its own word; `known` where the key was among those that were given."""

    role: str
    name: str
    public: str
    keyid: str
    signed: tuple[str, ...]
    how: str
    known: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """All of it. `story` is empty where the file can't be taken apart, and not to be relied on where it is broken."""

    checks: tuple[Check, ...]
    order: str = ""
    story: tuple[Said, ...] = ()
    signers: tuple[Signer, ...] = ()
    not_proven: tuple[Said, ...] = field(default_factory=lambda: ())

    @property
    def outcome(self) -> Outcome:
        """The worst of all checks; broken where nothing was checked."""
        return max((check.outcome for check in self.checks), default=Outcome.BROKEN)

    @property
    def failed(self) -> tuple[str, ...]:
        """The codes of what does not hold or is missing."""
        return tuple(check.code for check in self.checks if check.outcome is not Outcome.HOLDS)
