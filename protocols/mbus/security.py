"""Which bytes of user data are ciphertext, so that nobody reads them as values. Not here: keys and decryption.

Source: facts/MBUS.md section 5. Old wired meters fill the configuration word as they like, so only the modes that are
known are believed, and data that begin with two fillers are plain: decrypted already, or never encrypted.
"""

SECRET_MODES = frozenset({2, 3, 5, 7, 8, 9, 10, 13})
COUNTED_MODES = {5: 0, 7: 1}
"""Modes that count their blocks, and how many bytes stand before the first."""
BLOCK = 16
PLAIN = b"\x2f\x2f"


def mode(configuration: int) -> int:
    """The security mode of a configuration word; 0 is none."""
    return configuration >> 8 & 0x1F


def ciphertext_size(configuration: int, data: bytes) -> int:
    """How many bytes at the start of `data`, what follows a header, can't be read without a key."""
    chosen = mode(configuration)
    if chosen not in SECRET_MODES or data.startswith(PLAIN):
        return 0
    blocks = configuration >> 4 & 0x0F
    if chosen not in COUNTED_MODES or not blocks:
        return len(data)
    return min(COUNTED_MODES[chosen] + blocks * BLOCK, len(data))
