"""Every point at which power may be lost in a recorded life, and what is wrong with what is found then."""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.journal.errors import JournalError, StorageError
from gateway.journal.place import open_at
from gateway.journal.readings import ReadingStore
from simulators.chance import SeededEntropy, stream
from tests.power.disk import ROOT, Disk, Loss, Make, Operation, Sync, Write
from tests.power.forgetful import Forgetful, put
from tests.power.life import BOUND, CELLAR, JOURNAL, TOLD, Snapshot, snapshot
from tests.power.mounted import mounted

OF_A_RUN = {"boot", "run", "journal", "head", "meta"}
"""What a start changes in the journal's facts about itself, and so the sum over them (`meta`, among the sums)."""


@dataclass
class Recording:
    """What was done on a disk, and what was told, in the order of both; `begin` is what it held before."""

    operations: list[Operation]
    begin: Path | None = None

    @cached_property
    def told(self) -> list[str]:
        """All lines that were told."""
        *_, (_, _, lines) = self.points()
        return lines

    def points(self) -> Iterator[tuple[int, Disk, list[str]]]:
        """After each operation: its number, the disk, and the lines that were told until then."""
        served = Forgetful()
        if self.begin is not None:
            served.load(self.begin)
        disk, told, text = served.disk, -1, b""
        for at, operation in enumerate(self.operations):
            disk.apply(operation)
            match operation:
                case Make(number, _, name) if name == TOLD:
                    told = number
                case Write(number, _, data) if number == told:
                    text += data
                    continue
            yield at, disk, text.decode().splitlines()


def recorded(folder: Path, words: list[str], begin: Path | None = None) -> Recording:
    """Let a process of its own do it on a forgetful disk."""
    with mounted(folder / "disk", begin) as disk:
        disk.note()
        subprocess.run([sys.executable, "-m", "tests.power.life", *words[:1], str(disk.place), *words[1:]], check=True)
        return Recording(disk.operations(folder / "operations"), begin)


@dataclass(frozen=True, slots=True)
class Found:
    """What may be found: where in the life, the cellar's files, how many steps were told."""

    where: str
    files: dict[str, bytes]
    told: int


@dataclass
class Judge:
    """Compares what is found with what was told; each file state is looked at once."""

    place: Path
    lines: list[str]
    may_be_safe: bool = False
    """Whether it may be set aside as damaged, to close nothing: what an earlier loss left can look like that."""
    seen: dict[bytes, list[str]] = field(default_factory=dict)

    @cached_property
    def told(self) -> list[dict[str, Any]]:
        """Each line that was told, understood."""
        return [json.loads(line) for line in self.lines]

    def wrong(self, found: Found) -> list[str]:
        """What is wrong with what is found, and where that was."""
        mark = sha256(pickle.dumps((sorted(found.files.items()), found.told))).digest()
        if mark not in self.seen:
            self.seen[mark] = [*self._wrong(found.files, found.told)]
        return [f"{found.where}: {why}" for why in self.seen[mark]]

    def _wrong(self, files: dict[str, bytes], told: int) -> Iterator[str]:
        folder = self.place / f"{len(self.seen)}"
        folder.mkdir()
        for name, content in files.items():
            put(folder, name, content)
        before = self.told[told - 1] if told else None
        yield from self._opened(folder, before)
        if before is not None and not self._set_aside(folder):
            held, after = without_run(snapshot(folder)), self.told[told] if told < len(self.told) else before
            if held not in (without_run(before["holds"]), without_run(after["holds"])):
                yield f"it holds neither what it held after step {told} nor after the next one"

    def _set_aside(self, folder: Path) -> bool:
        rows = snapshot(folder).get(f"{JOURNAL}/meta", [])
        return self.may_be_safe and any(row[0] == "safe" and row[1] for row in rows)

    def _opened(self, folder: Path, before: dict[str, Any] | None) -> Iterator[str]:
        """Open it by the real code, as the next start does."""
        try:
            placed = open_at(folder / JOURNAL, SeededEntropy(7))
            ReadingStore(placed.journal, bound=BOUND)
        except (JournalError, StorageError) as error:
            yield f"it can't be opened: {error}"
            return
        placed.lock.release()
        if before is None or self._set_aside(folder):
            return
        if placed.journal.doubted or placed.journal.id != before["id"]:
            yield "it is taken for one that was restored"
        if placed.journal.boot <= before["boot"]:
            yield f"it is boot {placed.journal.boot}, and there was {before['boot']}"


def without_run(held: Snapshot) -> Snapshot:
    """What is held, without what each start changes."""
    return {name: [row for row in rows if row[0] not in OF_A_RUN] for name, rows in held.items()}


def crashes(recording: Recording, losses: tuple[Loss, ...], seed: int) -> Iterator[Found]:
    """What may be found in the cellar at each point; before there is one, nothing is."""
    for at, disk, told in recording.points():
        for loss in losses if CELLAR in disk.folders[ROOT].safe else ():
            where = f"after operation {at} ({_shown(recording.operations[at])}), {len(told)} told, {loss}"
            yield Found(where, disk.left(loss, stream(seed, f"{at}"), CELLAR), len(told))


def crashes_again(folder: Path, firsts: list[Found], losses: tuple[Loss, ...]) -> Iterator[Found]:
    """What may be found when power is lost again at any point of the start after it was lost first."""
    for number, first in enumerate(firsts):
        for name, content in first.files.items():
            put(folder / "begin" / f"{number:05}", name, content)
    recording = recorded(folder, ["recover"], folder / "begin")
    for at, disk, told in recording.points():
        for loss in losses if len(told) < len(firsts) else ():
            first = firsts[len(told)]
            where = f"{first.where}; again after operation {at} ({_shown(recording.operations[at])}), {loss}"
            yield Found(where, disk.left(loss, stream(at, "again"), f"{len(told):05}"), first.told)


def _shown(operation: Operation) -> str:
    match operation:
        case Write(number, offset, data):
            return f"{len(data)} bytes at {offset} of file {number}"
        case Sync(number):
            return f"sync of {number}"
    return str(operation)
