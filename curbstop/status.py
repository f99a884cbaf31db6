"""`curbstop gateway status CONFIG`: how a running gateway stands; without one, what its journal tells."""

import argparse
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from curbstop.status_table import journal_page, page
from drivers.catalogue import installed
from drivers.toml_lines import TomlError
from gateway.config import load
from gateway.status import shape
from gateway.status.server import UnfitError, ask, beside

WITHIN_S, AGAIN_S = 10.0, 2.0
NOT_RUNNING, CANT = 1, 2
CLEAR = "\x1b[H\x1b[2J"
COUNTS = {
    "commands not ended": "SELECT count(*) FROM tasks WHERE state <> 'finished' AND kind = 'command'",
    "commands that may have moved a valve, not settled": "SELECT count(*) FROM tasks WHERE state = 'started'",
    "accounts that the control plane does not hold": "SELECT count(*) FROM outbox WHERE acked = 0",
    "readings that the control plane does not hold": "SELECT count(*) FROM readings",
    "valves last seen closed": "SELECT count(*) FROM positions WHERE position = 'closed'",
}


def run(arguments: argparse.Namespace) -> int:
    """Show it once, or again and again with `--watch`; 1 where no gateway runs, 2 where the file can't be used."""
    try:
        journal = load(arguments.config, installed()).journal
    except (TomlError, OSError, UnicodeDecodeError) as error:
        print(f"curbstop gateway: {error}", file=sys.stderr)
        return CANT
    if not arguments.watch:
        return show(journal, as_json=arguments.json)
    try:
        while True:
            print(CLEAR, end="")
            show(journal, as_json=arguments.json)
            time.sleep(AGAIN_S)
    except KeyboardInterrupt:
        return 0


def show(journal: Path, *, as_json: bool) -> int:
    """Print how the gateway of this journal stands."""
    try:
        status, meters = _asked(beside(journal))
    except UnfitError as error:
        print(f"curbstop gateway: {error}", file=sys.stderr)
        return CANT
    except PermissionError:
        print(f"curbstop gateway: {beside(journal)}: only the gateway's own user may ask it", file=sys.stderr)
        return CANT
    except OSError as error:
        return _from_journal(journal, str(error), as_json=as_json)
    if as_json:
        print(msgspec.json.encode({"status": status, "meters": meters}).decode())
    else:
        print(page(status, meters), end="")
    return 0


def _asked(place: Path) -> tuple[shape.Status, list[shape.Meter]]:
    status = msgspec.convert(ask(place, {"ask": "status"}, WITHIN_S), shape.Status)
    meters: list[shape.Meter] = []
    while more := ask(place, {"ask": "meters", "after": meters[-1].name if meters else ""}, WITHIN_S):
        meters += msgspec.convert(more, list[shape.Meter])
    return status, meters


def _from_journal(journal: Path, why: str, *, as_json: bool) -> int:
    """What is durable; read without writing, so that a gateway that starts meanwhile is not disturbed."""
    told: dict[str, Any] = {"running": False, "why": why, "journal": str(journal)}
    try:
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as db:
            told["counts"] = {words: db.execute(query).fetchone()[0] for words, query in COUNTS.items()}
    except sqlite3.Error as error:
        told["counts"], told["unreadable"] = {}, str(error)
    print(msgspec.json.encode(told).decode() if as_json else journal_page(told), end="\n" if as_json else "")
    return NOT_RUNNING
