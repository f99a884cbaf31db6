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
from gateway import journal_place
from gateway.inbox import Inbox
from gateway.journal_file import open_file
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


def _journal(path: str) -> sqlite3.Connection:
    """Note each commit of the journal that wrote something."""
    connection = open_file(path)
    changes = connection.total_changes

    def traced(statement: str) -> None:
        nonlocal changes
        if statement == "COMMIT" and connection.total_changes != changes:
            changes = connection.total_changes
            note("commit", "journal")

    connection.set_trace_callback(traced)
    return connection


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
    journal_place.open_file = _journal  # type: ignore[attr-defined]
    edge_command.installed = _catalogue  # type: ignore[attr-defined]


if __name__ == "__main__":
    trace()
    status = cli.main(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(notes))
    sys.exit(status)
