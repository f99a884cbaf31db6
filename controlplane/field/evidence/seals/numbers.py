"""Numbers of seals: one way to write each, and ranges of them. Pure."""

import re
from collections.abc import Sequence

from controlplane.problems import UnprocessableError

NUMBER = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,31}")
MOST = 5000
"""Numbers in one call."""


def written(number: str) -> str:
    """A number as it is kept: without spaces, in capitals. UnprocessableError for what is none."""
    plain = "".join(number.split()).upper()
    if not NUMBER.fullmatch(plain):
        detail = "a seal's number has 1 to 32 letters, digits, dots and dashes, and begins with no sign"
        raise UnprocessableError(detail, code="bad_seal")
    return plain


def listed(numbers: Sequence[str]) -> list[str]:
    """Each number once, in order."""
    return list(dict.fromkeys(written(number) for number in numbers))


def ranged(prefix: str, first: int, last: int, digits: int) -> list[str]:
    """All numbers of a range, both ends too, each with so many digits; UnprocessableError where it is none."""
    if not 0 <= first <= last or len(str(last)) > digits:
        detail = "a range goes up from `first` to `last`, and its numbers fit into its `digits`"
        raise UnprocessableError(detail, code="bad_seal")
    if last - first >= MOST:
        raise UnprocessableError(f"at most {MOST} seals at a time; send the range in parts", code="too_many_seals")
    return [written(f"{prefix}{number:0{digits}d}") for number in range(first, last + 1)]
