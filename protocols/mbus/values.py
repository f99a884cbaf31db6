"""Data of a record: bytes to exact values and back. What is no value raises `NoValueError` with its reason.

Types by the letters of EN 13757-3 as facts/MBUS.md section 4 lays them out: A BCD, B signed, D bits, F/G/I/J dates,
H float. Numbers stay integers until the VIF scales them.
"""

import struct
from decimal import Context, Decimal, Inexact

from protocols.errors import OursError

SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 6, 7: 8, 8: 0, 9: 1, 0xA: 2, 0xB: 3, 0xC: 4, 0xE: 6}
"""Bytes by data field; 0xD is of variable length, 0xF special."""

INTEGERS = frozenset({1, 2, 3, 4, 6, 7})
BCD = frozenset({9, 0xA, 0xB, 0xC, 0xE})
REAL, NONE, SELECTION, VARIABLE, SPECIAL = 5, 0, 8, 0xD, 0xF
MINUS = 0xF
LONGEST_TEXT = 0xBF
"""Length bytes of variable data up to this one count characters of text."""
EXACT = Context(prec=400, traps=[Inexact])
"""Wider than 64 bytes of variable data can be, and loud if not."""


class NoValueError(Exception):
    """The bytes are there and say that there is no value, or none that is legal."""


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
    (value,) = struct.unpack("<f", data)
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is what differs from itself
        raise NoValueError("the float is no number")
    return Decimal(_shortest(value))


def _shortest(value: float) -> str:
    for digits in range(1, 9):
        text = f"{value:.{digits}g}"
        if _as_single(text) == value:
            return text
    return f"{value:.9g}"


def _as_single(text: str) -> float:
    try:
        (value,) = struct.unpack("<f", struct.pack("<f", float(text)))
    except OverflowError:
        return float("inf")
    return float(value)


def date(data: bytes) -> str:
    """Type G, 2 bytes: an ISO 8601 date."""
    if data == b"\xff\xff":
        raise NoValueError("the date is marked invalid")
    year = (data[0] >> 5) | (data[1] >> 4) << 3
    return _day(_year(year, 0), data[1] & 0x0F, data[0] & 0x1F)


def date_time(data: bytes) -> str:
    """Types F (4 bytes), I (6) and J (3): an ISO 8601 local date and time, or time; zone unknown."""
    if len(data) == len(b"JJJ"):
        return _time(data[2] & 0x1F, data[1] & 0x3F, data[0] & 0x3F)
    if len(data) == len(b"IIIIII"):
        return _date_time_i(data)
    minute, hour, day, month = data
    if minute & 0x80:
        raise NoValueError("the date-time is marked invalid")
    year = _year((day >> 5) | (month >> 4) << 3, (hour >> 5) & 0x03)
    return f"{_day(year, month & 0x0F, day & 0x1F)}T{_time(hour & 0x1F, minute & 0x3F)}"


def _date_time_i(data: bytes) -> str:
    second, minute, hour, day, month, _ = data
    if minute & 0x80:
        raise NoValueError("the date-time is marked invalid")
    year = _year((day >> 5) | (month >> 4) << 3, 0)
    return f"{_day(year, month & 0x0F, day & 0x1F)}T{_time(hour & 0x1F, minute & 0x3F, second & 0x3F)}"


def _year(two_digits: int, century: int) -> int:
    """1900 + 100 x century + year; without a century 00-80 are 20xx."""
    if century:
        return 1900 + 100 * century + two_digits
    return (2000 if two_digits <= 80 else 1900) + two_digits  # noqa: PLR2004 - the pivot of the source


LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _day(year: int, month: int, day: int) -> str:
    if month == 0 or day == 0:
        raise NoValueError(
            f"every {'day' if day == 0 else 'month'}: {year:04d}-{month:02d}-{day:02d} is no single date"
        )
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)  # noqa: PLR2004 - February, Gregorian
    if month > len(LENGTHS) or day > LENGTHS[month - 1] + leap:
        raise NoValueError(f"no such date: {year:04d}-{month:02d}-{day:02d}")
    return f"{year:04d}-{month:02d}-{day:02d}"


def _time(hour: int, minute: int, second: int | None = None) -> str:
    if not 0 <= hour <= 23 or not 0 <= minute <= 59 or (second or 0) > 59:  # noqa: PLR2004 - a clock's
        raise NoValueError(f"no such time: {hour:02d}:{minute:02d}:{second or 0:02d}")
    return f"{hour:02d}:{minute:02d}" + ("" if second is None else f":{second:02d}")


def encode_date_time(text: str) -> bytes:
    """Type F of `YYYY-MM-DDTHH:MM`; OursError outside 1981 to 2080."""
    try:
        day, _, clock = text.partition("T")
        year, month, dom = (int(x) for x in day.split("-"))
        hour, minute = (int(x) for x in clock.split(":")[:2])
    except ValueError:
        raise OursError(f"no date and time: {text!r}, YYYY-MM-DDTHH:MM is expected") from None
    try:
        _day(year, month, dom)
        _time(hour, minute)
    except NoValueError as error:
        raise OursError(f"{text}: {error}") from None
    if not 1981 <= year <= 2080:  # noqa: PLR2004 - what two digits can say
        raise OursError(f"{text}: only 1981 to 2080 can be said in type F")
    y = year % 100
    return bytes([minute, hour, dom | (y & 7) << 5, month | (y >> 3) << 4])


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
    if lvar <= 0xC9:  # noqa: PLR2004 - see variable_size
        return _digits(data)
    if lvar <= 0xD9:  # noqa: PLR2004 - see variable_size
        return -_digits(data)
    if kind in ("text", "identity"):
        return data[::-1].hex()
    return int.from_bytes(data, "little", signed=kind == "number")


def _digits(data: bytes) -> int:
    text = data[::-1].hex()
    if text and not text.isdecimal():
        raise NoValueError(f"not decimal: {text.upper()}")
    return int(text or "0")
