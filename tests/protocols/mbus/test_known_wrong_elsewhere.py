"""Known wrong elsewhere: mistakes of other decoders, one test a row at the least, and none of them is ours.

`row_N` are the rows of facts/MBUS.md section 6, `<project>_<thread>` the threads of facts/PEERS.md that are of M-Bus.
The last test holds this module to both lists.
"""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from protocols.errors import MalformedError
from protocols.mbus.frame import REQ_UD2, Long, Short, decode, encode
from protocols.mbus.header import encode_long
from protocols.mbus.link import Exchange, LinkMemory
from protocols.mbus.present import to_json
from protocols.mbus.reader import FrameReader
from protocols.mbus.record import Record, Scalar, decode_records
from protocols.mbus.secondary import Answer, Pattern, search, select, select_pattern
from protocols.mbus.telegram import decode_telegram, join
from protocols.types import Identity

FLOW, FLOW_VALUE = "0A3B1301", Decimal("0.113")


def records(text: str) -> tuple[Record, ...]:
    return decode_records(bytes.fromhex(text))


def value(text: str) -> Scalar:
    (record,) = records(text)
    return record.value


def quantity(text: str) -> str:
    return records(text)[0].quantity


def test_row_1_variable_bcd_counts_bytes_not_twice_as_many() -> None:
    assert [r.value for r in records("0D78C23412" + FLOW)] == [1234, FLOW_VALUE]
    assert [r.value for r in records("0D78D23412" + FLOW)] == [-1234, FLOW_VALUE]


@pytest.mark.parametrize(
    ("lvar", "size"), [("F0", 16), ("F1", 20), ("F2", 24), ("F3", 28), ("F4", 32), ("F5", 48), ("F6", 64)]
)
def test_row_2_long_binaries_keep_the_rest_framed(lvar: str, size: int) -> None:
    first, last = records(f"0D78{lvar}" + "01" * size + FLOW)
    assert (first.value, last.value) == ("01" * size, FLOW_VALUE)


@pytest.mark.parametrize("lvar", ["CA", "DF", "F7", "FF"])
def test_row_2_reserved_lengths_claim_nothing(lvar: str) -> None:
    (record,) = records(f"0D78{lvar}{FLOW}")
    assert record.value is None
    assert record.raw == bytes.fromhex(f"0D78{lvar}{FLOW}")


def test_row_3_fixed_data_refusals_and_writes_are_read() -> None:
    fixed = decode_telegram(bytes.fromhex("68131368080573785634120A00E97E01000000350100003C16"))
    assert [r.value for r in fixed.records] == [Decimal("0.001"), Decimal("0.135")]
    assert decode_telegram(bytes.fromhex("68040468080170 08 81 16")).error == "application busy"
    write = decode_telegram(bytes.fromhex("6806066853FE51017A082516"))
    assert (write.records[0].quantity, write.records[0].value) == ("bus_address", 8)
    reset = decode_telegram(bytes.fromhex("6804046853FE5010B116"))
    assert [(r.quantity, r.value, r.notes) for r in reset.records] == [("application_reset", 0x10, ("user_data",))]


def test_row_3_vif_7b_without_its_extension_is_no_crash() -> None:
    assert [r.value for r in records("047B00000000" + FLOW)] == [None, FLOW_VALUE]


def test_row_3_the_century_is_two_bits() -> None:
    assert value("046D 27 2F 79 1A") == "2011-10-25T15:39"
    assert value("046D 27 4F 79 1A") == "2111-10-25T15:39"
    assert value("046D 27 8F 79 1A") == "2011-10-25T15:39"


def test_row_3_a_record_cut_off_is_told() -> None:
    first, last = records(FLOW + "0C1327")
    assert first.value == FLOW_VALUE
    assert (last.value, last.reason, last.raw) == (None, "the record is cut off", b"\x0c\x13\x27")


@pytest.mark.parametrize("ci", [0x55, 0x76])
def test_row_3_what_comes_high_byte_first_is_not_read_low_byte_first(ci: int) -> None:
    telegram = decode_telegram(Long(0x08, 1, ci, bytes(12) + bytes.fromhex(FLOW)))
    assert all(r.value is None and r.reason for r in telegram.records)


@pytest.mark.parametrize("ci", [0x7C, 0x7D, 0x7E, 0x7F, 0x66, 0x69])
def test_row_3_the_mode_bit_is_no_bit_of_other_kinds(ci: int) -> None:
    telegram = decode_telegram(Long(0x08, 1, ci, bytes.fromhex(FLOW)))
    assert [r.value for r in telegram.records] == [None]


