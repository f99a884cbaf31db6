"""Fixed data (CI 73 of wired meters, 16 bytes): two counters with a unit each. Rare, and still on walls.

Source: facts/MBUS.md section 3. CI 73 is a compact frame in newer texts: only the length tells.
"""

from dataclasses import replace

from protocols.errors import OursError
from protocols.mbus import values
from protocols.mbus.field import Field
from protocols.mbus.forms import Cell, Missing
from protocols.mbus.header import Header, encode_short, id_bytes
from protocols.mbus.record import Columns

SIZE = 16
BINARY, HISTORIC_DATE, HISTORIC, NO_UNIT = 0x01, 0x02, 0x3E, 0x3F
MEDIA = {
    0: 0x00, 1: 0x01, 2: 0x02, 3: 0x03, 4: 0x04, 5: 0x05, 6: 0x06, 7: 0x07, 8: 0x08,
    0xA: 0x03, 0xB: 0x04, 0xC: 0x06, 0xD: 0x07, 0xE: 0x08,
}  # fmt: skip
"""The medium nibble as the medium byte of variable data; from A on the counters' high byte comes first."""
HIGH_BYTE_FIRST, MEDIUM_MASK = 0xA, 0xF


def _units() -> dict[int, tuple[str, str, int]]:
    """Quantity, unit and exponent by the six low bits of a counter's type."""
    rows = (
        (0x02, 9, "energy", "Wh", 0),
        (0x0B, 9, "energy", "J", 3),
        (0x14, 9, "power", "W", 0),
        (0x1D, 9, "power", "J/h", 3),
        (0x26, 9, "volume", "m3", -6),
        (0x2F, 9, "volume_flow", "m3/h", -6),
    )
    table = {first + n: (name, unit, base + n) for first, count, name, unit, base in rows for n in range(count)}
    return {**table, 0x38: ("temperature", "C", -3), 0x39: ("heat_cost_allocation", "HCA", 0)}


UNITS = _units()


def decode_fixed(bare: Header, data: bytes) -> tuple[Header, Columns]:
    """Read the 16 bytes."""
    status, types = data[5], data[6:8]
    nibble = types[1] >> 6 << 2 | types[0] >> 6
    header = replace(bare, id=data[3::-1].hex(), access_no=data[4], status=status & 0xFC, medium=MEDIA.get(nibble))
    units = [t & 0x3F for t in types]
    spans = ((8, 12), (12, 16))
    fields = tuple(_field(units[0] if unit == HISTORIC else unit, unit, status) for unit in units)
    swap = nibble >= HIGH_BYTE_FIRST
    cells = tuple(
        None if field.reason else _cell(data[start:stop][:: -1 if swap else 1], status)
        for field, (start, stop) in zip(fields, spans, strict=True)
    )
    return header, Columns(fields, cells, spans)


def encode_fixed(
    digits: str, access_no: int, status: int, medium_code: int, counters: tuple[tuple[int, int], tuple[int, int]]
) -> bytes:
    """Write 16 bytes: two counters, each a unit code and its number in that unit; OursError where one does not fit.

    `medium_code` is the nibble of fixed data; bit 0 of `status` says that the counters are binary, bit 1 that they were
    stored at a fixed date.
    """
    units, numbers = zip(*counters, strict=True)
    if not 0 <= medium_code <= MEDIUM_MASK or not all(0 <= unit <= NO_UNIT for unit in units):
        raise OursError(f"no fixed data say medium {medium_code} and units {units}")
    types = bytes([units[0] | (medium_code & 3) << 6, units[1] | medium_code >> 2 << 6])
    order = -1 if medium_code >= HIGH_BYTE_FIRST else 1
    data = b"".join(_counter(number, status)[::order] for number in numbers)
    return id_bytes(digits) + encode_short(access_no, status)[:2] + types + data


def _counter(number: int, status: int) -> bytes:
    if not status & BINARY:
        return values.encode_bcd(number, 4)
    try:
        return number.to_bytes(4, "little", signed=True)
    except OverflowError:
        raise OursError(f"{number} does not fit into a counter of 4 bytes") from None


def _field(unit: int, told: int, status: int) -> Field:
    quantity, name, exponent = UNITS.get(unit, ("dimensionless", "", 0))
    reason = None if unit in UNITS or unit == NO_UNIT else f"unit {unit:02X} of fixed data is no number"
    storage = int(told == HISTORIC or bool(status & HISTORIC_DATE))
    return Field(quantity, name, exponent, storage, reason=reason, head=0, size=4)


def _cell(data: bytes, status: int) -> Cell:
    if status & BINARY:
        return values.signed(data)
    try:
        return values.bcd(data)
    except values.NoValueError as error:
        return Missing(str(error))
