"""What a meter sends, as frames: for simulated meters and for tests. The inverse of `application`."""

from protocols.errors import OursError
from protocols.mbus import codes
from protocols.mbus.frame import RSP_UD, Long
from protocols.mbus.header import encode_long, encode_short
from protocols.types import Identity

BYTE = 256


def with_long_header(
    address: int, identity: Identity, records: bytes, *, access_no: int = 0, status: int = 0, configuration: int = 0
) -> Long:
    """CI 72: who speaks, and records from `encoding`."""
    head = encode_long(identity, access_no, status, configuration)
    return Long(RSP_UD, address, codes.CI_LONG, head + records)


def with_short_header(
    address: int, records: bytes, *, access_no: int = 0, status: int = 0, configuration: int = 0
) -> Long:
    """CI 7A."""
    return Long(RSP_UD, address, codes.CI_SHORT, encode_short(access_no, status, configuration) + records)


def without_header(address: int, records: bytes) -> Long:
    """CI 78; OursError for no records, which no frame of this kind can say."""
    if not records:
        raise OursError("a frame without a header holds one record at least")
    return Long(RSP_UD, address, codes.CI_NONE, records)


def fixed_data(address: int, data: bytes) -> Long:
    """CI 73 of wired meters, from `fixed.encode_fixed`."""
    return Long(RSP_UD, address, codes.CI_FIXED, data)


def refusal(address: int, code: int = 0) -> Long:
    """CI 70: an application's error by its code."""
    return Long(RSP_UD, address, codes.CI_ERROR, _byte(code))


def alarm(address: int, bits: int) -> Long:
    """CI 71: an alarm, whose bits are the maker's."""
    return Long(RSP_UD, address, codes.CI_ALARM, _byte(bits))


def _byte(number: int) -> bytes:
    if not 0 <= number < BYTE:
        raise OursError(f"{number} is no byte")
    return bytes([number])
