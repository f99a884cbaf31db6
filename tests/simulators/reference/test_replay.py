import pytest

from simulators.reference.replay import slave
from simulators.reference.telegram import ACK, Request
from tests.simulators.talk import long

HEADER = bytes.fromhex("78 56 34 12  24 40  01 07  55 00 00 00")
WITH_HEADER = long(0x08, 9, 0x72, HEADER + bytes.fromhex("0C 13 27 04 85 02"))
WITHOUT = long(0x08, 3, 0x78, bytes.fromhex("0C 13 27 04 85 02"))
SELECTION = bytes.fromhex("78 56 34 12 24 40 01 07")


def test_it_answers_byte_for_byte_at_its_own_primary_address() -> None:
    meter = slave([WITH_HEADER])
    assert meter.receive(Request(0x7B, 9)) == WITH_HEADER
    assert meter.receive(Request(0x7B, 8)) is None


def test_it_is_selected_by_its_own_header() -> None:
    meter = slave([WITH_HEADER])
    assert meter.receive(Request(0x53, 0xFD, 0x52, SELECTION)) == ACK
    assert meter.receive(Request(0x7B, 0xFD)) == WITH_HEADER
    assert meter.receive(Request(0x53, 0xFD, 0x52, SELECTION[:-1] + b"\x03")) is None
    assert meter.receive(Request(0x5B, 0xFD)) is None


def test_a_header_with_the_most_significant_byte_first_names_the_same_meter() -> None:
    meter = slave([long(0x08, 9, 0x76, bytes.fromhex("12 34 56 78  40 24  01 07  55 00 00 00"))])
    assert meter.receive(Request(0x53, 0xFD, 0x52, SELECTION)) == ACK


def test_without_a_long_header_only_the_primary_address_serves() -> None:
    meter = slave([WITHOUT])
    assert meter.receive(Request(0x53, 0xFD, 0x52, bytes.fromhex("FF FF FF FF FF FF FF FF"))) is None
    assert meter.receive(Request(0x7B, 3)) == WITHOUT


def test_several_telegrams_come_in_their_order() -> None:
    meter = slave([WITH_HEADER, WITHOUT])
    assert [meter.receive(Request(c, 9)) for c in (0x7B, 0x5B, 0x7B)] == [WITH_HEADER, WITHOUT, WITH_HEADER]


@pytest.mark.parametrize(
    "telegrams", [[], [b""], [ACK], [WITHOUT[:-1]], [WITHOUT + b"\x00"], [b"\x10\x40\x01\x41\x16"]]
)
def test_what_is_no_whole_telegram_is_refused(telegrams: list[bytes]) -> None:
    with pytest.raises(ValueError, match="whole, valid"):
        slave(telegrams)


def test_writes_are_kept_and_change_nothing() -> None:
    meter = slave([WITH_HEADER])
    assert meter.receive(Request(0x73, 9, 0x51, b"\x01\x02")) == ACK
    assert meter.receive(Request(0x7B, 9)) == WITH_HEADER
