"""What we write, two other decoders read as we do, wherever they are right; and what they write off, we keep.

Where a peer is known to be wrong (variable-length data, floats, fixed data) it is not asked.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import meterbus
import pymbusparser
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocols.mbus import values
from protocols.mbus.encoding import encode_record
from protocols.mbus.frame import Long, encode
from protocols.mbus.header import encode_long
from protocols.mbus.record import Record
from protocols.mbus.telegram import decode_telegram
from protocols.types import Identity

WHO = Identity("12345678", "CBS", 1, 7)
SND_NR = 0x44
"""A length that pyMeterBus takes for a radio telegram's control field."""
VIFS = [*range(0x08), *range(0x10, 0x18), *range(0x28, 0x30), *range(0x38, 0x40), *range(0x58, 0x6C)]


@dataclass(frozen=True, slots=True)
class Written:
    """One record as bytes."""

    dif: bytes
    vif: int
    data: bytes

    def encode(self) -> bytes:
        return encode_record(self.dif, bytes([self.vif]), self.data)


def _binary(field: int, number: int) -> tuple[int, bytes]:
    size = values.SIZES[field]
    span = 1 << 8 * size
    return field, ((number + span // 2) % span - span // 2).to_bytes(size, "little", signed=True)


def _bcd(field: int, number: int) -> tuple[int, bytes]:
    size = values.SIZES[field]
    return field, values.encode_bcd(number % 10 ** (2 * size), size)


def _written(data: tuple[int, bytes], vif: int, function: int, dife: tuple[int, int, int] | None) -> Written:
    field, raw = data
    head = field | function << 4
    if dife is None:
        return Written(bytes([head]), vif, raw)
    storage, tariff, subunit = dife
    return Written(bytes([head | 0x80 | (storage & 1) << 6, storage >> 1 | tariff << 4 | subunit << 6]), vif, raw)


NUMBERS = st.integers(-(1 << 40), 1 << 40)
BINARIES = st.builds(_binary, st.sampled_from([1, 2, 3, 4, 6, 7]), NUMBERS)
BCDS = st.builds(_bcd, st.sampled_from([9, 0xA, 0xB, 0xC, 0xE]), st.integers(0, 10**12))
DIFES = st.none() | st.tuples(st.integers(0, 31), st.integers(0, 3), st.integers(0, 1))
RECORDS = st.lists(
    st.builds(_written, BINARIES | BCDS, st.sampled_from(VIFS), st.integers(0, 3), DIFES), min_size=1, max_size=12
)


def telegram(records: list[Written]) -> bytes:
    return encode(Long(0x08, 5, 0x72, encode_long(WHO, 7, 0) + b"".join(r.encode() for r in records)))


def ours(raw: bytes) -> list[Record]:
    return list(decode_telegram(raw).records)


def number(record: Record) -> Decimal:
    assert isinstance(record.value, int | Decimal)
    return Decimal(record.value)


@settings(max_examples=100)
@given(RECORDS)
def test_pymbusparser_reads_what_we_write_as_we_do(records: list[Written]) -> None:
    raw = telegram(records)
    parsed: dict[str, Any] = pymbusparser.parse(raw)
    assert parsed["decode_state"] == "complete"
    mine, theirs = ours(raw), parsed["records"]
    assert len(mine) == len(theirs)
    for record, other in zip(mine, theirs, strict=True):
        assert Decimal(other["value"]["value"]) == number(record)
        assert (other["storage_number"], other["tariff"], other["subunit"]) == (
            record.storage,
            record.tariff,
            record.subunit,
        )


@settings(max_examples=100)
@given(RECORDS)
def test_pymeterbus_reads_what_we_write_as_we_do(records: list[Written]) -> None:
    raw = telegram(records)
    assume(raw[1] != SND_NR)
    mine, theirs = ours(raw), [r.interpreted for r in meterbus.load(raw).body.bodyPayload.records]
    assert len(mine) == len(theirs)
    for record, other in zip(mine, theirs, strict=True):
        assert abs(Decimal(other["value"]) - number(record)) <= abs(number(record)) * Decimal("1e-12")
        assert other["storage_number"] == record.storage
        assert (other.get("tariff", 0), other.get("device", 0)) == (record.tariff, record.subunit)


def test_what_a_peer_drops_we_keep() -> None:
    bad = Written(b"\x0c", 0x2A, bytes.fromhex("DDB4EBDD"))
    good = Written(b"\x0a", 0x3B, bytes.fromhex("1301"))
    mine = ours(telegram([bad, good]))
    assert [r.value for r in mine] == [None, Decimal("0.113")]
