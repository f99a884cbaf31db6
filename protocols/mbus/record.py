"""Records of variable data: DIF, DIFE, VIF, VIFE and data to `Record`, and back.

One record that can't be understood never hides the others: it stays in the result with its bytes and a reason. Only
more than 10 extension bytes are an error of the whole telegram.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from protocols.errors import MalformedError, OursError
from protocols.mbus import values
from protocols.mbus.manufacturer import manufacturer_name
from protocols.mbus.meaning import CODE, EXTENSION, PLAIN_TEXT, Value, meaning_of

MAKER_DATA, MORE_FOLLOWS, FILLER, READOUT_ALL = 0x0F, 0x1F, 0x2F, 0x7F
MAX_EXTENSIONS = 10
FUNCTIONS = ("instantaneous", "maximum", "minimum", "error")
FULL_IDENTIFICATION, MANUFACTURER_SIZE = 8, 2
DATES = frozenset({"date", "date_time"})

Scalar = int | Decimal | str | None


@dataclass(frozen=True, slots=True)
class Record:
    """One value with what it is of.

    `value` is exact and scaled to `unit`; None with a `reason` where it is not understood. `vif` are VIF and VIFE bytes
    (without a plain text), `data` the value's own bytes, `raw` all of the record's. `offset` counts from the first
    record's first byte.
    """

    quantity: str
    value: Scalar
    unit: str
    storage: int
    tariff: int
    subunit: int
    function: str
    raw: bytes
    reason: str | None
    vif: bytes = b""
    data: bytes = b""
    notes: tuple[str, ...] = ()
    offset: int = 0


@dataclass(slots=True)
class _Cursor:
    """Where a walk stands."""

    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise _CutError
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        return self.take(1)[0]


class _CutError(Exception):
    """The record ends before it is whole."""


def decode_records(data: bytes, *, from_master: bool = False) -> tuple[Record, ...]:
    """Return all records of `data`, fillers left out.

    Raises MalformedError (`too_many_dife`, `too_many_vife`) with its offset in `data`.
    """
    return tuple(_walk(_Cursor(data), from_master=from_master))


def more_follows(records: tuple[Record, ...]) -> bool:
    """Whether the slave has another telegram to this readout (DIF 1F)."""
    return bool(records) and records[-1].raw[:1] == bytes([MORE_FOLLOWS])


def _walk(cursor: _Cursor, *, from_master: bool) -> Iterator[Record]:
    while cursor.at < len(cursor.data):
        start = cursor.at
        dif = cursor.byte()
        if dif == FILLER:
            continue
        try:
            yield _special(cursor, start) if dif & 0x0F == values.SPECIAL else _record(cursor, start, dif, from_master)
        except _CutError:
            cursor.at = len(cursor.data)
            yield _raw(cursor, start, "unknown", "the record is cut off")


def _special(cursor: _Cursor, start: int) -> Record:
    dif = cursor.data[start]
    if dif == READOUT_ALL:
        return _raw(cursor, start, "global_readout_request", None)
    cursor.at = len(cursor.data)
    if dif in (MAKER_DATA, MORE_FOLLOWS):
        return _raw(cursor, start, "manufacturer_specific", "manufacturer specific")
    return _raw(cursor, start, "unknown", f"DIF {dif:02X} is reserved")


def _raw(cursor: _Cursor, start: int, quantity: str, reason: str | None) -> Record:
    raw = cursor.data[start : cursor.at]
    return Record(quantity, None, "", 0, 0, 0, FUNCTIONS[0], raw, reason, b"", raw[1:], (), start)


def _record(cursor: _Cursor, start: int, dif: int, from_master: bool) -> Record:  # noqa: FBT001 - private
    storage, tariff, subunit = _dife(cursor, dif)
    vif, text = _vif(cursor)
    meaning = meaning_of(vif, text, from_master=from_master)
    data, lvar, reason = _data(cursor, dif & 0x0F)
    value: Scalar = None
    if reason is None and meaning.reason is None:
        value, reason = _value(dif & 0x0F, lvar, data, meaning)
    return Record(
        quantity=meaning.meaning.quantity,
        value=value,
        unit=meaning.meaning.unit,
        storage=storage,
        tariff=tariff,
        subunit=subunit,
        function=FUNCTIONS[dif >> 4 & 3],
        raw=cursor.data[start : cursor.at],
        reason=meaning.reason or reason,
        vif=vif,
        data=data,
        notes=meaning.notes,
        offset=start,
    )


def _dife(cursor: _Cursor, dif: int) -> tuple[int, int, int]:
    storage, tariff, subunit, extended, count = dif >> 6 & 1, 0, 0, dif & EXTENSION, 0
    while extended:
        if count == MAX_EXTENSIONS:
            raise MalformedError("too_many_dife", "more than 10 DIFE", offset=cursor.at, expected="at most 10 DIFE")
        dife = cursor.byte()
        storage |= (dife & 0x0F) << (1 + 4 * count)
        tariff |= (dife >> 4 & 3) << (2 * count)
        subunit |= (dife >> 6 & 1) << count
        extended, count = dife & EXTENSION, count + 1
    return storage, tariff, subunit


def _vif(cursor: _Cursor) -> tuple[bytes, str]:
    """VIF and VIFEs, and the plain text that stands directly behind a VIF 7C or FC."""
    vif = [cursor.byte()]
    text = cursor.take(cursor.byte())[::-1].decode("latin-1") if vif[0] & CODE == PLAIN_TEXT else ""
    while vif[-1] & EXTENSION:
        if len(vif) > MAX_EXTENSIONS:
            raise MalformedError("too_many_vife", "more than 10 VIFE", offset=cursor.at, expected="at most 10 VIFE")
        vif.append(cursor.byte())
    return bytes(vif), text


def _data(cursor: _Cursor, data_field: int) -> tuple[bytes, int, str | None]:
    """The value's bytes, the length code of variable data, and why they can't be had."""
    if data_field != values.VARIABLE:
        return cursor.take(values.SIZES[data_field]), 0, None
    lvar = cursor.byte()
    try:
        return cursor.take(values.variable_size(lvar)), lvar, None
    except values.NoValueError as error:
        rest = cursor.take(len(cursor.data) - cursor.at)
        return rest, lvar, f"{error}: the rest of the telegram can't be told apart"


def _value(data_field: int, lvar: int, data: bytes, value: Value) -> tuple[Scalar, str | None]:
    if data_field == values.NONE:
        return None, "no data"
    if data_field == values.SELECTION:
        return None, "selection for readout"
    try:
        return _scaled(_read(data_field, lvar, data, value.meaning.kind), value), None
    except values.NoValueError as error:
        return None, str(error)


def _read(data_field: int, lvar: int, data: bytes, kind: str) -> Scalar:
    if kind in DATES and not _may_be_date(data_field, lvar):
        raise values.NoValueError("a date is a binary of 2, 3, 4 or 6 bytes")
    if data_field == values.VARIABLE:
        return values.variable(lvar, data, kind)
    if data_field == values.REAL:
        return values.real(data)
    if data_field in values.BCD:
        return values.bcd(data)
    if kind == "date_time" and len(data) in (3, 4, 6):
        return values.date_time(data)
    if kind in DATES and len(data) == len(b"GG"):
        return values.date(data)
    if kind in DATES:
        raise values.NoValueError(f"no date type has {len(data)} bytes")
    if kind == "manufacturer" and len(data) == MANUFACTURER_SIZE:
        return manufacturer_name(data)
    if kind == "identity" and len(data) == FULL_IDENTIFICATION:
        return f"{data[3::-1].hex()} {manufacturer_name(data[4:6])} {data[6]} {data[7]}"
    return int.from_bytes(data, "little", signed=kind == "number")


def _may_be_date(data_field: int, lvar: int) -> bool:
    """Whether data of this form can be a date: an integer, or a text that spells one out."""
    return data_field in values.INTEGERS or (data_field == values.VARIABLE and lvar <= values.LONGEST_TEXT)


def _scaled(value: Scalar, how: Value) -> Scalar:
    if not isinstance(value, int | Decimal):
        return value
    scaled = values.shifted(value * how.meaning.factor, how.meaning.exponent)
    return scaled if how.offset_exponent is None else values.added(scaled, values.shifted(1, how.offset_exponent))


def encode_record(dif: bytes, vif: bytes, data: bytes) -> bytes:
    """Put a record together; OursError where DIF and data, or extension bits, do not agree."""
    if not dif or not vif or _unchained(dif) or _unchained(vif):
        raise OursError(f"extension bits of {dif.hex()} {vif.hex()} do not chain")
    data_field = dif[0] & 0x0F
    if data_field not in (values.VARIABLE, values.SPECIAL) and len(data) != values.SIZES[data_field]:
        raise OursError(f"DIF {dif[0]:02X} is of {values.SIZES[data_field]} bytes, not {len(data)}")
    return dif + vif + data


def _unchained(chain: bytes) -> bool:
    return any(not b & EXTENSION for b in chain[:-1]) or bool(chain[-1] & EXTENSION)
