"""The manufacturer's three letters in two bytes (EN 13757-3; administered by the FLAG association)."""

from protocols.errors import OursError

LETTERS, BASE = 3, 64


def manufacturer_name(data: bytes) -> str:
    """Return the three letters, upper case; bit 15 (a lower-case first letter at some makers) is passed over."""
    word = int.from_bytes(data, "little") & 0x7FFF
    return "".join(chr(BASE + (word >> shift & 0x1F)) for shift in (10, 5, 0))


def manufacturer_bytes(name: str) -> bytes:
    """Return the two bytes, least significant first; OursError unless `name` is three capital letters."""
    if len(name) != LETTERS or not all("A" <= c <= "Z" for c in name):
        raise OursError(f"a manufacturer is three capital letters, not {name!r}")
    a, b, c = (ord(letter) - BASE for letter in name)
    return (a << 10 | b << 5 | c).to_bytes(2, "little")
