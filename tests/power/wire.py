"""The messages of Linux's FUSE, as far as needed: `linux/fuse.h`, protocol 7.31, in this machine's byte order."""

import struct
from enum import IntEnum

MAJOR, MINOR = 7, 31
MOST_WRITE = 128 * 1024
BIG_WRITES, ATOMIC_TRUNCATE = 1 << 5, 1 << 3
SET_MODE, SET_SIZE = 1 << 0, 1 << 3

HEADER = struct.Struct("=IIQQIIII")
REPLY = struct.Struct("=IiQ")
INIT = struct.Struct("=IIII")
INIT_REPLY = struct.Struct("=IIIIHHIIHHI7I")
ATTRIBUTES = struct.Struct("=6Q10I")
ENTRY = struct.Struct("=QQQQII")
VALID = struct.Struct("=QII")
OPENED = struct.Struct("=QII")
NUMBERS = struct.Struct("=II")
READ = WRITE = struct.Struct("=QQIIQII")
SET = struct.Struct("=IIQQ4Q8I")
TO = struct.Struct("=Q")
TO_WITH_FLAGS = struct.Struct("=QII")
STATISTICS = struct.Struct("=5Q10I")
ENTRY_OF_FOLDER = struct.Struct("=QQII")
VALID_S = 1
BLOCK = 512


class Ask(IntEnum):
    """What the kernel asks."""

    LOOKUP, FORGET, GETATTR, SETATTR = 1, 2, 3, 4
    MKDIR, UNLINK, RMDIR, RENAME = 9, 10, 11, 12
    OPEN, READ, WRITE, STATFS, RELEASE = 14, 15, 16, 17, 18
    FSYNC, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, FSYNCDIR = 20, 25, 26, 27, 28, 29, 30
    ACCESS, CREATE, INTERRUPT, DESTROY, BATCH_FORGET, RENAME2 = 34, 35, 36, 38, 42, 45


SILENT = frozenset({Ask.FORGET, Ask.BATCH_FORGET, Ask.INTERRUPT})
"""What wants no reply."""


def init_reply(data: bytes) -> bytes:
    """Say what we can do."""
    _, _, readahead, flags = INIT.unpack_from(data)
    mine = flags & (BIG_WRITES | ATOMIC_TRUNCATE)
    return INIT_REPLY.pack(MAJOR, MINOR, readahead, mine, 12, 9, MOST_WRITE, 1, 0, 0, 0, *[0] * 7)


def attributes(number: int, size: int, mode: int) -> bytes:
    """What is told of a file: its times stand still, it is root's."""
    blocks = -(-size // BLOCK)
    return ATTRIBUTES.pack(number, size, blocks, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, BLOCK * 8, 0)


def entry(number: int, about: bytes) -> bytes:
    """A name was found."""
    return ENTRY.pack(number, 0, VALID_S, VALID_S, 0, 0) + about


def entry_of_folder(number: int, at: int, name: str, kind: int) -> bytes:
    """One name of a folder's list, padded to eight bytes."""
    text = name.encode()
    packed = ENTRY_OF_FOLDER.pack(number, at, len(text), kind) + text
    return packed + bytes(-len(packed) % 8)


def names(data: bytes) -> list[str]:
    """The names at the end of a message."""
    return [name.decode() for name in data.rstrip(b"\0").split(b"\0")]
