"""Data of a record: bytes to exact values and back. What is no value raises `NoValueError` with its reason.

Types by the letters of EN 13757-3 as facts/MBUS.md section 4 lays them out: A BCD, B signed, D bits, F/G/I/J dates,
H float. Numbers stay integers until the VIF scales them.
"""

import struct
from decimal import Context, Decimal, Inexact
from functools import lru_cache

from protocols.errors import OursError

SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 6, 7: 8, 8: 0, 9: 1, 0xA: 2, 0xB: 3, 0xC: 4, 0xE: 6}
"""Bytes by data field; 0xD is of variable length, 0xF special."""

INTEGERS = frozenset({1, 2, 3, 4, 6, 7})
BCD = frozenset({9, 0xA, 0xB, 0xC, 0xE})
REAL, NONE, SELECTION, VARIABLE, SPECIAL = 5, 0, 8, 0xD, 0xF
SIZE_G, SIZE_J, SIZE_F, SIZE_I = 2, 3, 4, 6
"""Bytes of the date and time types."""
INVALID, ALL_ONES_G = 0x80, 0xFFFF
EVERY_MONTH, EVERY_YEAR, EVERY_HOUR, EVERY_MINUTE = (0, 15), 127, 31, 63
"""What stands for every, beside day 0: all ones, or 0 for a month. No text that says so was at hand (facts/MBUS.md
marks it); a real meter tells its yearly key date with 127, and whatever they mean, they are no single date.
"""
KEPT_DAYS = 2048
"""How many days, and minutes of the day, are kept as text: five years of days, and all minutes."""
NO_BYTES = "a number of no bytes"
SINGLE = struct.Struct("<f")
_pack, _unpack = SINGLE.pack, SINGLE.unpack
SMALLEST_NORMAL, LARGEST = 1.1754943508222875e-38, 3.4028234663852886e38
"""Of single-precision floats; below the smallest normal one digits are lost."""
LONGEST_TEXT, NEGATIVE, BINARY = 0xBF, 0xD0, 0xE0
"""Length bytes of variable data up to this one count characters of text."""
EXACT = Context(prec=400, traps=[Inexact])
"""Wider than 64 bytes of variable data can be, and loud if not."""


class NoValueError(Exception):
    """The bytes are there and say that there is no value, or none that is legal."""


def signed(data: bytes) -> int:
    """Type B: two's complement, least significant byte first."""
    return int.from_bytes(data, "little", signed=True)


def unsigned(data: bytes) -> int:
    """Types C and D: a count, or bits."""
    return int.from_bytes(data, "little")


def bcd(data: bytes) -> int:
    """Type A, least significant byte first; F in the top nibble is a minus sign; other letters are a display error."""
    text = data[::-1].hex()
    try:
        return int(text)
    except ValueError:
        pass
    if text[0] == "f" and text[1:].isdecimal():
        return -int(text[1:])
    raise NoValueError(f"not decimal: {text.upper()}")


def shifted(value: int | Decimal, exponent: int) -> int | Decimal:
    """`value` times a power of ten, exact whatever the context's precision; an integer stays one where it can."""
    if isinstance(value, int) and exponent >= 0:
        return value * int(10**exponent)
    sign, digits, own = Decimal(value).as_tuple()
    assert isinstance(own, int)  # noqa: S101 - `real` refuses what is no number
    return Decimal((sign, digits, own + exponent))


def added(one: int | Decimal, other: int | Decimal) -> int | Decimal:
    """The exact sum, whatever the context's precision."""
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return EXACT.add(Decimal(one), Decimal(other))


def encode_bcd(value: int, size: int) -> bytes:
    """Type A in `size` bytes; OursError where it does not fit."""
    digits = size * 2
    text = f"{abs(value):0{digits}d}" if value >= 0 else "f" + f"{-value:0{digits - 1}d}"
    if len(text) != digits:
        raise OursError(f"{value} does not fit into {digits} BCD digits")
    return bytes.fromhex(text)[::-1]


def real(data: bytes) -> Decimal:
    """Type H: the shortest decimal that is this single-precision float."""
    return real_of(*SINGLE.unpack(data))


def real_of(value: float) -> Decimal:
    """Type H as a float: the decimal of the fewest digits, from 7 on, that is this single."""
    return Decimal(shortest(value))


