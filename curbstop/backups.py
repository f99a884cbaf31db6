"""`curbstop backup` and `curbstop restore`: SQLite file and evidence, copied whole, and put back halted.

A database of a server has its own tools; the run file finds out at the next start that it was restored.
"""

import argparse
import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from controlplane.settings import Settings, SettingsError, load
from curbstop.evidence_copies import BESIDE, Copied, back_up, named_in, put_back
from curbstop.serve import lock_of
from seams import runfile
from seams.clock import SystemClock, SystemEntropy

LOST, CANT = 1, 2
ID_SIZE = 16
PARTS = ("", "-wal", "-shm")
PRIVATE = 0o600


class BackupError(Exception):
    """Why it can't be done; the text says what to do, and nothing was changed but that evidence may have been added."""


@dataclass(frozen=True, slots=True)
class Restored:
    """Where the former database is now, and what was put back of the evidence."""

    aside: Path | None
    evidence: Copied


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register both commands."""
    backup = commands.add_parser("backup", help="copy the control plane's database and evidence, while it runs or not")
    restore = commands.add_parser("restore", help="put a backup in the database's place; the next start is halted")
    for parser, verb in ((backup, run_backup), (restore, run_restore)):
        parser.add_argument("config", type=Path, help="the control plane's configuration")
        parser.add_argument("file", type=Path, help="the backup")
        parser.add_argument("--evidence", type=Path, help=f"its evidence; without this, {BESIDE} beside the file")
        parser.add_argument("--no-evidence", action="store_true", help="the database alone")
        parser.set_defaults(run=verb)


def run_backup(arguments: argparse.Namespace) -> int:
    """Copy the database, then the evidence that it names; 2 where that can't be, 1 where some evidence is lost."""
    try:
        settings = _settings(arguments.config)
        evidence = _evidence(arguments, settings)
        database = _database(settings)
        copy(database, arguments.file)
        copied = _with_evidence(settings, arguments.file, evidence)
    except BackupError as error:
        print(f"curbstop backup: {error}", file=sys.stderr)
        return CANT
    print(f"{arguments.file}: a copy of {database}")
    return _told("backup", evidence, copied)


def _evidence(arguments: argparse.Namespace, settings: Settings) -> Path | None:
    """The folder of the backup's evidence; None where the database alone is meant."""
    folder: Path = arguments.evidence or arguments.file.with_name(BESIDE)
    if folder.resolve() == settings.evidence_folder.resolve():
        raise BackupError(f"{folder}: is where the house itself keeps its evidence; name another with --evidence")
    return None if arguments.no_evidence else folder


def _told(command: str, evidence: Path | None, copied: Copied) -> int:
    if evidence is not None:
        print(f"{evidence}: {copied.files} pieces of evidence {'added' if command == 'backup' else 'put back from it'}")
    if copied.warning is not None:
        print(f"curbstop {command}: {copied.warning}", file=sys.stderr)
        return LOST
    return 0


def _with_evidence(settings: Settings, backup: Path, evidence: Path | None) -> Copied:
    """Copy the evidence that a backup names; BackupError where it can't be, and then there is no backup."""
    if evidence is None:
        return Copied(0, ())
    try:
        return back_up(named_in(backup), settings.evidence_folder, evidence)
    except (OSError, sqlite3.Error) as error:
        backup.unlink()
        raise BackupError(f"{evidence}: evidence can't be written ({error}); make room, or use --no-evidence") from None


def run_restore(arguments: argparse.Namespace) -> int:
    """Put evidence back, then a backup in the database's place; 2 where that can't be, 1 where evidence is lost."""
    try:
        settings = _settings(arguments.config)
        evidence = _evidence(arguments, settings)
        restored = restore(settings, arguments.file, evidence)
    except BackupError as error:
        print(f"curbstop restore: {error}", file=sys.stderr)
        return CANT
    print(f"{_database(settings)}: restored from {arguments.file}")
    if restored.aside is not None:
        print(f"{restored.aside}: what stood there before")
    print("The next `curbstop serve` begins halted: it closes nothing until an operator resumes it.")
    return _told("restore", evidence, restored.evidence)


def _settings(path: Path) -> Settings:
    try:
        return load(path)
    except SettingsError as error:
        raise BackupError(str(error)) from None


def _database(settings: Settings) -> Path:
    file = settings.database_file
    if file is None:
        raise BackupError(
            "the database is a server's: use its own tools; the next start finds out that it was restored"
        )
    return file


def copy(database: Path, to: Path) -> None:
    """Copy the database as it stands at one moment; BackupError where it can't be, and nothing is left behind."""
    if to.exists():
        raise BackupError(f"{to}: exists already; a backup is never overwritten")
    if not database.exists():
        raise BackupError(f"{database}: there is no database")
    fresh = to.with_name(f"{to.name}.part")
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE))
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source, closing(_plain(fresh)) as target:
            source.backup(target)
        _check(fresh)
        fresh.replace(to)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{to}: can't be written ({error})") from None
    finally:
        fresh.unlink(missing_ok=True)


def _plain(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _check(path: Path) -> None:
    """BackupError unless it is a whole database of a control plane."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            (answer,) = database.execute("PRAGMA quick_check(1)").fetchone()
            database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"{path}: is no backup of a control plane ({error})") from None
    if answer != "ok":
        raise BackupError(f"{path}: is damaged ({answer})")


def restore(settings: Settings, backup: Path, evidence: Path | None = None) -> Restored:
    """Put the backup in the database's place, and before it what is missing of the evidence that it names.

    Whatever happens to the database, the next start is halted: the run file is exchanged before it.
    """
    database, run_file = _database(settings), settings.path(settings.run_file)
    _check(backup)
    try:
        held = runfile.lock(lock_of(run_file), "the control plane's database")
    except runfile.RunFileError as error:
        raise BackupError(str(error)) from None
    fresh = database.with_name(f"{database.name}.restoring")
    try:
        fresh.unlink(missing_ok=True)
        found = _put_back(settings, backup, evidence)
        copy(backup, fresh)
        runfile.write(run_file, runfile.Kept(SystemEntropy().token(ID_SIZE).hex(), 0))
        aside = _set_aside(database)
        fresh.replace(database)
    except (OSError, runfile.RunFileError) as error:
        raise BackupError(f"{database}: can't be exchanged ({error})") from None
    finally:
        held.release()
    return Restored(aside, found)


def _put_back(settings: Settings, backup: Path, evidence: Path | None) -> Copied:
    if evidence is None:
        return Copied(0, ())
    try:
        return put_back(named_in(backup), settings.evidence_folder, evidence)
    except (OSError, sqlite3.Error) as error:
        where = settings.evidence_folder
        raise BackupError(f"{where}: evidence can't be put back ({error}); make room, or use --no-evidence") from None


def _set_aside(database: Path) -> Path | None:
    """Move the former database away, with what was not yet folded into it; nothing is ever deleted."""
    if not database.exists():
        return None
    aside = database.with_name(f"{database.name}.before-{SystemClock().now():%Y%m%dT%H%M%SZ}")
    for part in reversed(PARTS):
        piece = database.with_name(database.name + part)
        if piece.exists():
            piece.replace(aside.with_name(aside.name + part))
    return aside
