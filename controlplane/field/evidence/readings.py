"""What the crew has read off the meter, held against what is known of it. Pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from controlplane.field.evidence.findings import Finding
from protocols.types import Identity

DAY = timedelta(days=1)
MOST_DIGITS = 12
MARGIN = 4
"""How many times the usual consumption is still plausible."""
SLACK = Decimal(5)
"""Above it, so much always is, in the index's own unit: a tub, a garden, a day's reading later."""
UNKNOWN_PER_DAY = Decimal(10)
"""What a day may take at a meter of which no consumption is known, in the index's own unit."""


@dataclass(frozen=True, slots=True)
class Known:
    """The last reading of the meter's index, and how much a day usually takes (None where that is not known)."""

    index: Decimal
    at: datetime
    per_day: Decimal | None = None


def per_day(steps: Sequence[tuple[datetime, Decimal]]) -> Decimal | None:
    """What a day takes, from earlier readings, oldest first; None where they span less than a day."""
    if not steps or steps[-1][0] - steps[0][0] < DAY:
        return None
    days = Decimal((steps[-1][0] - steps[0][0]) / DAY)
    return max(Decimal(0), (steps[-1][1] - steps[0][1]) / days)


def judge_index(told: Decimal, at: datetime, known: Known | None, digits: int | None = None) -> Finding | None:
    """Hold an index against the last reading; None where it fits.

    `digits` are those of the register before the point, where they are known: it begins anew after them. The crew reads
    as many decimals as the dial shows: the last reading is cut to as many, never rounded up. ValueError for what no
    dial shows.
    """
    if not told.is_finite() or told < 0 or told.adjusted() >= MOST_DIGITS:
        raise ValueError(f"{told} is no index")
    if known is None:
        return Finding("index_unknown")
    last = cut(known.index, told)
    plausible = known.index + _plausible(known, at)
    values = {"told": f"{told}", "known": f"{known.index}", "most": f"{cut(plausible, told)}"}
    if told < last:
        turned = digits is not None and told + Decimal(10) ** digits <= plausible
        return Finding("index_rolled_over" if turned else "index_below", None, values)
    return Finding("index_above", None, values) if told > plausible else None


def cut(value: Decimal, like: Decimal) -> Decimal:
    """A value with as many decimals as another one."""
    exponent = like.as_tuple().exponent
    places = exponent if isinstance(exponent, int) and exponent < 0 else 0
    return value.quantize(Decimal(1).scaleb(places), ROUND_FLOOR)


def _plausible(known: Known, at: datetime) -> Decimal:
    """How much may have been taken since the last reading."""
    days = Decimal(max(timedelta(0), at - known.at) / DAY)
    usual = known.per_day if known.per_day is not None else UNKNOWN_PER_DAY / MARGIN
    return usual * MARGIN * days + SLACK


def judge_serial(told: str, meter: Identity) -> Finding | None:
    """Hold the serial that was read off the plate against the meter's identity; None where it is the same.

    Plates show the fabrication number or the identification number, with spaces, dashes and leading zeros as the maker
    likes. What is left must be equal: a part of it is another meter.
    """
    read = bare(told)
    if read and read in {bare(meter.fabrication_number), bare(meter.id)}:
        return None
    return Finding("serial_mismatch", None, {"told": told, "known": meter.fabrication_number or meter.id})


def bare(serial: str) -> str:
    """A serial without what is written differently from plate to plate."""
    plain = unicodedata.normalize("NFKC", serial).upper()
    return "".join(c for c in plain if c.isalnum()).lstrip("0")
