"""Runs the real `curbstop` command line and notes what its chain costs: signatures, publications, commits that wrote.

`python -m tests.bench.chain.trace NOTES serve|gateway CONFIG`. What is noted stays in memory and is written at the end.
The gateway's one spec is given a valve that needs no time to travel: that time is the meter's, not the chain's.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from controlplane import writer
from curbstop import cli
from curbstop import gateway as edge_command
from drivers.catalogue import Catalogue, installed
from gateway.inbox import Inbox
from gateway.journal import place
from gateway.journal.file import open_file
from gateway.uplink import Uplink
from protocols.uplink.keys import KeyRing, SigningKey
from protocols.uplink.topics import Topic
from seams import mqtt

notes: list[tuple[float, str, str]] = []


def note(what: str, detail: str = "") -> None:
    """Take note of something that happens now (wall clock)."""
    notes.append((time.time(), what, detail))


def _after(owner: Any, name: str, what: str, detail: Callable[..., str] = lambda *_: "") -> None:
    original = getattr(owner, name)

    def noted(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        note(what, detail(*arguments))
        return result

    setattr(owner, name, noted)


def _before(owner: Any, name: str, what: str, detail: Callable[..., str] = lambda *_: "") -> None:
    original = getattr(owner, name)

    def noted(*arguments: Any, **named: Any) -> Any:
        note(what, detail(*arguments))
        return original(*arguments, **named)

    setattr(owner, name, noted)


def _verbs(_self: object, group: list[Any]) -> str:
    return "+".join(_verb(waiting.verb) for waiting in group)


def _verb(verb: Any) -> str:
    if isinstance(verb, partial):
        taken = next((argument.kind for argument in verb.args if isinstance(argument, Topic)), None)
        return f"take {taken}" if taken is not None else _verb(verb.func)
    return str(getattr(verb, "__qualname__", "verb")).split(".<locals>", maxsplit=1)[0]


class _Noted:
    """A journal's connection that notes each commit that wrote something; SQLite's own trace spells out every row."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self._changes = connection, connection.total_changes

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement == "COMMIT" and self._connection.total_changes != self._changes:
            self._changes = self._connection.total_changes
            note("commit", "journal")
        return self._connection.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def _journal(path: str) -> Any:
    return _Noted(open_file(path))


def _catalogue() -> Catalogue:
    """What is installed, with valves that arrive at once."""
    specs = [installed().by_name(name) for name in installed().names()]
    return Catalogue([replace(spec, timing=replace(spec.timing, travel_s=0.0)) for spec in specs])


def trace() -> None:
    """Put the notes' hooks where the chain passes."""
    _after(SigningKey, "sign", "sign")
    _after(KeyRing, "verify", "verify")
    _before(mqtt._Session, "publish", "publish", lambda _self, topic, _payload: topic.rsplit("/", 1)[1])
    _before(Uplink, "_take", "heard", lambda _self, kind, _raw: kind)
    _after(Inbox, "command", "journaled")
    _after(writer.ThreadWriter, "_commit", "commit", _verbs)
    place.open_file = _journal  # type: ignore[attr-defined]
    edge_command.installed = _catalogue  # type: ignore[attr-defined]


if __name__ == "__main__":
    trace()
    status = cli.main(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(notes))
    sys.exit(status)
