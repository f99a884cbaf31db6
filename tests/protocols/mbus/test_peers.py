"""What we write, two other decoders read as we do, wherever they are right; and what they write off, we keep.

Where a peer is known to be wrong (decimals of variable length, floats, fixed data, dates of 6 bytes) it is not asked.
"""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

import meterbus
import pymbusparser
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocols.mbus import values
from protocols.mbus.encoding import encode_head, encode_record, encode_value
from protocols.mbus.frame import Long, encode
from protocols.mbus.header import encode_long
from protocols.mbus.record import Record
from protocols.mbus.responses import with_long_header
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


ASCII = (
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=20).map(str.strip).filter(len)
)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2079, 12, 31))
EVERY_DAY = 31
"""pymbusparser takes the 31st for every day; 0 is."""
NAMED = st.sampled_from([b"\x78", b"\xfd\x11", b"\xfd\x10"])


def said(head: bytes, value: Decimal | str) -> bytes:
    """A telegram that says one value under this head."""
    return encode(with_long_header(5, WHO, encode_value(head, value)))


def theirs(raw: bytes) -> tuple[object, object]:
    """What pymbusparser and pyMeterBus make of the one record."""
    (one,) = pymbusparser.parse(raw)["records"]
    (other,) = (record.interpreted for record in meterbus.load(raw).body.bodyPayload.records)
    return one["value"]["value"], other["value"]


@settings(max_examples=60)
@given(NAMED, ASCII)
def test_both_read_a_text_as_we_wrote_it(vif: bytes, text: str) -> None:
    raw = said(encode_head(values.VARIABLE, vif, lvar=len(text)), text)
    assume(raw[1] != SND_NR)
    assert theirs(raw) == (text, text)


@settings(max_examples=60)
@given(DAYS, st.times())
def test_both_read_a_date_as_we_wrote_it(day: date, at: time) -> None:
    assume(day.day != EVERY_DAY)
    assert theirs(said(b"\x02\x6c", str(day))) == (str(day), str(day))
    text = f"{day}T{at:%H:%M}"
    assert theirs(said(b"\x04\x6d", text)) == (f"{text}:00", text)


@settings(max_examples=60)
@given(st.integers(-9999999, -1))
def test_both_read_a_negative_decimal_as_we_wrote_it(number: int) -> None:
    meant = Decimal(number).scaleb(-3)
    one, other = theirs(said(b"\x0c\x5b", Decimal(number)))
    assert Decimal(str(one)) == Decimal(str(other)) == number
    one, other = theirs(said(b"\x0c\x13", meant))
    assert Decimal(str(one)) == meant
    assert abs(Decimal(str(other)) - meant) < Decimal("1e-9")


def test_what_a_peer_drops_we_keep() -> None:
    bad = Written(b"\x0c", 0x2A, bytes.fromhex("DDB4EBDD"))
    good = Written(b"\x0a", 0x3B, bytes.fromhex("1301"))
    mine = ours(telegram([bad, good]))
    assert [r.value for r in mine] == [None, Decimal("0.113")]
