"""The demo's last story: each order's dossier is fetched, and checked by `curbstop verify` with public keys alone."""

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from curbstop.demo import forgers, law
from curbstop.demo.child import DemoError, curbstop
from curbstop.demo.fieldwork import FieldWork
from curbstop.demo.files import GATEWAY
from curbstop.demo.meters import METERS, UNREAD
from curbstop.demo.rest import Document
from protocols.proof import checkpoint, known
from protocols.proof.known import Key, Keys, Role
from protocols.proof.verdict import Outcome, Verdict

WHO, AT_ONCE = "proof", 2
FOLDER, KEYS, CHECKPOINT = "dossiers", "keys", "checkpoint"
ENDED = frozenset({"completed", "withdrawn", "rejected", "not_executed"})
HOLDS, INCOMPLETE = Outcome.HOLDS.exit_code, Outcome.INCOMPLETE.exit_code


@dataclass(frozen=True, slots=True)
class Proving(FieldWork):
    """Tells it, once everything else was told. `dossiers` is filled with what became of each order's file."""

    dossiers: dict[str, Document] = field(default_factory=dict)

    async def proven(self) -> None:
        """All dossiers, then what forgers can do with one."""
        folder = self.place.folder / FOLDER
        folder.mkdir(mode=0o700)
        published = await self.place.people.operator.download("/log/checkpoint")
        (folder / CHECKPOINT).write_bytes(published)
        (folder / KEYS).write_text("".join(f"{line}\n" for line in self._keys()))
        size = checkpoint.read(published).checkpoint.size
        self.say(WHO, f"the log's checkpoint is kept: {size} entries, signed with its key")
        orders = [(name, order) for name in names() for order in await self.uses.orders_at(name)]
        turns = asyncio.Semaphore(AT_ONCE)
        kept = await asyncio.gather(*(self._one(turns, folder, name, order, size) for name, order in orders))
        for name, order in orders:
            verdict = WORDS[self.dossiers[order["id"]]["verdict"]]
            self.say(WHO, f"{name}, {order['kind']}, {order['state']}: {verdict}")
        self.promises.hold("each order's dossier verifies offline, with public keys alone", kept=all(kept))
        raw = (folder / self._whole()).read_bytes()
        await self._forged(raw, known.read((folder / KEYS).read_bytes()), published)

    async def _one(self, turns: asyncio.Semaphore, folder: Path, name: str, order: Document, size: int) -> bool:
        """Write one order's file and have it checked; whether the verdict is the one that its state asks for."""
        path = f"/orders/{order['id']}/dossier"
        async with turns:
            raw = await self.place.people.operator.download(path, photographs="true", checkpoint=size)
            file = folder / f"{name}-{order['kind']}-{order['id']}.zip"
            file.write_bytes(raw)
            code, verdict = await check(file)
        self.dossiers[order["id"]] = {"file": file.name, "exit_code": code, **verdict}
        return code == (HOLDS if order["state"] in ENDED else INCOMPLETE)

    async def _forged(self, raw: bytes, keys: Keys, published: bytes) -> None:
        """What is tried on one file; the log's own key was stolen with the house's."""
        stolen, at = self.place.stolen.key, self.uses.clock.now()
        bits = await asyncio.to_thread(lambda: list(forgers.with_a_bit_changed(raw, keys)))
        removed = await asyncio.to_thread(lambda: list(forgers.with_an_entry_removed(raw, keys, stolen, at)))
        rewritten = forgers.with_a_past_rewritten(raw, keys, stolen, at)
        forked = forgers.beside_a_fork(raw, keys, published, stolen)
        tried = {
            f"a changed bit: {len(bits)} tried, all over the file": _all_broken(bits),
            f"a removed entry, signed anew with the log's key: {len(removed)} tried": _all_broken(removed),
            "a rewritten past, signed anew with the log's key": "rewritten" in rewritten.failed,
            "a fork: a second checkpoint of one size": "fork" in forked.failed,
        }
        for what, seen in tried.items():
            self.say(WHO, f"{what}: {'does not hold' if seen else 'HOLDS'}")
        text = "a changed bit, a removed entry, a rewritten history and a fork do not verify"
        self.promises.hold(text, kept=all(tried.values()))

    def _whole(self) -> str:
        """The file of an order that has come to its end: A's, if it holds."""
        files = sorted(str(told["file"]) for told in self.dossiers.values() if told["exit_code"] == HOLDS)
        if not files:
            raise DemoError("no dossier of the run holds, so nothing can be forged")
        return next((file for file in files if file.startswith("A-suspend")), files[0])

    def _keys(self) -> Iterable[str]:
        """The keys of all who sign, as they showed them themselves: none is taken from a dossier."""
        device = self.crew.device
        yield self.place.log_key
        yield str(Key(Role.HOUSE, "house", self.place.stolen.key.public))
        yield str(Key(Role.GATEWAY, GATEWAY, self.place.gateway_key))
        yield str(Key(Role.DEVICE, str(device.id), device.key.public))


WORDS = {
    Outcome.HOLDS.word: "the proof holds",
    Outcome.INCOMPLETE.word: "as far as it goes: the order still runs",
    Outcome.KEY_UNKNOWN.word: "signed by a key that is not known",
    Outcome.UNREADABLE.word: "can't be read",
    Outcome.BROKEN.word: "DOES NOT HOLD",
}


def names() -> list[str]:
    """The meters and points of the demo."""
    return [*(str(meter.name) for meter in METERS), UNREAD, law.POINT]


async def check(file: Path) -> tuple[int, Document]:
    """Run `curbstop verify` on a file: its exit code, the verdict, and what does not hold."""
    folder = file.parent
    words = ("verify", str(file), "--keys", str(folder / KEYS), "--checkpoint", str(folder / CHECKPOINT), "--json")
    child = await asyncio.create_subprocess_exec(*curbstop(*words), stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    said, complaint = await child.communicate()
    if child.returncode is None or not said:
        raise DemoError(f"curbstop verify {file.name} said nothing; {complaint.decode(errors='replace').strip()}")
    told = json.loads(said)
    failed = [one["code"] for one in told["checks"] if one["outcome"] != Outcome.HOLDS.word]
    return child.returncode, {"verdict": told["outcome"], "failed": failed}


def _all_broken(verdicts: list[Verdict]) -> bool:
    return bool(verdicts) and all(verdict.outcome is Outcome.BROKEN for verdict in verdicts)
