"""JSON of records without making them: what is the same in each is written once, and values are put in between.

The text is, byte for byte, what `present.json_of_records` makes of the records; a property test holds the two to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from protocols.mbus import values
from protocols.mbus.application import RECORD_HEAD, Shape
from protocols.mbus.field import KEPT, Field
from protocols.mbus.forms import Cell, Form, Missing, exact
from protocols.mbus.header import LONG_SIZE, SHORT_SIZE
from protocols.mbus.manufacturer import manufacturer_name
from protocols.mbus.plan import several
from protocols.types import medium_word

STRIDE, VALUE, RAW, REASON = 6, 1, 3, 5
"""Pieces of a record: up to the value, the value, up to the data, the data's digits, up to the reason, the reason."""
NULL = "null"
NUMBERS = frozenset({Form.BCD, Form.SIGNED, Form.UNSIGNED})
_encoder = msgspec.json.Encoder()


def quoted(value: object) -> str:
    """Anything but a Decimal as JSON."""
    return _encoder.encode(value).decode()


class Text:
    """One shape's text; called with a frame of it and its cells."""

    def __init__(self, wire: bytes, shape: Shape) -> None:
        self._pieces: list[str] = []
        self._writers: list[tuple[int, int, Callable[[Any], str]]] = []
        cuts, start = [], RECORD_HEAD + shape.base
        for n, (field, (at, end)) in enumerate(zip(shape.fields, shape.spans, strict=True)):
            body = start + at + field.head
            cuts.append(slice(2 * body, 2 * (start + end)))
            frame, before = framed(field), f"{framed(shape.fields[n - 1]).closing}," if n else ""
            head = wire[start + at : body].hex()
            self._pieces += [before + frame.opening, NULL, frame.middle + head, "", '","reason":', frame.reason]
            if field.form is not Form.EMPTY:
                self._writers.append((n, n * STRIDE + VALUE, frame.write))
        self._pieces.append(framed(shape.fields[-1]).closing + "]}")
        self._raws = several(cuts)
        self._head = _head(shape, wire[RECORD_HEAD - 1])

    def __call__(self, wire: bytes, cells: tuple[Cell, ...]) -> str:
        """One object on one line."""
        pieces = self._pieces.copy()
        pieces[RAW::STRIDE] = self._raws(wire.hex())
        if Missing in map(type, cells):
            self._with_missing(pieces, cells)
        else:
            for n, place, write in self._writers:
                pieces[place] = write(cells[n])
        return self._head(wire) + "".join(pieces)

    def _with_missing(self, pieces: list[str], cells: tuple[Cell, ...]) -> None:
        for n, place, write in self._writers:
            cell = cells[n]
            if isinstance(cell, Missing):
                pieces[place - VALUE + REASON] = quoted(cell.reason)
            else:
                pieces[place] = write(cell)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a field's value, its bytes, and its reason."""

    opening: str
    middle: str
    reason: str
    closing: str
    write: Callable[[Any], str]


@lru_cache(KEPT)
def framed(field: Field) -> Frame:
    """The frame of a field's records, made once."""
    about = {
        "unit": field.unit,
        "storage": field.storage,
        "tariff": field.tariff,
        "subunit": field.subunit,
        "function": field.function,
    }
    notes = f',"notes":{quoted(field.notes)}' if field.notes else ""
    return Frame(
        f'{{"quantity":{quoted(field.quantity)},"value":',
        f',{quoted(about)[1:-1]},"raw":"',
        quoted(field.reason),
        notes + "}",
        _writer(field),
    )


def once(wire: bytes, shape: Shape, cells: tuple[Cell, ...]) -> str:
    """The text of a frame whose shape has none: the same, put together record by record."""
    digits, start, rows = wire.hex(), RECORD_HEAD + shape.base, []
    for field, cell, (at, end) in zip(shape.fields, cells, shape.spans, strict=True):
        frame = framed(field)
        missing = isinstance(cell, Missing)
        value = NULL if missing or cell is None else frame.write(cell)
        reason = quoted(cell.reason) if isinstance(cell, Missing) else frame.reason
        raw = digits[2 * (start + at) : 2 * (start + end)]
        rows.append(f'{frame.opening}{value}{frame.middle}{raw}","reason":{reason}{frame.closing}')
    return _head(shape, wire[RECORD_HEAD - 1])(wire) + ",".join(rows) + "]}"


def _head(shape: Shape, ci: int) -> Callable[[bytes], str]:
    """The header's text; who speaks is one of few, the counts differ each time."""
    if shape.base == LONG_SIZE:
        return lambda w: (
            f'{{"header":{{"id":"{w[10:6:-1].hex()}",{_who(w[11:15])},"access_no":{w[15]},"status":{w[16]},"ci":{ci},'
            f'"address":{w[5]}}},"records":['
        )
    nobody = '{"header":{"id":null,"manufacturer":null,"version":null,"medium":null,'
    if shape.base == SHORT_SIZE:
        return lambda w: f'{nobody}"access_no":{w[7]},"status":{w[8]},"ci":{ci},"address":{w[5]}}},"records":['
    return lambda w: f'{nobody}"access_no":null,"status":null,"ci":{ci},"address":{w[5]}}},"records":['


@lru_cache(256)
def _who(data: bytes) -> str:
    maker, medium = quoted(manufacturer_name(data[:2])), quoted(medium_word(data[3]))
    return f'"manufacturer":{maker},"version":{data[2]},"medium":{medium}'


def _writer(field: Field) -> Callable[[Any], str]:
    """What writes a cell of this field that is there."""
    if field.form in (Form.DATE, Form.DATE_TIME):
        return '"{}"'.format
    if field.form in NUMBERS:
        return _point_writer(-field.exponent) if field.exponent < 0 else _zeros_writer(field.exponent)
    if field.form is Form.REAL and field.scale.plain:
        return lambda cell: real_text(cell, field.exponent)
    return lambda cell: cell_text(cell, field.exponent)


def _zeros_writer(zeros: int) -> Callable[[Any], str]:
    power = int(10**zeros)
    return (lambda number: str(number * power)) if zeros else str


def _point_writer(digits: int) -> Callable[[Any], str]:
    before, after = slice(None, -digits), slice(-digits, None)

    def write(number: int) -> str:
        text = str(number)
        if len(text) <= digits or number < 0:
            text = str(abs(number)).zfill(digits + 1)
            return f"{'-' * (number < 0)}{text[before]}.{text[after]}"
        return f"{text[before]}.{text[after]}"

    return write


def cell_text(cell: Cell, exponent: int) -> str:
    """Any cell that is there, as JSON."""
    if isinstance(cell, str):
        return quoted(cell)
    if isinstance(cell, float):
        return real_text(cell, exponent)
    mantissa, at = exact(cell, exponent)
    value = values.shifted(mantissa or 0, at)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def real_text(number: float, exponent: int) -> str:
    """A float's shortest decimal, scaled, in digits alone."""
    text = values.shortest(number)
    if exponent or "e" in text:
        return format(Decimal(text).scaleb(exponent, values.EXACT), "f")
    return text
