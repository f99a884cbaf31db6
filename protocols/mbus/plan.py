"""Telegrams of a shape that was seen before, read at once: the meters of a model send the same heads every time.

A plan is compiled from a walk. It recognises a frame by one comparison of all bytes that make the shape (start,
lengths, CI, security mode, every head, fillers, the stop), then takes all numbers with one `unpack` and all decimals
with one look at the reversed digits. Whatever is unusual is read by the field itself, as the walk does; the walk is the
judge, and a plan never says anything else. Plans are few: built on second sight, and bounded per length, so that noise
can't fill the memory.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from struct import Struct
from typing import Any
from zlib import adler32

from protocols.mbus import codes
from protocols.mbus.application import RECORD_HEAD, Shape
from protocols.mbus.field import CUT, Field
from protocols.mbus.forms import Cell, Form, date_cell, date_time_cell, real_cell
from protocols.mbus.frame import HEAD_SIZE, PRIMARY

MAX_PLANS, MAX_SEEN, MAX_IN_ALL = 16, 64, 512
"""Plans and shapes seen once, for each length of a frame; and plans of all lengths."""
PLANNED = frozenset({codes.CI_LONG, codes.CI_SHORT, codes.CI_NONE})
SECURITY_MODE = 0x1F
"""Of the configuration word's high byte, the last of a header."""
STRUCT = {
    (Form.SIGNED, 1): "b", (Form.SIGNED, 2): "h", (Form.SIGNED, 4): "i", (Form.SIGNED, 8): "q",
    (Form.UNSIGNED, 1): "B", (Form.UNSIGNED, 2): "H", (Form.UNSIGNED, 4): "I", (Form.UNSIGNED, 8): "Q",
    (Form.DATE, 2): "H", (Form.DATE_TIME, 4): "I", (Form.REAL, 4): "f",
}  # fmt: skip
DATES: dict[Form, Callable[[Any], Cell]] = {Form.DATE: date_cell, Form.DATE_TIME: date_time_cell}


class Plan:
    """One shape, compiled."""

    def __init__(self, wire: bytes, shape: Shape) -> None:
        start = RECORD_HEAD + shape.base
        bodies = [(start + at + f.head, start + end) for f, (at, end) in zip(shape.fields, shape.spans, strict=True)]
        self.shape = shape
        shape.planned = True
        self.mask = int.from_bytes(_mask(wire, shape, bodies), "big")
        self.expected = int.from_bytes(wire, "big") & self.mask
        self._bodies = [slice(*body) for body in bodies]
        self._numbers, numbered = _layout(shape, bodies)
        decimals = [n for n, field in enumerate(shape.fields) if field.form is Form.BCD]
        self._digits = _digits(len(wire), [bodies[n] for n in decimals]) if decimals else None
        places = {n: place for place, n in enumerate(numbered + decimals, 1)}
        self._order = several([places.get(n, 0) for n in range(len(shape.fields))])
        self._readers = [(places[n], _reader(f)) for n, f in enumerate(shape.fields) if not _as_taken(f)]
        self._factors = [(places[n], f.scale.factor) for n, f in enumerate(shape.fields) if _scaled(f)]

    def cells(self, wire: bytes) -> tuple[Cell, ...]:
        """The cells of a frame of this shape, its checksum verified by whoever asks."""
        taken: list[Any]
        if self._digits is None:
            taken = [None, *self._numbers(wire)]
        else:
            try:
                taken = [None, *self._numbers(wire), *map(int, self._digits(wire[::-1].hex()))]
            except ValueError:
                return self._with_letters(wire)
        for place, read in self._readers:
            taken[place] = read(taken[place])
        for place, factor in self._factors:
            taken[place] *= factor
        cells: tuple[Cell, ...] = self._order(taken)
        return cells

    def _with_letters(self, wire: bytes) -> tuple[Cell, ...]:
        """The same where a decimal holds a minus sign or a display error: field by field."""
        return tuple(field.read(wire[body]) for field, body in zip(self.shape.fields, self._bodies, strict=True))


