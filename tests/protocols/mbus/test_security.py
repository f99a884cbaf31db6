"""Ciphertext is never read as values."""

from decimal import Decimal

import pytest

from protocols.mbus.frame import Long
from protocols.mbus.header import encode_long
from protocols.mbus.present import to_lines
from protocols.mbus.telegram import Telegram, decode_telegram
from protocols.types import Identity

WHO = Identity("12345678", "CBS", 1, 7)
VOLUME = bytes.fromhex("0C1327048502")


def telegram(configuration: int, data: bytes) -> Telegram:
    return decode_telegram(Long(0x08, 1, 0x72, encode_long(WHO, 0, 0, configuration) + data))


@pytest.mark.parametrize(
    ("configuration", "hidden"), [(0x0510, 16), (0x0520, 32), (0x0500, 38), (0x0710, 17), (0x0800, 38)]
)
def test_what_is_encrypted_has_no_value_and_keeps_its_bytes(configuration: int, hidden: int) -> None:
    data = VOLUME * 5 + b"\x2f\x2f" + VOLUME
    first, *rest = telegram(configuration, data).records
    assert (first.quantity, first.value, first.raw) == ("encrypted", None, data[:hidden])
    assert first.reason == f"encrypted, security mode {configuration >> 8}"
    assert b"".join(r.raw for r in rest).replace(b"\x2f", b"") == data[hidden:].replace(b"\x2f", b"")


def test_records_behind_the_encrypted_blocks_are_read() -> None:
    shown = telegram(0x0510, bytes(range(16)) + VOLUME)
    assert [r.value for r in shown.records] == [None, Decimal("2850.427")]
    assert "encrypted, security mode 5" in "\n".join(to_lines(shown))


@pytest.mark.parametrize("configuration", [0, 0x0510, 0xB627])
def test_plain_data_are_read(configuration: int) -> None:
    (record,) = telegram(configuration, b"\x2f\x2f" + VOLUME).records
    assert record.value == Decimal("2850.427")


def test_a_word_that_old_meters_fill_as_they_like_hides_nothing() -> None:
    assert telegram(0xB627, VOLUME).records[0].value == Decimal("2850.427")