def shortest(value: float) -> str:
    """The digits of `real_of`, maybe with an exponent."""
    if SMALLEST_NORMAL <= abs(value) <= LARGEST:
        text = f"{value:.7g}"
        if _unpack(_pack(float(text)))[0] == value:
            return text
    return _longer(value) if value else "0"


def _longer(value: float) -> str:
    """Below the normal ones even fewer digits may do: there they are tried from one on."""
    if not abs(value) <= LARGEST:
        raise NoValueError("the float is no number")
    for digits in range(8 if abs(value) >= SMALLEST_NORMAL else 1, 9):
        text = f"{value:.{digits}g}"
        if _as_single(text) == value:
            return text
    return f"{value:.9g}"


def _as_single(text: str) -> float:
    try:
        value: float = _unpack(_pack(float(text)))[0]
    except OverflowError:
        return float("inf")
    return value


def date(data: bytes) -> str:
    """Type G, 2 bytes: an ISO 8601 date."""
    return date_of(int.from_bytes(data, "little"))


def date_of(word: int) -> str:
    """Type G as a number of 16 bits."""
    if word == ALL_ONES_G:
        raise NoValueError("the date is marked invalid")
    return day_of(word, 0)


def date_time(data: bytes) -> str:
    """Types F (4 bytes), I (6) and J (3): an ISO 8601 local date and time, or time; zone unknown."""
    if len(data) == SIZE_F:
        return date_time_of(int.from_bytes(data, "little"))
    seconds = f":{_two(data[0] & 0x3F)}"
    if len(data) == SIZE_J:
        return clock_of(data[1] & 0x3F | (data[2] & 0x1F) << 8) + seconds
    if data[1] & INVALID:
        raise NoValueError("the date-time is marked invalid")
    return f"{day_of(data[3] | data[4] << 8, 0)}T{clock_of(data[1] & 0x3F | (data[2] & 0x1F) << 8)}{seconds}"


def date_time_of(word: int) -> str:
    """Type F as a number of 32 bits; the day stands in its upper half as in type G."""
    if word & INVALID:
        raise NoValueError("the date-time is marked invalid")
    return f"{day_of(word >> 16, word >> 13 & 3)}T{clock_of(word & 0x1F3F)}"


def _two(second: int) -> str:
    if second > 59:  # noqa: PLR2004 - a clock's
        raise NoValueError(f"no such time: second {second}")
    return f"{second:02d}"


@lru_cache(KEPT_DAYS)
def day_of(word: int, century: int) -> str:
    """The day in 16 bits: b0-4 day, b5-7 and b12-15 the year, b8-11 month."""
    year = _year((word >> 5 & 7) | (word >> 12) << 3, century)
    return iso_date(year, word >> 8 & 0x0F, word & 0x1F)


@lru_cache(KEPT_DAYS)
def clock_of(word: int) -> str:
    """The time in 16 bits: the minute, then the hour."""
    return iso_time(word >> 8, word & 0x3F)


def _year(two_digits: int, century: int) -> int:
    """1900 + 100 x century + year; without a century 00-80 are 20xx. The 7 bits hold more than two digits: no year."""
    if two_digits > 99:  # noqa: PLR2004 - two digits
        what = "every year" if two_digits == EVERY_YEAR else f"no such year: {two_digits}"
        raise NoValueError(f"{what}: no single date")
    if century:
        return 1900 + 100 * century + two_digits
    return (2000 if two_digits <= 80 else 1900) + two_digits  # noqa: PLR2004 - the pivot of the source


LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def iso_date(year: int, month: int, day: int) -> str:
    """A date that exists, as ISO 8601; NoValueError for any other, and for 0, which stands for every."""
    if month in EVERY_MONTH or day == 0:
        raise NoValueError(
            f"every {'day' if day == 0 else 'month'}: {year:04d}-{month:02d}-{day:02d} is no single date"
        )
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)  # noqa: PLR2004 - February, Gregorian
    if month > len(LENGTHS) or day > LENGTHS[month - 1] + leap:
        raise NoValueError(f"no such date: {year:04d}-{month:02d}-{day:02d}")
    return f"{year:04d}-{month:02d}-{day:02d}"


