"""Headers of application data: the long one of 12 bytes, the short one of 4, and none."""

from dataclasses import dataclass, replace

from protocols.errors import MalformedError, OursError
from protocols.mbus.manufacturer import manufacturer_bytes, manufacturer_name
from protocols.types import Identity, medium_word

LONG_SIZE, SHORT_SIZE = 12, 4
ID_DIGITS = 8
STATUS_LOW = {1: "application busy", 2: "application error", 3: "abnormal condition"}
STATUS_BITS = {2: "power low", 3: "permanent error", 4: "temporary error"}


@dataclass(frozen=True, slots=True)
class Header:
    """Who speaks, and how it is. Fields that this kind of header does not carry are None.

    `id` is 8 hexadecimal digits, most significant first. `configuration` says how the data are secured.
    """

    ci: int | None
    address: int | None
    c: int | None
    id: str | None = None
    manufacturer: str | None = None
    version: int | None = None
    medium: int | None = None
    access_no: int | None = None
    status: int | None = None
    configuration: int | None = None

    @property
    def medium_word(self) -> str | None:
        """The medium as a word."""
        return None if self.medium is None else medium_word(self.medium)

    @property
    def identity(self) -> Identity | None:
        """Who it is, as far as a header says; None without a long header."""
        if self.id is None or self.manufacturer is None or self.version is None or self.medium is None:
            return None
        return Identity(self.id, self.manufacturer, self.version, self.medium)

    @property
    def encrypted(self) -> bool:
        """Whether a security mode is set: bits 12 to 8 of the configuration word."""
        return bool((self.configuration or 0) & 0x1F00)


def decode_long(bare: Header, data: bytes) -> Header:
    """Read 12 bytes; MalformedError where fewer are there."""
    _require(data, LONG_SIZE)
    return Header(
        bare.ci,
        bare.address,
        bare.c,
        id=data[3::-1].hex(),
        manufacturer=manufacturer_name(data[4:6]),
        version=data[6],
        medium=data[7],
        access_no=data[8],
        status=data[9],
        configuration=int.from_bytes(data[10:12], "little"),
    )


def decode_short(bare: Header, data: bytes) -> Header:
    """Read 4 bytes; MalformedError where fewer are there."""
    _require(data, SHORT_SIZE)
    return replace(bare, access_no=data[0], status=data[1], configuration=int.from_bytes(data[2:4], "little"))


def _require(data: bytes, size: int) -> None:
    if len(data) < size:
        raise MalformedError(
            "truncated", f"a header of {size} bytes has {len(data)}", offset=7 + len(data), expected=f"{size} bytes"
        )


def encode_long(identity: Identity, access_no: int, status: int, configuration: int = 0) -> bytes:
    """Write 12 bytes; OursError where a field does not fit."""
    return identity_bytes(identity) + encode_short(access_no, status, configuration)


def encode_short(access_no: int, status: int, configuration: int = 0) -> bytes:
    """Write 4 bytes; OursError where a field does not fit."""
    try:
        return bytes([access_no, status]) + configuration.to_bytes(2, "little")
    except (ValueError, OverflowError) as error:
        raise OursError(f"no header can say {access_no}, {status}, {configuration}: {error}") from None


def identity_bytes(identity: Identity) -> bytes:
    """A secondary address in 8 bytes; OursError where a field does not fit."""
    try:
        tail = bytes([identity.version, identity.medium])
    except ValueError as error:
        raise OursError(f"no header can say {identity}: {error}") from None
    return id_bytes(identity.id) + manufacturer_bytes(identity.manufacturer) + tail


def id_bytes(digits: str) -> bytes:
    """8 hexadecimal digits to 4 bytes, least significant first; OursError otherwise."""
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        data = b""
    if len(digits) != ID_DIGITS or len(data) != ID_DIGITS // 2:
        raise OursError(f"an identification number is 8 hexadecimal digits, not {digits!r}")
    return data[::-1]


def status_words(status: int) -> list[str]:
    """What a status byte says, in words; bits 5 to 7 are the maker's."""
    words = [STATUS_LOW[status & 3]] if status & 3 else []
    words += [text for bit, text in STATUS_BITS.items() if status >> bit & 1]
    return words + ([f"manufacturer bits {status >> 5:03b}"] if status >> 5 else [])
