"""ZIP in one canonical form: stored, sorted by name, one fixed date, nothing extra. One content, one file.

Whoever reads an archive writes it again from what was found and compares every byte: checking names, contents and CRCs
alone misses almost a third of one-bit changes (facts/LIBRARIES.md). Any ZIP program opens it. APPNOTE 6.3.10.
"""

import re
import struct
from collections.abc import Mapping
from zlib import crc32

from protocols.errors import MalformedError

MOST_BYTES = 256 * 1024 * 1024
MOST_FILES = 20_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?")
"""A file at the top or in one folder: nothing that an unpacking program could be led astray by."""
VERSION = 20
FIRST_OF_JANUARY_1980 = 0x0021
READABLE = 0o100644 << 16
MADE_ON_UNIX = 3 << 8 | VERSION
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
LOCAL_MARK, CENTRAL_MARK, END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def write(files: Mapping[str, bytes]) -> bytes:
    """Return the archive; ValueError where a name, the number of files or their size can't be had in one."""
    if len(files) > MOST_FILES or sum(map(len, files.values())) > MOST_BYTES:
        raise ValueError(f"too much for one archive: at most {MOST_FILES} files of {MOST_BYTES} bytes together")
    local, central = bytearray(), bytearray()
    for name in sorted(files):
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} can't name a file of an archive")
        coded, data = name.encode(), files[name]
        facts = (FIRST_OF_JANUARY_1980, crc32(data), len(data), len(data), len(coded), 0)
        central += CENTRAL.pack(CENTRAL_MARK, MADE_ON_UNIX, VERSION, 0, 0, 0, *facts, 0, 0, 0, READABLE, len(local))
        central += coded
        local += LOCAL.pack(LOCAL_MARK, VERSION, 0, 0, 0, *facts) + coded + data
    end = END.pack(END_MARK, 0, 0, len(files), len(files), len(central), len(local), 0)
    return bytes(local + central + end)


def read(raw: bytes) -> dict[str, bytes]:
    """Return the files by name; MalformedError unless every byte is as it would be written here."""
    if len(raw) > MOST_BYTES:
        raise MalformedError("archive_size", f"{len(raw)} bytes", expected=f"at most {MOST_BYTES}")
    files: dict[str, bytes] = {}
    at = 0
    while raw.startswith(LOCAL_MARK, at):
        name, start, end = _local(raw, at)
        if name in files or len(files) == MOST_FILES:
            raise _not_canonical(at, "a file that stands there twice, or too many of them")
        files[name] = raw[start:end]
        at = end
    try:
        again = write(files)
    except ValueError as error:
        raise _not_canonical(at, str(error)) from None
    if again != raw:
        raise _not_canonical(_first_difference(again, raw), "not what its contents make")
    return files


def _local(raw: bytes, at: int) -> tuple[str, int, int]:
    """The name in a local header, and where its data begin and end."""
    if len(raw) < at + LOCAL.size:
        raise _not_canonical(at, "it breaks off in a header")
    fields = LOCAL.unpack_from(raw, at)
    size, name_size = fields[8], fields[9]
    start = at + LOCAL.size + name_size
    name = raw[at + LOCAL.size : start]
    if start + size > len(raw) or not name.isascii():
        raise _not_canonical(at, "it breaks off, or a name is not plain letters")
    return name.decode("ascii"), start, start + size


def _first_difference(one: bytes, other: bytes) -> int:
    same, beyond = 0, min(len(one), len(other)) + 1
    while beyond - same > 1:
        middle = (same + beyond) // 2
        same, beyond = (middle, beyond) if one[:middle] == other[:middle] else (same, middle)
    return same


def _not_canonical(at: int, what: str) -> MalformedError:
    return MalformedError("archive", f"no archive in the canonical form: {what}", offset=at, expected="as written here")
