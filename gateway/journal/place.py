"""The journal at its place on the disk: locked for one process, and known again by what is kept beside it.

A journal restored from a backup taken between `received` and `started` of its newest command shows the same marks as
before: only the count of starts outside the file gives it away. It becomes another journal then, and the control plane
raises the epoch at its birth (CONTROL P6, Delivery).
"""

from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.journal.errors import JournalError, StorageError
from gateway.journal.file import open_file
from gateway.journal.journal import Journal
from protocols.ports import Entropy
from protocols.uplink.messages import GENESIS
from seams import runfile

ID_SIZE = 16
FORGOT = "closures_forgotten"
"""Set while it is not known how many closures of the last day the journal has forgotten."""
log: structlog.stdlib.BoundLogger = structlog.get_logger("journal")


@dataclass(frozen=True, slots=True)
class Placed:
    """A journal that is this process's alone until `lock` is released."""

    journal: Journal
    lock: runfile.Lock


def open_at(path: Path, entropy: Entropy) -> Placed:
    """Open or make the journal at `path`; JournalError, with what to do, where another process has it or it can't be.

    A journal that is not the one written last gets a new id.
    """
    beside = path.with_name(f"{path.name}.run")
    try:
        held = runfile.lock(path.with_name(f"{path.name}.lock"), str(path))
    except runfile.RunFileError as error:
        raise JournalError(str(error)) from None
    try:
        journal = Journal(open_file(str(path)), _fresh(entropy))
        _recognise(journal, beside, entropy)
    except (JournalError, StorageError, runfile.RunFileError) as error:
        held.release()
        raise JournalError(str(error)) from None
    return Placed(journal, held)


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
