"""`curbstop journal`: what a gateway's journal says of itself, the end of its safe mode, its backup and its restore.

All but `show` and `backup` want the gateway stopped: they take the journal's lock.
"""

import argparse
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from curbstop import gateway
from gateway.journal.aside import PIECES
from gateway.journal.errors import CorruptError, JournalError, StorageError
from gateway.journal.journal import Journal
from gateway.journal.place import open_at
from seams import runfile
from seams.clock import SystemClock, SystemEntropy

CANT = 2
ID_SIZE, PRIVATE = 16, 0o600
LENGTHS = "SELECT count(*), coalesce(sum(length(raw)), 0) FROM outbox"


class ActError(Exception):
    """Why it can't be done; the text says what to do, and nothing was changed."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = commands.add_parser("journal", help="show, trust again, back up or restore the journal of a gateway")
    parser.add_argument("act", choices=tuple(ACTS), help="trust: end the safe mode that a damaged journal has led to")
    parser.add_argument("config", type=Path, help="the gateway's configuration")
    parser.add_argument("file", type=Path, nargs="?", help="the backup")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do it; 2 where that can't be."""
    try:
        path = Path(gateway.read(arguments.config).journal)
        print(ACTS[arguments.act](path, _file(arguments)))
    except (ActError, gateway.StartError, JournalError, StorageError) as error:
        print(f"curbstop journal: {error}", file=sys.stderr)
        return CANT
    return 0


def _file(arguments: argparse.Namespace) -> Path:
    file: Path | None = arguments.file
    if file is None and arguments.act in WITH_FILE:
        raise ActError(f"{arguments.act}: name the backup's file")
    return file or Path()


def show(path: Path, _: Path) -> str:
    """What it says of itself, of a running gateway's too."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
            receipts, size = db.execute(LENGTHS).fetchone()
            (waiting,) = db.execute("SELECT count(*) FROM readings").fetchone()
    except sqlite3.Error as error:
        raise ActError(f"{path}: can't be read ({error})") from None
    told = [
        f"{path}: journal {meta.get('journal', '')}, start {meta.get('boot', '0')}",
        f"{receipts} signed accounts ({size} bytes), {waiting} readings wait, {meta.get('lost', '0')} were lost",
        f"safe mode: {meta['safe']}" if meta.get("safe") else "no safe mode: closures are allowed",
    ]
    return "\n".join([*told, *(f"set aside: {found}" for found in sorted(path.parent.glob(f"{path.name}.aside-*")))])


def trust(path: Path, _: Path) -> str:
    """End the safe mode."""
    if not path.exists():
        raise ActError(f"{path}: there is no journal")
    journal = open_at(path, SystemEntropy()).journal
    try:
        if not journal.safe:
            return f"{path}: is in no safe mode"
        before = journal.safe
        journal.set_safe("")
        return f"{path}: closures are allowed again when the gateway is started. It was: {before}"
    finally:
        journal.close()


def backup(path: Path, to: Path) -> str:
    """Copy the journal as it stands at one moment, whether or not the gateway runs."""
    if to.exists():
        raise ActError(f"{to}: exists already; a backup is never overwritten")
    if not path.exists():
        raise ActError(f"{path}: there is no journal")
    _copy(path, to)
    return f"{to}: a copy of {path}"


def restore(path: Path, kept: Path) -> str:
    """Put a backup in the journal's place; what stood there is moved aside.

    The run file is exchanged first, so that the next start knows it was restored: it begins as a new journal, in a
    higher epoch, and carries out nothing that was sent before.
    """
    try:
        held = runfile.lock(path.with_name(f"{path.name}.lock"), str(path))
    except runfile.RunFileError as error:
        raise ActError(str(error)) from None
    fresh = path.with_name(f"{path.name}.restoring")
    try:
        fresh.unlink(missing_ok=True)
        _copy(kept, fresh)
        runfile.write(path.with_name(f"{path.name}.run"), runfile.Kept(SystemEntropy().token(ID_SIZE).hex(), 0))
        _move_away(path)
        fresh.replace(path)
    except (OSError, runfile.RunFileError) as error:
        raise ActError(f"{path}: can't be exchanged ({error})") from None
    finally:
        fresh.unlink(missing_ok=True)
        held.release()
    return f"{path}: restored from {kept}. The next start begins as a new journal, and commands are asked anew."


def _move_away(path: Path) -> None:
    """Move what stands there, under a dated name; nothing is ever deleted."""
    former = path.with_name(f"{path.name}.before-{SystemClock().now():%Y%m%dT%H%M%SZ}")
    for piece in PIECES:
        if (here := path.with_name(path.name + piece)).exists():
            here.replace(former.with_name(former.name + piece))


def _copy(source: Path, to: Path) -> None:
    """A whole, checked copy, or none."""
    fresh = to.with_name(f"{to.name}.part")
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE))
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as here,
            closing(sqlite3.connect(fresh)) as there,
        ):
            there.execute("PRAGMA synchronous = FULL")
            here.backup(there)
        _check(source, fresh)
        fresh.replace(to)
    except (OSError, sqlite3.Error) as error:
        raise ActError(f"{to}: can't be written from {source} ({error})") from None
    finally:
        fresh.unlink(missing_ok=True)


def _check(source: Path, copy: Path) -> None:
    """ActError unless it is a whole journal; looked at in memory, for opening one writes."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        with closing(sqlite3.connect(copy)) as here:
            here.backup(memory)
        try:
            Journal(memory, "0" * 32)
        except (CorruptError, JournalError) as error:
            raise ActError(f"{source}: is no whole journal ({error})") from None


ACTS: dict[str, Callable[[Path, Path], str]] = {"show": show, "trust": trust, "backup": backup, "restore": restore}
WITH_FILE = ("backup", "restore")
