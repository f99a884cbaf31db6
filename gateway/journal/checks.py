"""The check that each row carries: a CRC-32 over its columns, their kinds and lengths. Pure."""

from collections.abc import Sequence
from zlib import crc32

SUM_LIMIT = 1 << 62


def check(values: Sequence[object]) -> int:
    """The check of a row's columns."""
    crc = 0
    for value in values:
        kind, data = _plain(value)
        crc = crc32(data, crc32(b"%c%d:" % (kind, len(data)), crc))
    return crc


def _plain(value: object) -> tuple[int, bytes]:
    match value:
        case bytes():
            return ord("b"), value
        case str():
            return ord("s"), str(value).encode()
        case int():
            return ord("i"), b"%d" % value
        case float():
            return ord("f"), repr(value).encode()
        case None:
            return ord("n"), b""
    raise TypeError(f"no column of a journal holds {type(value).__name__}")
