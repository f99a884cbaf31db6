"""What a master sends besides a selection: requests, resets, addresses, clocks, choices for readout, baud rates.

Frames without frame-count bits: `link.Exchange` stamps them. An E5 says that the link layer took the frame, no more:
whoever writes reads back. Source: facts/MBUS.md sections 1, 2 and 4.
"""

from protocols.errors import OursError
from protocols.mbus import codes, values
from protocols.mbus.encoding import encode_head, encode_value
from protocols.mbus.field import READOUT_ALL
from protocols.mbus.frame import FIRST, LAST, REQ_UD1, REQ_UD2, SND_UD, UNCONFIGURED, Control, Long, Short
from protocols.mbus.header import id_bytes, identity_bytes
from protocols.types import Identity

ADDRESS_VIF, ID_VIF, CLOCK_VIF = b"\x7a", b"\x79", b"\x6d"
INT_8, INT_32, INT_48, INT_64, BCD_8 = 1, 4, 6, 7, 0x0C
CLOCK_FIELDS = {values.SIZE_F: INT_32, values.SIZE_I: INT_48}
ALL_STORAGES = b"\xc8\x3f\x7e"
"""Selection for readout of any VIF at every storage number."""
NIBBLE = 0x0F


def request_data(address: int) -> Short:
    """REQ_UD2: a meter's data."""
    return Short(REQ_UD2, address)


def request_alarm(address: int) -> Short:
    """REQ_UD1: whether there is an alarm; E5 says that there is none."""
    return Short(REQ_UD1, address)


def write(address: int, *records: bytes) -> Long:
    """Whole records to write (CI 51, no header)."""
    return Long(SND_UD, address, codes.CI_DATA_SEND, b"".join(records))


def set_address(address: int, wanted: int) -> Long:
    """Give a primary address; OursError for one that no meter may have."""
    if not FIRST <= wanted <= LAST and wanted != UNCONFIGURED:
        raise OursError(f"a meter's primary address is {FIRST} to {LAST}, or {UNCONFIGURED}; not {wanted}")
    return write(address, encode_head(INT_8, ADDRESS_VIF) + bytes([wanted]))


def set_id(address: int, digits: str) -> Long:
    """Give an identification number of 8 digits."""
    return write(address, encode_head(BCD_8, ID_VIF) + id_bytes(digits))


def set_identity(address: int, identity: Identity) -> Long:
    """Give a whole secondary address: number, manufacturer, version, medium."""
    return write(address, encode_head(INT_64, ID_VIF) + identity_bytes(identity))


def set_clock(address: int, local: str) -> Long:
    """Set the clock: `YYYY-MM-DDTHH:MM` in type F, with `:SS` in type I; the meter's own zone."""
    size = values.SIZE_F if local.count(":") == 1 else values.SIZE_I
    return write(address, encode_value(encode_head(CLOCK_FIELDS[size], CLOCK_VIF), local))


def choose(address: int, *heads: bytes) -> Long:
    """Choose what is read out next: heads of data field 8, from `encode_head`; OursError for others."""
    if not heads or any(head[0] & NIBBLE != values.SELECTION for head in heads):
        raise OursError("a choice for readout is made of heads with data field 8")
    return write(address, *heads)


def choose_all(address: int, *, storages: bool = False) -> Long:
    """Choose everything, or everything at every storage number."""
    return write(address, ALL_STORAGES if storages else bytes([READOUT_ALL]))


def reset_application(address: int, sub_code: int | None = None) -> Control | Long:
    """CI 50: all telegrams again, or those that the sub-code chooses (high nibble which, low nibble its telegram)."""
    if sub_code is None:
        return Control(SND_UD, address, codes.CI_RESET)
    if sub_code not in range(256):
        raise OursError(f"a sub-code is one byte, not {sub_code}")
    return Long(SND_UD, address, codes.CI_RESET, bytes([sub_code]))


def switch_baud(address: int, baud: int) -> Control:
    """Ask for another baud rate; its E5 still comes at the old one. OursError for a rate that has no code."""
    for ci, rate in codes.CI_BAUD.items():
        if rate == baud:
            return Control(SND_UD, address, ci)
    raise OursError(f"no baud rate of M-Bus: {baud}; {', '.join(map(str, codes.CI_BAUD.values()))} are")
