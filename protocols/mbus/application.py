"""What the user data of a long frame say, by CI field: `Content`, read by walking the bytes. No cache stands here.

What we do not interpret is one record with its bytes and the kind's name; its header is read where it has one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from protocols.errors import MalformedError
from protocols.mbus import codes, values
from protocols.mbus.field import Field
from protocols.mbus.fixed import SIZE as FIXED_SIZE
from protocols.mbus.fixed import decode_fixed
from protocols.mbus.forms import Cell, Form
from protocols.mbus.frame import PRIMARY, Long
from protocols.mbus.header import LONG_SIZE, SHORT_SIZE, Header, decode_long, decode_short
from protocols.mbus.manufacturer import manufacturer_name
from protocols.mbus.record import Columns, read_columns
from protocols.mbus.security import ciphertext_size, mode

RECORD_HEAD = 7
"""Bytes of a long frame before its user data: 68 L L 68 C A CI."""
VARIABLE = frozenset({codes.CI_LONG, codes.CI_SHORT, codes.CI_NONE, codes.CI_DATA_SEND})
INTERPRETED = VARIABLE | codes.ERROR_CIS | codes.ALARM_CIS | {codes.CI_FIXED, codes.CI_RESET, codes.CI_SELECT}
HIGH_BYTE_FIRST = frozenset({codes.CI_LONG_MODE_2, codes.CI_FIXED_MODE_2, codes.CI_SELECT_MODE_2})
SELECTION_SIZE = 8
ALARM = Field("alarm", head=0, size=1, form=Form.UNSIGNED, read=values.unsigned)
"""Type D; the bits are the maker's."""
SELECTION = Field("selection", head=0, size=SELECTION_SIZE)
EMPTY = Columns((), (), ())


