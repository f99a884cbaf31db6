"""Fixed data (CI 73 of wired meters, 16 bytes): two counters with a unit each. Rare, and still on walls.

Source: facts/MBUS.md section 3. CI 73 is a compact frame in newer texts: only the length tells.
"""

from dataclasses import replace

from protocols.mbus import values
from protocols.mbus.header import Header
from protocols.mbus.record import Record, Scalar

SIZE = 16
BINARY, HISTORIC_DATE, HISTORIC, NO_UNIT = 0x01, 0x02, 0x3E, 0x3F
MEDIA = {
    0: 0x00, 1: 0x01, 2: 0x02, 3: 0x03, 4: 0x04, 5: 0x05, 6: 0x06, 7: 0x07, 8: 0x08,
    0xA: 0x03, 0xB: 0x04, 0xC: 0x06, 0xD: 0x07, 0xE: 0x08,
}  # fmt: skip
"""The medium nibble as the medium byte of variable data; from A on the counters' high byte comes first."""
HIGH_BYTE_FIRST = 0xA


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


def decode_fixed(bare: Header, data: bytes) -> tuple[Header, tuple[Record, ...]]:
    """Read the 16 bytes."""
    status, types = data[5], data[6:8]
    nibble = types[1] >> 6 << 2 | types[0] >> 6
    header = replace(bare, id=data[3::-1].hex(), access_no=data[4], status=status & 0xFC, medium=MEDIA.get(nibble))
    units = [t & 0x3F for t in types]
    counters = (data[8:12], data[12:16])
    return header, tuple(
        _counter(counter, units, which, status, swap=nibble >= HIGH_BYTE_FIRST)
        for which, counter in enumerate(counters)
    )


def _counter(data: bytes, units: list[int], which: int, status: int, *, swap: bool) -> Record:
    historic = units[which] == HISTORIC
    unit = units[0] if historic else units[which]
    quantity, name, exponent = UNITS.get(unit, ("dimensionless", "", 0))
    value, reason = _value(data[::-1] if swap else data, status)
    if unit not in UNITS and unit != NO_UNIT:
        value, reason = None, f"unit {unit:02X} of fixed data is no number"
    storage = int(historic or bool(status & HISTORIC_DATE))
    return Record(
        quantity=quantity,
        value=value if not isinstance(value, int) else values.shifted(value, exponent),
        unit=name,
        storage=storage,
        tariff=0,
        subunit=0,
        function="instantaneous",
        raw=data,
        reason=reason,
        data=data,
        offset=8 + 4 * which,
    )


def _value(data: bytes, status: int) -> tuple[Scalar, str | None]:
    if status & BINARY:
        return int.from_bytes(data, "little", signed=True), None
    try:
        return values.bcd(data), None
    except values.NoValueError as error:
        return None, str(error)