def test_row_4_bad_bcd_is_neither_a_number_nor_the_end() -> None:
    first, last = records("0C2ADDB4EBDD" + FLOW)
    assert (first.value, first.raw.hex(), last.value) == (None, "0c2addb4ebdd", FLOW_VALUE)
    assert value("0C2A 00 00 00 FA") is None


def test_row_4_a_minus_sign_is_no_error_nibble() -> None:
    assert value("0B61180 0F0".replace(" ", "")) == Decimal("-0.18")


def test_row_4_what_is_no_frame_is_an_error_with_its_place_and_no_result_in_a_lesser_state() -> None:
    for text, code, offset in (("680404680801700881", "truncated", 9), ("68040468080170088216", "checksum", 8)):
        with pytest.raises(MalformedError) as error:
            decode_telegram(bytes.fromhex(text))
        assert (error.value.code, error.value.offset) == (code, offset)


def test_row_4_a_float_is_scaled_too() -> None:
    assert value("053B0000803F") == Decimal("0.001")


@pytest.mark.parametrize(
    ("text", "name", "number", "unit"),
    [
        ("01FD6F02", "battery_operating_time", 2, "year"),
        ("01FD6E02", "battery_operating_time", 2, "month"),
        ("01FD3102", "tariff_duration", 120, "s"),
        ("01FD3302", "tariff_duration", 172800, "s"),
        ("01FD3502", "tariff_period", 120, "s"),
        ("01952C05", "volume", Decimal("0.5"), "m3/l"),
        ("01FD1F05", "remote_control", 5, ""),
    ],
)
def test_rows_5_and_6_codes_that_others_have_wrong(text: str, name: str, number: Scalar, unit: str) -> None:
    (record,) = records(text)
    assert (record.quantity, record.value, record.unit) == (name, number, unit)


def test_rows_5_and_6_which_edge_of_which_exceeding() -> None:
    names = {code: quantity(f"0493{code:02X}00000000") for code in (0x4A, 0x4B, 0x4E, 0x4F, 0x6A, 0x6B, 0x6E, 0x6F)}
    assert names == {
        0x4A: "volume_begin_of_first_upper_exceed",
        0x4B: "volume_end_of_first_upper_exceed",
        0x4E: "volume_begin_of_last_upper_exceed",
        0x4F: "volume_end_of_last_upper_exceed",
        0x6A: "volume_begin_of_first",
        0x6B: "volume_end_of_first",
        0x6E: "volume_begin_of_last",
        0x6F: "volume_end_of_last",
    }
    assert records("04936D00000000")[0].notes == ("overflow",)
    assert records("04936900000000")[0].notes == ("leakage",)


@pytest.mark.parametrize(
    "text", ["0D", "0D78", "0D7805", "0D78BF41", "84", "8480", "04", "0493", "047C", "047C05", "047CFF41"]
)
def test_row_7_nothing_is_read_beyond_the_data(text: str) -> None:
    (record,) = records(text)
    assert (record.value, record.reason, record.raw.hex().upper()) == (None, "the record is cut off", text)


def test_row_7_the_search_walks_hexadecimal_digits_too() -> None:
    plan, tried = search(), []
    try:
        tried.append(next(plan).id[0])
        while True:
            tried.append(plan.send(Answer.NOBODY).id[0])
    except StopIteration:
        assert "".join(tried) == "0123456789ABCDE"


def asked(memory: LinkMemory, address: int) -> int:
    """One request for data and its answer; the C field that was sent."""
    exchange = Exchange(memory, Short(REQ_UD2, address), FrameReader())
    request = decode(exchange.to_send())
    assert isinstance(request, Short)
    assert exchange.receive_data(encode(Long(0x08, address, 0x78, b"\x1f"))) is not None
    return request.c


def test_libmbus_105_the_next_telegram_is_asked_with_the_other_bit_at_each_address() -> None:
    memory = LinkMemory()
    memory.reset(5)
    memory.reset(6)
    assert [asked(memory, address) for address in (5, 5, 6, 5, 6)] == [0x7B, 0x5B, 0x7B, 0x7B, 0x5B]


def test_row_7_libmbus_169_what_can_not_be_read_gives_no_document() -> None:
    for raw in (b"", b"\x68", bytes.fromhex("68040468080170088216")):
        with pytest.raises(MalformedError):
            to_json(decode_telegram(raw))


