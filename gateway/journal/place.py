"""The journal at its place on the disk: locked for one process, and known again by what is kept beside it.

A journal restored from a backup taken between `received` and `started` of its newest command shows the same marks as
before: only the count of starts outside the file gives it away. It becomes another journal then, and the control plane
raises the epoch at its birth (CONTROL P6, Delivery).
"""

import os
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.journal import aside, salvage, wal
from gateway.journal.errors import CorruptError, JournalError, StorageError
from gateway.journal.file import open_file
from gateway.journal.journal import Journal
from protocols.ports import Clock, Entropy
from protocols.uplink.messages import GENESIS
from seams import runfile
from seams.clock import SystemClock

ID_SIZE = 16
FORGOT = "closures_forgotten"
"""Set while it is not known how many closures of the last day the journal has forgotten."""
log: structlog.stdlib.BoundLogger = structlog.get_logger("journal")


@dataclass(frozen=True, slots=True)
class Placed:
    """A journal that is this process's alone until `lock` is released."""

    journal: Journal
    lock: runfile.Lock


def open_at(path: Path, entropy: Entropy, clock: Clock | None = None) -> Placed:
    """Open or make the journal at `path`; JournalError, with what to do, where another process has it or it can't be.

    A journal that is not the one written last gets a new id. One that is damaged is set aside, and a new one begins in
    safe mode; `clock` dates its name.
    """
    beside, clock = path.with_name(f"{path.name}.run"), clock or SystemClock()
    try:
        held = runfile.lock(path.with_name(f"{path.name}.lock"), str(path))
    except runfile.RunFileError as error:
        raise JournalError(str(error)) from None
    try:
        journal = _sound(path, entropy, clock, known=beside.exists())
        _recognise(journal, beside, entropy)
    except (JournalError, StorageError, runfile.RunFileError) as error:
        held.release()
        raise JournalError(str(error)) from None
    journal.on_close = held.release
    return Placed(journal, held)


def _sound(path: Path, entropy: Entropy, clock: Clock, *, known: bool) -> Journal:
    """The journal that stands there; a new one, in safe mode, where that one is damaged."""
    _forget_cache(path)
    if aside.move(path) is not None:
        return _anew(path, entropy)
    try:
        wal.hold(_bytes(path.with_name(f"{path.name}-wal")))
        return _opened(path, entropy)
    except CorruptError as error:
        if not known:
            raise JournalError(f"{path}: is no journal ({error}): set the file aside, and a new one is made") from None
        aside.note(path, str(error), clock.now())
    return _anew(path, entropy)


def _opened(path: Path, entropy: Entropy) -> Journal:
    connection = open_file(str(path))
    try:
        return Journal(connection, _fresh(entropy))
    except (JournalError, StorageError):
        connection.close()
        raise


def _anew(path: Path, entropy: Entropy) -> Journal:
    """Set aside what a note tells of, and begin a journal that closes nothing until a person ends that."""
    noted = aside.move(path)
    assert noted is not None  # noqa: S101 - noted right before
    journal = _opened(path, entropy)
    if not journal.safe:
        kept = salvage.read(path.with_name(noted.name))
        with journal.transaction():
            carried = salvage.carry(kept, journal)
            journal.set_safe(f"the journal was damaged and is set aside as {noted.name}: {noted.why}")
        log.error("the journal is set aside: nothing is closed until a person ends it", why=journal.safe, kept=carried)
    aside.done(path)
    return journal


def _forget_cache(path: Path) -> None:
    """Let the system drop what it keeps of these files: after a failed sync that is not what the disk holds."""
    for piece in aside.PIECES:
        try:
            descriptor = os.open(path.with_name(path.name + piece), os.O_RDONLY)
        except OSError:
            continue
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _fresh(entropy: Entropy) -> str:
    return entropy.token(ID_SIZE).hex()


def _recognise(journal: Journal, beside: Path, entropy: Entropy) -> None:
    """Decide whether it is the one written last, and begin a run: each step leaves a pair that is known again."""
    before, starts, run = journal.meta("run", ""), int(journal.meta("starts", "0")), _fresh(entropy)
    why = runfile.lost(runfile.Inside(before, starts) if before else None, runfile.read(beside))
    if why is not None:
        _renew(journal, _fresh(entropy))
        log.warning("the journal's memory is not trusted: it begins as a new one", why=why, journal=journal.id)
    elif before:
        runfile.write(beside, runfile.Kept(before, starts, next=run))
    with journal.transaction():
        journal.set_meta("run", run)
    runfile.write(beside, runfile.Kept(run, starts))
    journal.outside = _Outside(beside, run).keep


def _renew(journal: Journal, fresh_id: str) -> None:
    """Become another journal, whose chain of receipts begins anew."""
    with journal.transaction():
        journal.set_meta("journal", fresh_id)
        journal.set_meta("head", GENESIS)
        journal.set_meta(FORGOT, FORGOT)
    journal.id, journal.doubted = fresh_id, True


@dataclass(frozen=True, slots=True)
class _Outside:
    path: Path
    run: str

    def keep(self, starts: int) -> None:
        """Keep the count of starts outside; StorageError where that can't be, so that nothing moves."""
        try:
            runfile.write(self.path, runfile.Kept(self.run, starts), settled=False)
        except runfile.RunFileError as error:
            raise StorageError(str(error)) from None
