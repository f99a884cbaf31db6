"""Records as bytes: for simulated meters, for what a master writes, for tests. Strict: what does not fit is our fault.

The inverse of reading: `encode_value` takes the head it will be read by and a value in the unit that head says.
"""

import struct
from decimal import Decimal

from protocols.errors import OursError
from protocols.mbus import values
from protocols.mbus.field import FROM_MASTER, FROM_METER, FUNCTIONS, MAX_EXTENSIONS, REST, Field, head_end, parts_of
from protocols.mbus.forms import FULL_IDENTIFICATION, MANUFACTURER_SIZE, Missing, exact
from protocols.mbus.header import id_bytes
from protocols.mbus.manufacturer import manufacturer_bytes
from protocols.mbus.meaning import CODE, EXTENSION, PLAIN_TEXT

Sayable = int | Decimal | str


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


def encode_head(
    data_field: int,
    vif: bytes,
    *,
    storage: int = 0,
    tariff: int = 0,
    subunit: int = 0,
    function: str = FUNCTIONS[0],
    text: str = "",
    lvar: int | None = None,
) -> bytes:
    """DIF, as many DIFEs as the numbers need, VIF with its plain text, VIFEs, and the length code of variable data."""
    difes = _difes(storage, tariff, subunit)
    if (
        function not in FUNCTIONS
        or not 0 <= data_field < values.SPECIAL
        or (lvar is None) == (data_field == values.VARIABLE)
    ):
        raise OursError(f"no head says data field {data_field}, {function}, length code {lvar}")
    if not vif or _unchained(vif) or len(vif) > MAX_EXTENSIONS + 1:
        raise OursError(f"extension bits of VIF {vif.hex()} do not chain, or are more than {MAX_EXTENSIONS}")
    dif = data_field | FUNCTIONS.index(function) << 4 | (storage & 1) << 6 | (EXTENSION if difes else 0)
    spelled = _spelled(text) if vif[0] & CODE == PLAIN_TEXT else b""
    return bytes([dif]) + difes + vif[:1] + spelled + vif[1:] + (b"" if lvar is None else bytes([lvar]))


def _difes(storage: int, tariff: int, subunit: int) -> bytes:
    if min(storage, tariff, subunit) < 0:
        raise OursError("storage, tariff and subunit are numbers from 0 on")
    rest, difes = [storage >> 1, tariff, subunit], bytearray()
    while any(rest):
        difes.append(rest[0] & 0x0F | (rest[1] & 3) << 4 | (rest[2] & 1) << 6 | EXTENSION)
        rest = [rest[0] >> 4, rest[1] >> 2, rest[2] >> 1]
    if len(difes) > MAX_EXTENSIONS:
        raise OursError(f"storage {storage}, tariff {tariff}, subunit {subunit} need more than {MAX_EXTENSIONS} DIFE")
    if difes:
        difes[-1] &= CODE
    return bytes(difes)


def _spelled(text: str) -> bytes:
    data = _latin(text)
    return bytes([len(data)]) + data


def _latin(text: str) -> bytes:
    try:
        data = text.encode("latin-1")[::-1]
    except UnicodeEncodeError:
        raise OursError(f"{text!r} holds letters that ISO 8859-1 has not") from None
    if len(data) > values.LONGEST_TEXT:
        raise OursError(f"{len(data)} letters are more than {values.LONGEST_TEXT}")
    return data


def encode_value(head: bytes, value: Sayable, *, from_master: bool = False) -> bytes:
    """A whole record: `head`, then `value` so that it is read as it was given; OursError where that can't be."""
    if not head or head_end(head + bytes(2), 0) != len(head):
        raise OursError(f"{head.hex()} is no head of a record")
    field = (FROM_MASTER if from_master else FROM_METER).learn(head)
    if field.reason is not None or field.size == REST:
        raise OursError(f"a record that begins {head.hex()} holds no value: {field.reason}")
    data = _text_data(head, field, value) if isinstance(value, str) else _number_data(head, field, Decimal(value))
    told = field.read(data) if len(data) == field.size else Missing("its size differs")
    if told != value and not _same_number(exact(told, field.exponent), value):
        raise OursError(f"{value!r} can't be said by a record that begins {head.hex()}")
    return head + data


def _same_number(told: tuple[int | None, int], value: Sayable) -> bool:
    mantissa, exponent = told
    return mantissa is not None and not isinstance(value, str) and values.shifted(mantissa, exponent) == value


def _number_data(head: bytes, field: Field, value: Decimal) -> bytes:
    if not value.is_finite():
        raise OursError(f"{value} is no number")
    data_field, lvar, kind = parts_of(head)
    sent = values.EXACT.subtract(Decimal(values.shifted(value, -field.exponent)), Decimal(field.scale.plus))
    if data_field == values.REAL:
        return _float(float(sent) / field.scale.factor)
    number, rest = divmod(int(sent), field.scale.factor)
    if rest or sent != int(sent):
        raise OursError(f"{value} {field.unit} is finer than a record that begins {head.hex()} can say")
    if data_field in values.BCD or values.LONGEST_TEXT < lvar < values.BINARY:
        return values.encode_bcd(-number if lvar >= values.NEGATIVE else number, field.size)
    try:
        return number.to_bytes(field.size, "little", signed=kind == "number")
    except OverflowError:
        raise OursError(f"{number} does not fit into {field.size} bytes") from None


def _float(number: float) -> bytes:
    try:
        return struct.pack("<f", number)
    except OverflowError:
        raise OursError(f"{number} is beyond single precision") from None


def _text_data(head: bytes, field: Field, value: str) -> bytes:
    data_field, lvar, kind = parts_of(head)
    if data_field == values.VARIABLE and lvar <= values.LONGEST_TEXT:
        return _latin(value)
    if kind in ("date", "date_time") and field.size != values.SIZE_J:
        return values.encode_date_time(value, field.size) if field.size != values.SIZE_G else values.encode_date(value)
    if kind == "date_time":
        return values.encode_time(value)
    if kind == "manufacturer" and field.size == MANUFACTURER_SIZE:
        return manufacturer_bytes(value)
    if kind == "identity" and field.size == FULL_IDENTIFICATION:
        return _identification(value)
    return _digits(value)


def _identification(value: str) -> bytes:
    number, maker, *tail = value.split()
    try:
        return id_bytes(number) + manufacturer_bytes(maker) + bytes(map(int, tail))
    except ValueError as error:
        raise OursError(f"{value!r} is no identification: {error}") from None


def _digits(value: str) -> bytes:
    """A binary that names something, by its hexadecimal digits."""
    try:
        return bytes.fromhex(value)[::-1]
    except ValueError:
        raise OursError(f"{value!r} is not hexadecimal digits") from None
