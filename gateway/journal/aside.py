"""Setting a journal aside under a dated name: it is never deleted, though the power goes in between.

A note is made durable before the first piece is moved: who finds one goes on with it. The main file is moved last, so
that what then stands at the place is a new journal.
"""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from gateway.journal.errors import JournalError
from seams.folder import sync_folder

PIECES = ("-wal", "-shm", "")
PRIVATE = 0o600


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to a journal is being moved, and why."""

    name: str
    why: str


def note(path: Path, why: str, now: datetime) -> None:
    """Begin to set a journal aside; JournalError where the disk refuses."""
    name = stem = f"{path.name}.aside-{now:%Y%m%dT%H%M%SZ}"
    number = 1
    while path.with_name(name).exists():
        number += 1
        name = f"{stem}-{number}"
    try:
        fresh = _note(path).with_name(f"{_note(path).name}.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as file:
            file.write(msgspec.json.encode(Note(name, why)))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(_note(path))
        sync_folder(path.parent)
    except OSError as error:
        raise JournalError(f"{path}: is damaged ({why}) and can't be set aside ({error.strerror})") from None


def read(path: Path) -> Note | None:
    """What is to be set aside here, None where nothing is; JournalError where that can't be told."""
    try:
        return msgspec.json.decode(_note(path).read_bytes(), type=Note)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError):
        raise JournalError(f"{_note(path)}: can't be read; remove it when you have looked at {path}") from None


def move(path: Path) -> Note | None:
    """Go on with what a note tells, so far as it is not done; None where there is none."""
    noted = read(path)
    if noted is None:
        return None
    to = path.with_name(noted.name)
    try:
        for piece in PIECES if not to.exists() else ():
            if (here := path.with_name(path.name + piece)).exists():
                here.replace(to.with_name(to.name + piece))
        sync_folder(path.parent)
    except OSError as error:
        raise JournalError(f"{path}: can't be set aside ({error.strerror}): check the folder and its owner") from None
    return noted


def done(path: Path) -> None:
    """The new journal says itself that another was set aside: the note is no longer needed."""
    _note(path).unlink(missing_ok=True)
    sync_folder(path.parent)


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.setting-aside")
