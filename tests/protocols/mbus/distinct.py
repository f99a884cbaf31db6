"""Distinct frames of known shapes: the same heads with other, legal data, another number of the meter, another count.

Used where many frames of real meters are wanted and some dozens are there. What a meter left without a value stays so.
"""

import struct
from random import Random

from protocols.mbus.application import RECORD_HEAD
from protocols.mbus.field import Field
from protocols.mbus.forms import Cell, Form, Missing
from protocols.mbus.frame import HEAD_SIZE, checksum
from protocols.mbus.header import LONG_SIZE
from protocols.mbus.telegram import walk_telegram
from protocols.mbus.values import encode_bcd, encode_date, encode_date_time


def distinct(wire: bytes, chance: Random) -> bytes:
    """Another frame of the shape of `wire`."""
    telegram, changed = walk_telegram(wire), bytearray(wire)
    start = RECORD_HEAD + telegram.shape.base
    if telegram.shape.base == LONG_SIZE:
        changed[RECORD_HEAD : RECORD_HEAD + 4] = encode_bcd(chance.randrange(10**8), 4)
        changed[start - 4] = chance.randrange(256)
    for field, cell, (at, end) in zip(telegram.shape.fields, telegram.cells, telegram.shape.spans, strict=True):
        body = slice(start + at + field.head, start + end)
        changed[body] = other_data(field, cell, bytes(changed[body]), chance)
    changed[-2] = checksum(bytes(changed[HEAD_SIZE:-2]))
    return bytes(changed)


def other_data(field: Field, cell: Cell, data: bytes, chance: Random) -> bytes:
    """Legal data of the field's form and about the size that was there; the same where the form has no other."""
    if cell is None or isinstance(cell, Missing):
        return data
    match field.form:
        case Form.BCD:
            digits = len(data.hex().rstrip("0")) or 1
            return encode_bcd(chance.randrange(10 ** min(digits, 2 * len(data))), len(data))
        case Form.SIGNED | Form.UNSIGNED:
            number = int.from_bytes(data, "little", signed=field.form is Form.SIGNED)
            number = chance.randrange(max(abs(number), 100 if len(data) > 1 else 10))
            return number.to_bytes(len(data), "little")
        case Form.REAL:
            return struct.pack("<f", struct.unpack("<f", data)[0] * chance.uniform(0.5, 1.5))
        case Form.DATE:
            return encode_date(day(chance))
        case Form.DATE_TIME:
            return encode_date_time(f"{day(chance)}T{chance.randrange(24):02d}:{chance.randrange(60):02d}")
        case _:
            return data


def day(chance: Random) -> str:
    """A day of the last five years: meters tell stored values of months, not of decades."""
    return f"{chance.randrange(2022, 2027)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
