"""Copies of evidence: only what is missing is copied, nothing is ever deleted, and every copy is what its name says.

A file's name is the digest of its bytes, so that one folder serves all backups of a house.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from controlplane.field.evidence.store import PIECE, PRIVATE_FILE, PRIVATE_FOLDER, Store
from seams.folder import sync_folder

NAMED = 5
BESIDE = "evidence-backup"
"""The folder beside a backup in which its evidence is."""


@dataclass(frozen=True, slots=True)
class Copied:
    """How many files were copied, and which are nowhere as they were."""

    files: int
    lost: tuple[str, ...]

    @property
    def warning(self) -> str | None:
        """What to tell of what is lost; None where nothing is."""
        if not self.lost:
            return None
        more = f" and {len(self.lost) - NAMED} more" if len(self.lost) > NAMED else ""
        named = ", ".join(self.lost[:NAMED]) + more
        return (
            f"{len(self.lost)} pieces of evidence are missing or altered; whoever has them can put them again: {named}"
        )


def named_in(database: Path) -> list[str]:
    """The digests of all evidence that a database names; sqlite3.Error where it can't be read."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'evidence'").fetchone() is None:
            return []
        return [row[0] for row in connection.execute("SELECT sha256 FROM evidence ORDER BY sha256")]


def back_up(digests: Iterable[str], house: Path, backup: Path) -> Copied:
    """Copy what the backup has not yet; OSError where it can't be written."""
    source, target = Store(house), Store(backup)
    copied, lost = 0, []
    for digest in digests:
        if _same_size(source.path(digest), target.path(digest)):
            continue
        if _copy(digest, source, target):
            copied += 1
        elif not target.is_whole(digest):
            lost.append(digest)
    return Copied(copied, tuple(lost))


def put_back(digests: Iterable[str], house: Path, backup: Path) -> Copied:
    """Put back what the house has lost or has no longer as it was: each file's bytes are held against its name."""
    source, target = Store(backup), Store(house)
    copied, lost = 0, []
    for digest in digests:
        if target.is_whole(digest):
            continue
        if _copy(digest, source, target):
            copied += 1
        else:
            lost.append(digest)
    return Copied(copied, tuple(lost))


def _same_size(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and one.stat().st_size == other.stat().st_size


def _copy(digest: str, source: Store, target: Store) -> bool:
    """Copy one file with its small picture, durably; False where its source is not there or not what its name says."""
    original, place = source.path(digest), target.path(digest)
    if not original.is_file():
        return False
    target.folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    place.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    fresh = place.with_name(f"{digest}.part")
    try:
        if _bytes(original, fresh) != digest:
            return False
        if source.thumbnail(digest).is_file():
            shutil.copyfile(source.thumbnail(digest), target.thumbnail(digest))
            target.thumbnail(digest).chmod(PRIVATE_FILE)
        fresh.replace(place)
        sync_folder(place.parent)
    finally:
        fresh.unlink(missing_ok=True)
    return True


def _bytes(original: Path, fresh: Path) -> str:
    """Copy the bytes, durably; the digest of what was copied."""
    found = sha256()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with original.open("rb") as source, os.fdopen(descriptor, "wb") as target:
        while piece := source.read(PIECE):
            found.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return found.hexdigest()
