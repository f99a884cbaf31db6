"""How the bytes of a record's data become a cell: the one value, exact, or why there is none.

A cell is a number to be scaled by its field's power of ten: whole, or the single-precision float that was sent, whose
shortest decimal is what it means; a `Decimal` that is scaled already (a float under a VIFE that changes its scale); a
text (also dates); `Missing` where the bytes are there and say nothing legal; None where the field itself says why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache

from protocols.mbus import values
from protocols.mbus.manufacturer import manufacturer_name

FULL_IDENTIFICATION, MANUFACTURER_SIZE = 8, 2
CENTURY = 0x6000
"""Bits 5 and 6 of the hour's byte."""
KEPT_DATES = 2048
"""How many dates are kept as text: more than five years of days."""
DATES = frozenset({"date", "date_time"})


@dataclass(frozen=True, slots=True)
class Missing:
    """There are bytes, and no value: a display error, an invalid date."""

    reason: str


NO_FLOAT = Missing("the float is no number")
Cell = int | float | Decimal | str | Missing | None
Reader = Callable[[bytes], Cell]


class Form(Enum):
    """Forms that a plan reads for a whole telegram at once; all others are read one by one."""

    EMPTY = "empty"
    SIGNED = "signed"
    UNSIGNED = "unsigned"
    BCD = "bcd"
    REAL = "real"
    DATE = "date"
    DATE_TIME = "date_time"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Scale:
    """From the number that is sent to the cell: times `factor`, plus `plus`, at ten to the `exponent`."""

    exponent: int = 0
    factor: int = 1
    plus: int = 0

    @property
    def plain(self) -> bool:
        """Whether the number that is sent is the cell."""
        return self.factor == 1 and not self.plus


def scale_of(exponent: int, factor: int, offset_exponent: int | None) -> Scale:
    """A scale in whole numbers, also where a VIFE adds a power of ten of the unit."""
    if offset_exponent is None:
        return Scale(exponent, factor)
    least = min(exponent, offset_exponent)
    return Scale(least, factor * int(10 ** (exponent - least)), int(10 ** (offset_exponent - least)))


def form_of(data_field: int, size: int, kind: str) -> Form:
    """The form of data of this field, size and kind."""
    if kind in DATES and data_field in values.INTEGERS:
        by_size = {values.SIZE_G: Form.DATE, values.SIZE_F: Form.DATE_TIME}
        return Form.OTHER if kind == "date" and size == values.SIZE_F else by_size.get(size, Form.OTHER)
    if kind in DATES:
        return Form.OTHER
    if data_field in (*values.BCD, values.REAL):
        return Form.REAL if data_field == values.REAL else Form.BCD
    named = (kind == "manufacturer" and size == MANUFACTURER_SIZE) or (
        kind == "identity" and size == FULL_IDENTIFICATION
    )
    if data_field in values.INTEGERS and not named:
        return Form.SIGNED if kind == "number" else Form.UNSIGNED
    return Form.OTHER


def reader_of(data_field: int, lvar: int, size: int, kind: str, scale: Scale) -> Reader:
    """The function that reads such data; what it can't read is Missing."""
    form = form_of(data_field, size, kind)
    if scale.plain and form in PLAIN:
        return PLAIN[form]
    if form is Form.REAL:
        return _real_reader(scale)
    read = _raw_reader(data_field, lvar, size, kind)

    def cell(data: bytes) -> Cell:
        try:
            value = read(data)
        except values.NoValueError as error:
            return Missing(str(error))
        return value * scale.factor + scale.plus if isinstance(value, int) else value

    return cell


def decimal(data: bytes) -> Cell:
    """A BCD as it is sent."""
    try:
        return int(data[::-1].hex())
    except ValueError:
        return odd_decimal(data)


def odd_decimal(data: bytes) -> Cell:
    """A BCD with letters: a minus sign, or a display error."""
    try:
        return values.bcd(data)
    except values.NoValueError as error:
        return Missing(str(error))


