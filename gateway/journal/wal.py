"""Whether a write-ahead log has lost what was once made durable: SQLite itself ends quietly at the first spoilt frame.

Only the last transaction may be torn, for each is synced before it is told. Spoilt frames before a later one mean
damage. One that is spoilt in the last transaction can't be told from a torn one: it was then never told as kept, or
what follows from it (a start) is known outside the file. The format: <https://sqlite.org/fileformat2.html#the_write_ahead_log>.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.journal.errors import CorruptError

HEADER, FRAME = 32, 24
MAGIC, BIG_ENDIAN = 0x377F0682, 1
WORD = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class _Frame:
    ours: bool
    holds: bool
    commits: bool


def damaged(log: bytes) -> bool:
    """Whether frames that were durable can't be read any more."""
    if not any(log[:HEADER]):
        return False
    frames = _frames(log)
    if frames is None:
        return True
    ended, committed = False, False
    for frame in frames:
        ended = ended or not frame.holds
        if committed and frame.ours:
            return True
        committed = committed or (ended and frame.commits)
    return False


def hold(log: bytes) -> None:
    """CorruptError where the log is damaged."""
    if damaged(log):
        raise CorruptError("its write-ahead log has lost what was once kept")


def _frames(log: bytes) -> "Iterator[_Frame] | None":
    """The frames with what is true of each; None where the header is spoilt."""
    if len(log) < HEADER:
        return iter(())
    magic, _, page, _, *_, first, second = struct.unpack_from(">8I", log)
    words = ">" if magic & BIG_ENDIAN else "<"
    if magic & ~BIG_ENDIAN != MAGIC or _sum(log[: HEADER - 8], words, (0, 0)) != (first, second):
        return None
    return _walk(log, page, words, (first, second))


def _walk(log: bytes, page: int, words: str, sums: tuple[int, int]) -> Iterator[_Frame]:
    salts, good = log[16:24], True
    for at in range(HEADER, len(log) - FRAME - page + 1, FRAME + page):
        head = log[at : at + FRAME]
        ours = head[8:16] == salts
        if good:
            sums = _sum(log[at + FRAME : at + FRAME + page], words, _sum(head[:8], words, sums))
            good = ours and struct.unpack(">2I", head[16:]) == sums
        yield _Frame(ours, good, any(head[4:8]))


def _sum(data: bytes, words: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    numbers = iter(struct.unpack(f"{words}{len(data) // 4}I", data))
    for one, other in zip(numbers, numbers, strict=True):
        first = (first + one + second) & WORD
        second = (second + other + first) & WORD
    return first, second
