"""Who saw what, and when by the true time: journals, commits, messages, valves; and what is done to the world upon it.

Nothing of the two ends is believed here. Each entry is made where the thing itself happens: after a journal's commit,
at the broker, at the valve. A plot may ask to be called upon a moment, which is how faults and payments are aimed.
"""

import asyncio
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from controlplane.writer import InlineWriter, Verb
from gateway.journal.journal import Journal
from gateway.journal.records import Build, Sealed, Taking, Task
from protocols.errors import ProtocolError
from protocols.ports import Message
from protocols.types import MeterId, Outcome
from protocols.types import Verb as ValveVerb
from protocols.uplink import codec, envelope
from protocols.uplink.messages import Command, Number
from protocols.uplink.topics import Topic
from simulators.faults import Fault
from simulators.process import Process

T = TypeVar("T")
Do = Callable[[str], None]
"""Told the meter it was about, or nothing."""
DULL = frozenset(
    {Fault.NOISE, Fault.FLIPPED_BIT, Fault.DROPPED_BYTE, Fault.SPLIT_DELIVERY, Fault.LOST_ANSWER, Fault.LATE_ANSWER}
)
"""Faults of the line that strike too often to be told one by one: they are counted."""
PLANE_MOMENTS = {"permit-request": "decided", "receipt": "receipt taken", "birth": "birth taken", "readings": "kept"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a gateway's journal made durable; `skew_s` is how far its wall clock then stood before the plane's."""

    at_s: float
    gateway: str
    journal: str
    what: str
    digest: str
    meter: MeterId
    number: Number
    verb: ValveVerb | None
    skew_s: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stop or freeze that people recorded; `after` is the last event of any order before it."""

    at_s: float
    point: str
    kind: str
    act: str | None
    until: datetime | None
    up_to: int
    after: int
    id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A message at the broker: `accepted` from a client or `delivered` to one."""

    at_s: float
    what: str
    client: str
    message: Message


@dataclass(slots=True)
class Witness:
    """All that was seen in one world."""

    time: Callable[[], float]
    skew_s: Callable[[str], float]
    told: list[tuple[float, str, str]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    stops: list[Recorded] = field(default_factory=list)
    freezes: list[tuple[int, int | None]] = field(default_factory=list)
    ended: dict[str, int] = field(default_factory=dict)
    edge_freezes: list[tuple[float, str, bool]] = field(default_factory=list)
    messages: list[Seen] = field(default_factory=list)
    settled: dict[str, list[tuple[float, int | None]]] = field(default_factory=lambda: defaultdict(list))
    hands: dict[str, list[tuple[float, int | None]]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    _upon: list[tuple[str, str, Do]] = field(default_factory=list)

    def tell(self, who: str, text: str) -> None:
        """Put a line into the story."""
        self.told.append((self.time(), who, text))

    def upon(self, moment: str, do: Do, about: str = "") -> None:
        """Have `do` called once, at the next moment of this name, of this meter where one is named."""
        self._upon.append((moment, about, do))

    def forget(self) -> None:
        """Nobody waits for a moment any more."""
        self._upon.clear()

    def moment(self, name: str, about: str = "") -> None:
        """Something happens now: whoever waits for it is called."""
        due = [each for each in self._upon if each[0] == name and each[1] in ("", about)]
        for each in due:
            self._upon.remove(each)
            each[2](about)

    def awaited(self, name: str) -> bool:
        """Whether anybody waits for such a moment."""
        return any(moment == name for moment, _, _ in self._upon)

    def tap(self, at_s: float, what: str, client: str, message: Message) -> None:
        """Told by the broker."""
        self.messages.append(Seen(at_s, what, client, message))
        kind = message.topic.rpartition("/")[2]
        name = f"{kind} {what}"
        if self.awaited(name):
            self.moment(name, meter_of(message.payload))

    def struck(self, fault: Fault, about: str) -> None:
        """Told by the faults."""
        self.counts[fault] += 1
        if fault not in DULL:
            self.tell("fault", f"{fault.replace('_', ' ')} {'/'.join(about.split('/')[-2:])}".strip())

    def journaled(self, journal: "WatchedJournal", committed: list[tuple[str, str]]) -> None:
        """A journal has committed these, whatever then is done upon the first of them."""
        known = len(self.entries)
        for what, digest in committed:
            self._enter(journal, what, digest)
        for entry in self.entries[known:]:
            self.moment(entry.what, entry.meter)

    def _enter(self, journal: "WatchedJournal", what: str, digest: str) -> None:
        task = journal.task(digest)
        if task is None or (what == "started" and not task.began):
            return
        verb = codec.decode_payload(task.payload, Command).verb if task.kind == "command" else None
        gateway, skew_s = journal.gateway, self.skew_s(journal.gateway)
        self.entries.append(
            Entry(self.time(), gateway, journal.id, what, digest, task.meter, task.number, verb, skew_s)
        )

    def committed(self, plane: sqlite3.Connection) -> None:
        """The control plane has committed: what is settled by now."""
        for digest, sequence in plane.execute(
            "SELECT digest, settled_sequence FROM commands WHERE granted_at NOT NULL"
        ):
            self._since(self.settled[digest], sequence)
        for digest, sequence in plane.execute("SELECT digest, settled_sequence FROM hands"):
            self._since(self.hands[digest], sequence)

    def _since(self, known: list[tuple[float, int | None]], sequence: int | None) -> None:
        if not known or known[-1][1] != sequence:
            known.append((self.time(), sequence))


def meter_of(payload: bytes) -> str:
    """The meter a signed message names; empty where it names none."""
    try:
        _, body = envelope.read(payload)
    except ProtocolError:
        return ""
    _, found, rest = body.partition(b'"meter":"')
    return rest.partition(b'"')[0].decode() if found else ""


class WatchedJournal(Journal):
    """A gateway's journal whose commits are seen."""

    def __init__(self, connection: sqlite3.Connection, fresh_id: str, witness: Witness, gateway: str) -> None:
        self._witness, self.gateway = witness, gateway
        self._uncommitted: list[tuple[str, str]] = []
        super().__init__(connection, fresh_id)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        outermost = not self._db.in_transaction
        if outermost:
            self._uncommitted.clear()
        with super().transaction() as db:
            yield db
        if outermost:
            self._seen()

    def _note(self, what: str, digest: str) -> None:
        self._uncommitted.append((what, digest))
        if not self._db.in_transaction:
            self._seen()

    def _seen(self) -> None:
        committed, self._uncommitted = self._uncommitted, []
        self._witness.journaled(self, committed)

    def receive(self, task: Task) -> None:
        super().receive(task)
        self._note("received", task.digest)

    def start(self, digest: str, permit: str | None, taking: Taking | None) -> None:
        super().start(digest, permit, taking)
        self._note("started", digest)

    def finish(self, digest: str, outcome: Outcome, kind: str, build: Build) -> Sealed:
        sealed = super().finish(digest, outcome, kind, build)
        self._note("finished", digest)
        return sealed

    def set_freeze(self, number: int, *, on: bool) -> None:
        super().set_freeze(number, on=on)
        self._witness.edge_freezes.append((self._witness.time(), self.id, self.freeze()[1]))


@dataclass(slots=True)
class WatchedWriter(InlineWriter):
    """The control plane's writer whose commits are seen; a process that dies at one does nothing more."""

    witness: Witness
    process: Process
    eye: sqlite3.Connection

    async def run(self, verb: Verb[T]) -> T:
        result = await InlineWriter.run(self, verb)
        self.witness.committed(self.eye)
        self.witness.moment(_moment(verb))
        if not self.process.alive:
            raise asyncio.CancelledError
        return result


def _moment(verb: Any) -> str:
    """What was committed: by the kind of the message that was taken, else just a commit."""
    if isinstance(verb, partial) and len(verb.args) > 1:
        verb = verb.args[1]  # what a leader does, without its fence
    taken = isinstance(verb, partial) and verb.args and isinstance(verb.args[0], Topic)
    return PLANE_MOMENTS.get(verb.args[0].kind, "commit") if taken else "commit"