@lru_cache(KEPT_DATES)
def date_cell(word: int) -> Cell:
    """A date of 16 bits as a cell: meters of a fleet tell the same few days again and again."""
    try:
        return values.date_of(word)
    except values.NoValueError as error:
        return Missing(str(error))


def date_time_cell(word: int) -> Cell:
    """A date and time of 32 bits as a cell; most are, so that they take the short way."""
    try:
        if not word & (values.INVALID | CENTURY):
            return f"{values.day_of(word >> 16, 0)}T{values.clock_of(word & 0x1F3F)}"
        return values.date_time_of(word)
    except values.NoValueError as error:
        return Missing(str(error))


def date(data: bytes) -> Cell:
    """A date of 2 bytes as a cell."""
    return date_cell(int.from_bytes(data, "little"))


def date_time(data: bytes) -> Cell:
    """A date and time of 4 bytes as a cell."""
    return date_time_cell(int.from_bytes(data, "little"))


PLAIN: dict[Form, Reader] = {
    Form.SIGNED: values.signed,
    Form.UNSIGNED: values.unsigned,
    Form.BCD: decimal,
    Form.DATE: date,
    Form.DATE_TIME: date_time,
}
"""Readers of what is sent as it is meant; the most of all data."""


def _real_reader(scale: Scale) -> Reader:
    cell = real_cell(scale)
    return lambda data: cell(*values.SINGLE.unpack(data))


def real_cell(scale: Scale) -> Callable[[float], Cell]:
    """From a float that is sent to its cell."""
    if scale.plain:
        return plain_real
    factor, plus = Decimal(scale.factor), Decimal(scale.plus)

    def cell(value: float) -> Cell:
        if not abs(value) <= values.LARGEST:
            return NO_FLOAT
        return values.EXACT.fma(values.real_of(value), factor, plus).scaleb(scale.exponent, values.EXACT)

    return cell


def plain_real(value: float) -> Cell:
    """A float that is sent as it is meant: it stays what it is until its decimal is asked for."""
    return value if abs(value) <= values.LARGEST else NO_FLOAT


def exact(cell: Cell, exponent: int) -> tuple[int | None, int]:
    """Mantissa and exponent of a cell that is a number; None of any other."""
    if isinstance(cell, int):
        return cell, exponent
    if isinstance(cell, float):
        cell = values.real_of(cell).scaleb(exponent, values.EXACT)
    if not isinstance(cell, Decimal):
        return None, 0
    sign, digits, own = cell.as_tuple()
    assert isinstance(own, int)  # noqa: S101 - a cell is never NaN
    return int("".join(map(str, digits))) * (-1 if sign else 1), own


def _raw_reader(data_field: int, lvar: int, size: int, kind: str) -> Callable[[bytes], int | str]:
    if kind in DATES and not _may_be_date(data_field, lvar):
        return _no_date("a date is a binary of 2, 3, 4 or 6 bytes")
    if data_field == values.VARIABLE:
        return lambda data: values.variable(lvar, data, kind)
    if data_field in values.BCD:
        return values.bcd
    if kind == "date_time" and size in (values.SIZE_J, values.SIZE_F, values.SIZE_I):
        return values.date_time
    if kind in DATES:
        return values.date if size == values.SIZE_G else _no_date(f"no date type has {size} bytes")
    if kind == "manufacturer" and size == MANUFACTURER_SIZE:
        return manufacturer_name
    if kind == "identity" and size == FULL_IDENTIFICATION:
        return full_identification
    return values.signed if kind == "number" else values.unsigned


def full_identification(data: bytes) -> str:
    """8 bytes: identification number, manufacturer, version, medium."""
    return f"{data[3::-1].hex()} {manufacturer_name(data[4:6])} {data[6]} {data[7]}"


def _no_date(reason: str) -> Callable[[bytes], int | str]:
    def refuse(_: bytes) -> str:
        raise values.NoValueError(reason)

    return refuse


def _may_be_date(data_field: int, lvar: int) -> bool:
    """Whether data of this form can be a date: an integer, or a text that spells one out."""
    return data_field in values.INTEGERS or (data_field == values.VARIABLE and lvar <= values.LONGEST_TEXT)
