"""Secondary addressing: select one meter by its whole address; search a line by patterns of digits.

A select for a read or a write names the meter without any wildcard (CONTROL, Identity): those are the search's alone.
Source: facts/MBUS.md section 1.
"""

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum

from protocols.errors import OursError
from protocols.mbus.codes import CI_SELECT
from protocols.mbus.frame import SELECTED, SND_UD, Long
from protocols.mbus.header import ID_DIGITS, id_bytes
from protocols.mbus.manufacturer import manufacturer_bytes
from protocols.types import Identity

WILD_DIGIT = "F"
WILD_MANUFACTURER, WILD_VERSION, WILD_MEDIUM = b"\xff\xff", 0xFF, 0xFF
ENHANCED = b"\x0c\x78"
"""DIF and VIF of the fabrication number that an enhanced select appends."""
DIGITS = "0123456789ABCDE"
"""Some makers' identification numbers hold hexadecimal digits; F alone is the wildcard."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A secondary address with wildcards: `id` digits F, and None for any manufacturer, version or medium."""

    id: str = WILD_DIGIT * ID_DIGITS
    manufacturer: str | None = None
    version: int | None = None
    medium: int | None = None


def select(identity: Identity, *, enhanced: bool = False) -> Long:
    """The select that only this meter answers; OursError where the identity holds a wildcard or does not fit.

    `enhanced` adds the fabrication number; only meters that know this form answer it.
    """
    if WILD_DIGIT in identity.id.upper() or identity.version == WILD_VERSION or identity.medium == WILD_MEDIUM:
        raise OursError(f"{identity} holds a wildcard: a meter is selected by its whole address")
    head = select_pattern(Pattern(identity.id, identity.manufacturer, identity.version, identity.medium))
    if not enhanced:
        return head
    if WILD_DIGIT in identity.fabrication_number.upper():
        raise OursError(f"fabrication number {identity.fabrication_number} holds a wildcard")
    return Long(head.c, head.a, head.ci, head.data + ENHANCED + id_bytes(identity.fabrication_number))


def select_pattern(pattern: Pattern) -> Long:
    """The select that all meters of this pattern answer."""
    maker = WILD_MANUFACTURER if pattern.manufacturer is None else manufacturer_bytes(pattern.manufacturer)
    version = WILD_VERSION if pattern.version is None else pattern.version
    medium = WILD_MEDIUM if pattern.medium is None else pattern.medium
    try:
        tail = bytes([version, medium])
    except ValueError as error:
        raise OursError(f"{pattern}: {error}") from None
    return Long(SND_UD, SELECTED, CI_SELECT, id_bytes(pattern.id) + maker + tail)


class Answer(Enum):
    """What a pattern met on the line."""

    NOBODY = "nobody"
    COLLISION = "collision"


Search = Generator[Pattern, Identity | Answer, list[Identity]]


def search() -> Search:
    """Find every meter of a line: yields patterns to try, is sent who answered, returns who was found.

    Whoever drives it selects the pattern and, on exactly one E5, reads REQ_UD2 at FD: a clean RSP_UD is that meter's
    identity; garbage anywhere is a collision; silence is nobody. Digits are fixed from the most significant on, and a
    colliding digit descends. Meters that share all eight digits are told apart by walking the version and the medium.
    """
    found: list[Identity] = []
    stack = [Pattern(digit + WILD_DIGIT * (ID_DIGITS - 1)) for digit in reversed(DIGITS)]
    while stack:
        pattern = stack.pop()
        answer = yield pattern
        if isinstance(answer, Identity):
            if answer not in found:
                found.append(answer)
        elif answer is Answer.COLLISION:
            stack.extend(reversed(_narrower(pattern)))
    return found


def _narrower(pattern: Pattern) -> list[Pattern]:
    fixed = pattern.id.find(WILD_DIGIT)
    if fixed >= 0:
        rest = WILD_DIGIT * (ID_DIGITS - fixed - 1)
        return [Pattern(pattern.id[:fixed] + digit + rest) for digit in DIGITS]
    if pattern.medium is None:
        return [Pattern(pattern.id, medium=medium) for medium in range(WILD_MEDIUM)]
    if pattern.version is None:
        return [Pattern(pattern.id, version=version, medium=pattern.medium) for version in range(WILD_VERSION)]
    return []