def _mask(wire: bytes, shape: Shape, bodies: list[tuple[int, int]]) -> bytes:
    """Ones where a byte makes the shape: all but address, most of C, the header, data, and the checksum."""
    mask = bytearray(b"\xff" * len(wire))
    mask[HEAD_SIZE : HEAD_SIZE + 2] = bytes([PRIMARY, 0])
    mask[RECORD_HEAD : RECORD_HEAD + shape.base] = bytes(shape.base)
    if shape.base:
        mask[RECORD_HEAD + shape.base - 1] = SECURITY_MODE
    for start, end in bodies:
        mask[start:end] = bytes(end - start)
    mask[-2] = 0
    return bytes(mask)


def _layout(shape: Shape, bodies: list[tuple[int, int]]) -> tuple[Callable[[bytes], tuple[Any, ...]], list[int]]:
    """One unpack for all but decimals, and whose places it fills."""
    layout, at, numbered = "<", 0, []
    for n, (field, (start, end)) in enumerate(zip(shape.fields, bodies, strict=True)):
        if field.form in (Form.BCD, Form.EMPTY):
            continue
        layout += f"{start - at}x" + STRUCT.get((field.form, field.size), f"{end - start}s")
        at = end
        numbered.append(n)
    return Struct(layout).unpack_from, numbered


def _digits(size: int, bodies: list[tuple[int, int]]) -> Callable[[str], tuple[str, ...]]:
    """Cut the decimals out of the frame's reversed hexadecimal digits."""
    return several([slice(2 * (size - end), 2 * (size - start)) for start, end in bodies])


def several(places: Sequence[int | slice]) -> Callable[[Any], tuple[Any, ...]]:
    """Take several items at once, as a tuple also where it is one or none."""
    if len(places) > 1:
        return itemgetter(*places)
    return (lambda row: (row[places[0]],)) if places else lambda _: ()


def _reader(field: Field) -> Callable[[Any], Cell]:
    """What makes a cell of what `unpack` gives."""
    return real_cell(field.scale) if field.form is Form.REAL else DATES.get(field.form, field.read)


def _scaled(field: Field) -> bool:
    return field.form is not Form.EMPTY and _as_taken(field) and not field.scale.plain


def _as_taken(field: Field) -> bool:
    """Whether what `unpack` or the digits give is the cell, but for a factor."""
    if field.form in (Form.BCD, Form.EMPTY):
        return True
    return field.form in (Form.SIGNED, Form.UNSIGNED) and (field.form, field.size) in STRUCT


class Plans:
    """The plans of one process: asked first, told of each walk."""

    def __init__(self) -> None:
        self._plans: dict[int, list[tuple[int, int, Plan]]] = {}
        self._seen: dict[int, dict[int, None]] = {}

    def match(self, wire: bytes) -> Plan | None:
        """The plan of the frame's shape; None for a walk, also where the checksum is wrong."""
        plans = self._plans.get(len(wire))
        if plans is None:
            return None
        number = int.from_bytes(wire, "big")
        for mask, expected, plan in plans:
            if number & mask == expected:
                return plan if adler32(wire[HEAD_SIZE:-2], 0) & 0xFF == wire[-2] else None
        return None

    def saw(self, wire: bytes, shape: Shape) -> None:
        """Take note of a walk; a shape seen twice gets its plan, and the oldest of that length makes room.

        What is noted is a hash: two shapes that share one cost a plan made too early, nothing else.
        """
        if not plannable(wire, shape):
            return
        seen, key = self._seen.setdefault(len(wire), {}), hash((shape.base, shape.fields, shape.spans))
        if key not in seen:
            seen[key] = None
            _bound(seen)
            return
        del seen[key]
        if len(self) >= MAX_IN_ALL:
            self._plans.clear()
        plans, plan = self._plans.setdefault(len(wire), []), Plan(wire, shape)
        plans.append((plan.mask, plan.expected, plan))
        del plans[:-MAX_PLANS]

    def __len__(self) -> int:
        return sum(map(len, self._plans.values()))


def plannable(wire: bytes, shape: Shape) -> bool:
    """Whether a shape can be told by its bytes alone: a slave's records, none encrypted, none cut off."""
    if not shape.fields or wire[RECORD_HEAD - 1] not in PLANNED or wire[HEAD_SIZE] & PRIMARY:
        return False
    return CUT not in shape.fields and shape.fields[0].head > 0


def _bound(seen: dict[int, None]) -> None:
    while len(seen) > MAX_SEEN:
        del seen[next(iter(seen))]