@dataclass(slots=True, eq=False)
class Shape:
    """What telegrams of one shape share: `base` bytes of header, then records; spans count from behind the header.

    `error` is an application's refusal; `joined` records are of several frames. A shape that has a plan is kept, and
    its text (JSON) with it once somebody has asked for that.
    """

    base: int
    fields: tuple[Field, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    more_follows: bool = False
    fixed: bool = False
    error: str | None = None
    joined: bool = False
    planned: bool = False
    text: Callable[[bytes, tuple[Cell, ...]], str] | None = None


Content = tuple[Shape, tuple[Cell, ...]]
"""What user data say."""


def read(frame: Long) -> Content:
    """What a frame's user data say. Raises MalformedError; its offset counts from the frame's first byte."""
    ci, data = frame.ci, frame.data
    if ci in VARIABLE:
        return _variable(frame)
    if ci == codes.CI_FIXED and len(data) == FIXED_SIZE:
        return _content(0, decode_fixed(Header(None, None, None), data)[1], fixed=True)
    base = header_size(ci, len(data))
    if ci in codes.ERROR_CIS:
        return _refusal(ci, data)
    if ci in codes.ALARM_CIS and len(data) > base:
        return _content(base, _first(ALARM, data[base], data[base:], 1))
    if ci == codes.CI_RESET and data:
        return _content(0, _first(_reset(data[0] >> 4), data[0], data, 1))
    if ci == codes.CI_SELECT and len(data) >= SELECTION_SIZE:
        return _selection(data)
    return _content(base, _raw(_name(ci), data[base:]))


def header_size(ci: int, available: int) -> int:
    """How many bytes of header the kind has; 0 where it has none, or not so many bytes are there."""
    size = LONG_SIZE if ci in codes.LONG_HEADERS else SHORT_SIZE if ci in codes.SHORT_HEADERS else 0
    return size if size <= available else 0


def header(bare: Header, data: bytes, shape: Shape) -> Header:
    """Who speaks, as far as the data's header says."""
    if shape.fixed:
        return decode_fixed(bare, data)[0]
    if shape.base == LONG_SIZE:
        return decode_long(bare, data)
    return decode_short(bare, data) if shape.base == SHORT_SIZE else bare


def _content(base: int, columns: Columns, *, fixed: bool = False) -> Content:
    fields = columns.fields
    follows = bool(fields) and fields[-1].more_follows
    return Shape(base, fields, columns.spans, follows, fixed), columns.cells


def _variable(frame: Long) -> Content:
    size = LONG_SIZE if frame.ci == codes.CI_LONG else SHORT_SIZE if frame.ci == codes.CI_SHORT else 0
    if len(frame.data) < size:
        message, at = f"a header of {size} bytes has {len(frame.data)}", RECORD_HEAD + len(frame.data)
        raise MalformedError("truncated", message, offset=at, expected=f"{size} bytes")
    configuration = int.from_bytes(frame.data[size - 2 : size], "little") if size else 0
    body = frame.data[size:]
    secret = ciphertext_size(configuration, body) if configuration else 0
    try:
        columns = read_columns(body, start=secret, from_master=bool(frame.c & PRIMARY))
    except MalformedError as error:
        offset = error.offset + RECORD_HEAD + size
        raise MalformedError(error.code, str(error), offset=offset, expected=error.expected) from None
    if not secret:
        return _content(size, columns)
    hidden = _named("encrypted", f"encrypted, security mode {mode(configuration)}")
    return _content(size, _joined(Columns((hidden,), (None,), ((0, secret),)), columns))


def _selection(data: bytes) -> Content:
    """Whom a master selects: digits F and * stand for any; records behind it narrow the choice."""
    maker = "*" if data[4:6] == b"\xff\xff" else manufacturer_name(data[4:6])
    version, medium = ("*" if byte == codes.ANY_BYTE else str(byte) for byte in data[6:8])
    who = f"{data[3::-1].hex().upper()} {maker} {version} {medium}"
    first = Columns((SELECTION,), (who,), ((0, SELECTION_SIZE),))
    try:
        return _content(0, _joined(first, read_columns(data, start=SELECTION_SIZE, from_master=True)))
    except MalformedError as error:
        offset = error.offset + RECORD_HEAD
        raise MalformedError(error.code, str(error), offset=offset, expected=error.expected) from None


def _refusal(ci: int, data: bytes) -> Content:
    size = LONG_SIZE if ci in codes.LONG_HEADERS else SHORT_SIZE if ci in codes.SHORT_HEADERS else 0
    if len(data) < size:
        message, at = f"a header of {size} bytes has {len(data)}", RECORD_HEAD + len(data)
        raise MalformedError("truncated", message, offset=at, expected=f"{size} bytes")
    code = data[size] if len(data) > size else 0
    return Shape(size, error=codes.APPLICATION_ERRORS.get(code, f"application error {code:02X}")), ()


def _first(field: Field, cell: Cell, data: bytes, size: int) -> Columns:
    """One field, and what follows it, which nobody has told us of."""
    first = Columns((field,), (cell,), ((0, size),))
    rest = _named("unknown", "not interpreted: more bytes than this kind has")
    return first if len(data) == size else _joined(first, Columns((rest,), (None,), ((size, len(data)),)))


def _raw(name: str, data: bytes) -> Columns:
    return Columns((_named("unknown", f"not interpreted: {name}"),), (None,), ((0, len(data)),))


def _joined(one: Columns, other: Columns) -> Columns:
    return Columns(one.fields + other.fields, one.cells + other.cells, one.spans + other.spans)


def _name(ci: int) -> str:
    if ci in HIGH_BYTE_FIRST:
        return f"{codes.ci_name(ci)}: high byte first"
    return "compact frame, long header" if ci == codes.CI_FIXED else codes.ci_name(ci)


@lru_cache(256)
def _named(quantity: str, reason: str) -> Field:
    return Field(quantity, reason=reason, head=0)


@lru_cache(16)
def _reset(part: int) -> Field:
    return Field("application_reset", notes=(codes.RESET_PARTS[part],), head=0, size=1)
