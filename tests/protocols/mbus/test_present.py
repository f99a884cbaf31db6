"""What a meter sends is shown, never obeyed."""

import json

import pytest

from protocols.mbus.frame import Ack, Control, Frame, Long, Short, encode
from protocols.mbus.header import encode_long
from protocols.mbus.present import json_of_records, to_json, to_lines
from protocols.mbus.telegram import decode_telegram, join
from protocols.types import Identity


def test_a_meters_text_never_steers_a_terminal() -> None:
    evil = b"\x1b[2J\x9b1m"[::-1]
    frame = Long(0x08, 1, 0x78, b"\x0d\x7c\x03\x07\x1b\x07" + bytes([len(evil)]) + evil)
    lines = "\n".join(to_lines(decode_telegram(frame)))
    assert "\\x1b[2J\\x9b1m" in lines
    assert all(c.isprintable() or c == "\n" for c in lines)
    (record,) = json.loads(to_json(decode_telegram(frame)))["records"]
    assert record["value"] == "\x1b[2J\x9b1m"


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (Ack(), "acknowledgement (E5)"),
        (Short(0x40, 5), "address 5, reset of the link"),
        (Short(0x7B, 5), "address 5, request for data"),
        (Short(0x5A, 5), "address 5, request for alarms"),
        (Short(0x49, 5), "address 5, C field 49"),
        (Control(0x53, 254, 0xBD), "address 254, switch to 9600 baud"),
        (Long(0x08, 1, 0x7A, b"\x09\x04\x00\x00"), "address 1, variable data, short header, access 9, power low"),
    ],
)
def test_each_kind_of_frame_is_named(frame: Frame, line: str) -> None:
    assert to_lines(decode_telegram(frame)) == [line]


def test_a_refusal_with_a_header_says_who_refuses() -> None:
    who = Identity("12345678", "CBS", 1, 7)
    long = decode_telegram(Long(0x08, 1, 0x6F, encode_long(who, 3, 0) + b"\x08"))
    assert (long.header.identity, long.error) == (who, "application busy")
    short = decode_telegram(Long(0x08, 1, 0x6E, b"\x03\x00\x00\x00\x01"))
    assert (short.header.access_no, short.error) == (3, "CI field not implemented")
    assert decode_telegram(Long(0x08, 1, 0x6E, b"\x03\x00\x00\x00")).error == "unspecified"


def test_numbers_beyond_64_bits_and_beyond_floats_stay_exact() -> None:
    shown = to_json(decode_telegram(Long(0x08, 1, 0x78, bytes.fromhex("0707FFFFFFFFFFFFFF7F 0D13C9") + b"\x99" * 9)))
    assert '"value":92233720368547758070000,' in shown
    assert '"value":999999999999999.999,' in shown


@pytest.mark.parametrize("times", [1, 3])
def test_a_readout_in_several_telegrams_shows_each_records_own_bytes(times: int) -> None:
    """Walked the first time, read by plan the third: the text never takes one frame's bytes for another's."""
    frames = [
        encode(Long(0x08, 1, 0x78, bytes.fromhex(text))) for text in ("0A3B1301 0C7812345678 1F", "0A3B1401 096A01")
    ]
    for _ in range(times):
        joined = join([decode_telegram(frame) for frame in frames])
    shown = json.loads(to_json(joined))["records"]
    assert [r["raw"] for r in shown] == ["0a3b1301", "0c7812345678", "1f", "0a3b1401", "096a01"]
    assert to_json(joined) == json_of_records(joined)
