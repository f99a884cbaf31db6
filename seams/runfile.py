"""What is kept outside a database to know it again: a small file beside it, and a lock that one process holds.

A database that was restored from a backup can't find out alone what it has lost. The file holds the id of the run that
wrote last, the id of the run that was about to begin, and a mark that only rises with what the database holds.
"""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import msgspec

from seams.folder import sync_folder

PRIVATE = 0o600
SLOT = 512
"""Bytes of each of the file's two slots: a sector, so that a write that is cut off leaves the other one alone."""


class RunFileError(Exception):
    """A run file or a lock that can't be used; the text says which and what to do."""


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's content. `next` is set while a run begins: the database may hold either id then."""

    run: str
    mark: int
    next: str = ""


@dataclass(frozen=True, slots=True)
class Inside:
    """What the database itself says: the id of the run that wrote it last, and the mark of what it holds."""

    run: str
    mark: int


def lost(inside: Inside | None, outside: Kept | None) -> str | None:
    """Why the database is not the one that was written last; None where it is, or where there was none before."""
    if inside is None and outside is None:
        return None
    if outside is None:
        return "the run file is missing, so nobody can tell whether this database was restored"
    if inside is None:
        return "the database is new, and the run file tells of an earlier one"
    if inside.run not in (outside.run, outside.next):
        return "the database was last written by another run than the run file says: it was restored, or exchanged"
    if inside.mark < outside.mark:
        return f"the database holds entries up to {inside.mark}, and there were {outside.mark}: it was restored"
    return None


def read(path: Path) -> Kept | None:
    """What is kept at `path`, None where nothing is; RunFileError where it can't be read."""
    try:
        kept = max(filter(None, _slots(path.read_bytes())), key=_mark, default=None)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunFileError(f"{path}: can't be read ({error.strerror})") from None
    if kept is None:
        why = "is no run file (no half of it names a run)"
        raise RunFileError(f"{path}: {why}; set it aside to begin as after a restore")
    return kept


def _mark(kept: Kept) -> int:
    return kept.mark


def _slots(data: bytes) -> list[Kept | None]:
    """What the two slots hold; None where one is empty, torn or spoilt. Earlier versions wrote one, without a check."""
    return [_slot(data[:SLOT]), _slot(data[SLOT:])]


def _slot(text: bytes) -> Kept | None:
    body, _, check = text.strip().partition(b"\n")
    if check and check != _check(body):
        return None
    try:
        return msgspec.json.decode(body, type=Kept)
    except msgspec.DecodeError:
        return None


def _text(kept: Kept) -> bytes:
    body = msgspec.json.encode(kept)
    return (body + b"\n" + _check(body)).ljust(SLOT)


def _check(body: bytes) -> bytes:
    return b"%08x" % crc32(body)


def write(path: Path, kept: Kept, *, settled: bool = True) -> None:
    """Keep it: the file is whole or as it was. RunFileError where the disk refuses.

    Without `settled` a power loss may bring the former content back; that content is whole too. A run's rising mark is
    then written in place, for a quarter of what a new file costs.
    """
    if not settled and _raised(path, kept):
        return
    fresh = path.with_name(f"{path.name}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as file:
            file.write(_text(kept).ljust(2 * SLOT))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        if settled:
            sync_folder(path.parent)
    except OSError as error:
        raise RunFileError(f"{path}: can't be written ({error.strerror})") from None


def _raised(path: Path, kept: Kept) -> bool:
    """Write a higher mark of the same run into the slot that does not hold the last one; False if it can't be."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_DSYNC | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        data = os.read(descriptor, 2 * SLOT + 1)
        slots = _slots(data)
        last = max(filter(None, slots), key=_mark, default=None)
        same = last is not None and (last.run, last.next) == (kept.run, kept.next) and last.mark < kept.mark
        if not same or len(data) != 2 * SLOT:
            return False
        return os.pwrite(descriptor, _text(kept), SLOT if slots[0] is last else 0) == SLOT
    except OSError:
        return False
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class Lock:
    """A lock of the system's that ends with the process, or when it is let go."""

    _descriptor: int

    def release(self) -> None:
        """Let go; a second time does nothing."""
        with suppress(OSError):
            os.close(self._descriptor)


def lock(path: Path, whose: str) -> Lock:
    """Hold the lock at `path` for this process alone; RunFileError if another one holds it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        raise RunFileError(f"{path}: can't be opened ({error.strerror})") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise RunFileError(f"{whose} is in use by another process: stop that one first") from None
    return Lock(descriptor)