def iso_time(hour: int, minute: int) -> str:
    """A time of day that exists; NoValueError for any other."""
    if hour == EVERY_HOUR or minute == EVERY_MINUTE:
        raise NoValueError(f"every {'hour' if hour == EVERY_HOUR else 'minute'}: no single time")
    if not 0 <= hour <= 23 or not 0 <= minute <= 59:  # noqa: PLR2004 - a clock's
        raise NoValueError(f"no such time: {hour:02d}:{minute:02d}")
    return f"{hour:02d}:{minute:02d}"


def encode_date_time(text: str, size: int = SIZE_F) -> bytes:
    """`YYYY-MM-DDTHH:MM` in type F; with `:SS` in type I; OursError outside 1981 to 2080, and what exists not."""
    day, separator, clock = text.partition("T")
    if not separator or (size == SIZE_I) != (clock.count(":") == 2):  # noqa: PLR2004 - with seconds
        raise OursError(f"no date and time: {text!r}, {'YYYY-MM-DDTHH:MM' + ':SS' * (size == SIZE_I)} is expected")
    if size == SIZE_I:
        return encode_time(clock) + encode_date(day) + b"\x00"
    return encode_time(f"{clock}:00")[1:] + encode_date(day)


def encode_date(text: str) -> bytes:
    """`YYYY-MM-DD` in type G; OursError outside 1981 to 2080, and for a day that does not exist."""
    year, month, day = _whole_numbers(text, "-", "YYYY-MM-DD")
    try:
        iso_date(year, month, day)
    except NoValueError as error:
        raise OursError(f"{text}: {error}") from None
    if not 1981 <= year <= 2080:  # noqa: PLR2004 - what two digits can say
        raise OursError(f"{text}: only 1981 to 2080 can be said")
    return bytes([day | (year % 100 & 7) << 5, month | (year % 100 >> 3) << 4])


def encode_time(text: str) -> bytes:
    """`HH:MM:SS` in type J; OursError for what no clock shows."""
    hour, minute, second = _whole_numbers(text, ":", "HH:MM:SS")
    try:
        iso_time(hour, minute)
        _two(second)
    except NoValueError as error:
        raise OursError(f"{text}: {error}") from None
    return bytes([second, minute, hour])


def _whole_numbers(text: str, separator: str, form: str) -> list[int]:
    parts = text.split(separator)
    if len(parts) != form.count(separator) + 1 or not all(part.isascii() and part.isdecimal() for part in parts):
        raise OursError(f"{text!r} is not {form}")
    return [int(part) for part in parts]


def variable_size(lvar: int) -> int:
    """How many bytes follow a length byte of variable data; NoValueError where it is reserved."""
    if lvar <= LONGEST_TEXT:
        return lvar
    if lvar <= 0xC9:  # noqa: PLR2004 - positive BCD: two digits a byte
        return lvar - 0xC0
    if 0xD0 <= lvar <= 0xD9:  # noqa: PLR2004 - negative BCD
        return lvar - 0xD0
    if 0xE0 <= lvar <= 0xEF:  # noqa: PLR2004 - binary
        return lvar - 0xE0
    if 0xF0 <= lvar <= 0xF4:  # noqa: PLR2004 - binary, longer
        return 4 * (lvar - 0xEC)
    if lvar in (0xF5, 0xF6):
        return 48 if lvar == 0xF5 else 64  # noqa: PLR2004 - the two longest
    raise NoValueError(f"length code {lvar:02X} is reserved")


def variable(lvar: int, data: bytes, kind: str) -> int | str:
    """Variable data: text (last character first, ISO 8859-1), BCD, or a binary.

    A binary is an integer, signed where `kind` is `number`; where it names something, its hexadecimal digits.
    """
    if lvar <= LONGEST_TEXT:
        return data[::-1].decode("latin-1")
    if lvar < NEGATIVE:
        return _digits(data)
    if lvar < BINARY:
        return -_digits(data)
    if not data:
        raise NoValueError(NO_BYTES)
    if kind in ("text", "identity"):
        return data[::-1].hex()
    return int.from_bytes(data, "little", signed=kind == "number")


def _digits(data: bytes) -> int:
    text = data[::-1].hex()
    if not text.isdecimal():
        raise NoValueError(f"not decimal: {text.upper()}" if text else NO_BYTES)
    return int(text)