def find(answers: Mapping[str, Answer | Identity]) -> tuple[list[Identity], list[str]]:
    """Run the search where these patterns are answered and nobody answers to others: who was found, what was tried."""
    plan, tried = search(), []
    try:
        pattern = next(plan)
        while True:
            tried.append(pattern.id)
            pattern = plan.send(answers.get(pattern.id, Answer.NOBODY))
    except StopIteration as end:
        return end.value, tried


def test_libmbus_61_a_meter_that_answers_every_selection_is_found_once() -> None:
    who = Identity("12345678", "CBS", 1, 7)
    always = {f"{digit}FFFFFFF": who for digit in "0123456789ABCDE"}
    assert find(always)[0] == [who]


def test_libmbus_88_an_id_with_letters_is_selected_by_its_whole_address() -> None:
    frame = select(Identity("1A2B3C4D", "CBS", 1, 7))
    assert frame.data.hex() == "4d3c2b1a530c0107"
    (record,) = decode_telegram(frame).records
    assert record.value == "1A2B3C4D CBS 1 7"


def test_libmbus_131_138_199_bytes_of_a_collision_are_no_acknowledgement_and_the_search_descends() -> None:
    exchange = Exchange(LinkMemory(), select_pattern(Pattern()), FrameReader())
    for garbage in ("FD", "FE", "FC", "A5", "00", "E5E5", "00E5"):
        exchange.to_send()
        assert exchange.receive_data(bytes.fromhex(garbage)) is None
    one, two = (Identity(f"1{digit}000000", "CBS", 1, 7) for digit in "13")
    found, tried = find({"1FFFFFFF": Answer.COLLISION, "11FFFFFF": one, "13FFFFFF": two})
    assert found == [one, two]
    assert len(tried) == len(set(tried)) == 30


def test_libmbus_24_an_echo_is_no_answer() -> None:
    exchange = Exchange(LinkMemory(), Short(REQ_UD2, 5), FrameReader())
    request = exchange.to_send()
    assert exchange.receive_data(request) is None
    assert exchange.receive_data(encode(Long(0x08, 5, 0x78, b"\x2f"))) == Long(0x08, 5, 0x78, b"\x2f")


def test_libmbus_82_83_a_vife_that_changes_the_type_does() -> None:
    (record,) = records("04BE5071BBB000")
    assert (record.quantity, record.value, record.unit) == (
        "volume_flow_duration_of_first_lower_exceed",
        11582321,
        "s",
    )


def test_libmbus_123_an_invalid_date_never_rolls_over() -> None:
    assert value("026CFFFF") is None
    assert value("046DFFFFFFFF") is None


def test_row_8_valley_12_a_text_unit_stands_before_the_vifes() -> None:
    (record,) = records("02FC034852 25 74 D411".replace(" ", ""))
    assert (record.unit, record.value) == ("%RH", Decimal("45.64"))


def test_row_8_pymeterbus_10_libmbus_90_no_header_and_makers_own_kinds_are_no_errors() -> None:
    assert decode_telegram(Long(0x08, 1, 0x78, bytes.fromhex(FLOW))).records[0].value == FLOW_VALUE
    (record,) = decode_telegram(Long(0x08, 1, 0xB7, b"\x01\x02")).records
    assert (record.value, record.raw) == (None, b"\x01\x02")


def test_I13_telegrams_of_two_meters_are_never_joined() -> None:
    a, b = (
        decode_telegram(Long(0x08, 1, 0x72, encode_long(Identity(i, "CBS", 1, 7), 0, 0) + b"\x1f"))
        for i in ("11111111", "22222222")
    )
    assert len(join([a, a]).records) == 2
    with pytest.raises(MalformedError) as error:
        join([a, b])
    assert error.value.code == "another_meter"


ROWS = {f"row_{n}" for n in range(1, 9)} | {
    f"libmbus_{thread}" for thread in (61, 88, 90, 131, 24, 105, 82, 123, 169, 83, 138, 199)
}


def test_every_row_and_every_thread_has_its_test() -> None:
    told: set[str] = set()
    for name in [n for n in globals() if n.startswith("test_")]:
        kind = ""
        for word in name.split("_"):
            kind = {"rows": "row"}.get(word, word) if word in ("libmbus", "row", "rows") else kind
            told |= {f"{kind}_{word}"} if word.isdecimal() else set()
    assert told >= ROWS
