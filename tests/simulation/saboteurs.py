"""How a guard of the real code is taken away: one patch each, by name, undone when its world has ended."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace as changed
from pytest import MonkeyPatch  # noqa: PT013 - a patch that undoes itself, outside of tests too

import gateway.attempt
import gateway.inbox
from controlplane.orders import evidence, sending
from controlplane.telemetry.service import take_readings
from drivers import mbus
from drivers.spec import Spec
from gateway.attempt import Attempt
from gateway.guard import Facts, refusal
from gateway.inbox import Inbox
from gateway.journal.journal import Journal
from gateway.journal.records import Build, Task
from gateway.reading import sight_again
from gateway.receipts import Account
from gateway.worker import Worker
from protocols.mbus.codes import CI_DATA_SEND
from protocols.mbus.frame import SELECTED, SND_UD, Long, encode
from protocols.mbus.link import Exchange
from protocols.types import Medium, Outcome, ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.messages import GENESIS, Readings, ReadingsMark
from simulators.reference.gas import OPEN_OF_WATER
from tests.simulation import world

Patch = Callable[[MonkeyPatch], None]
FOREVER_S = float("inf")
EVERY = 3


def guard(blind: Callable[[Facts], Facts]) -> Patch:
    """The guard is told something else than what is."""

    def patch(monkey: MonkeyPatch) -> None:
        monkey.setattr(gateway.attempt, "refusal", lambda facts: refusal(blind(facts)))

    return patch


def instead(*targets: tuple[object, str, object]) -> Patch:
    """These names stand for something else."""

    def patch(monkey: MonkeyPatch) -> None:
        for owner, name, value in targets:
            monkey.setattr(owner, name, value)

    return patch


def both(*patches: Patch) -> Patch:
    """Several at once: where one guard alone hides that another is missing."""

    def patch(monkey: MonkeyPatch) -> None:
        for each in patches:
            each(monkey)

    return patch


def never_lapses(facts: Facts) -> Facts:
    return replace(facts, permit_until_s=FOREVER_S) if facts.permit_until_s is not None else facts


async def no_question(*_: object) -> None:
    return None


def believes_anybody(monkey: MonkeyPatch) -> None:
    unchecked = {**vars(codec), "open_signed": lambda raw, kind, _: codec.peek(raw, kind)}
    monkey.setattr(gateway.inbox, "codec", SimpleNamespace(**unchecked))


def takes_what_has_expired(monkey: MonkeyPatch) -> None:
    guard(lambda f: replace(f, now=f.expires_at - timedelta(seconds=1)))(monkey)
    monkey.setattr(Inbox, "_unfit", lambda *_: None)


def starts_again(monkey: MonkeyPatch) -> None:
    """After a crash what had started is done again, as if it had not."""
    do = Worker._do

    def again(self: Worker, task: Task) -> Any:
        return do(self, replace(task, state="received") if task.state == "started" else task)

    monkey.setattr(Worker, "_do", again)


def repeats_as_new(monkey: MonkeyPatch) -> None:
    """A retry carries the other frame-count bit: to the meter it is a new frame."""
    timed_out = Exchange.timed_out

    def toggling(self: Exchange) -> bool:
        again = timed_out(self)
        if again:
            self._memory.toggle(self.address, self._bits())
            self._bytes = encode(self._stamped(self._frame))
        return again

    monkey.setattr(Exchange, "timed_out", toggling)


def loose_chain(monkey: MonkeyPatch) -> None:
    append = Journal._append

    def loose(self: Journal, kind: str, task: str | None, build: Build) -> Any:
        return append(self, kind, task, lambda chain: build(changed(chain, previous=GENESIS)))

    monkey.setattr(Journal, "_append", loose)


def some_are_lost(take: Callable[..., Any], instead_of_it: Callable[..., Any]) -> Callable[..., Any]:
    """Every third is acknowledged and not kept."""
    seen: list[int] = []

    def take_most(*arguments: Any) -> Any:
        seen.append(1)
        return (instead_of_it if len(seen) % EVERY == 0 else take)(*arguments)

    return take_most


def receipts_unkept(monkey: MonkeyPatch) -> None:
    monkey.setattr(evidence, "take_receipt", some_are_lost(evidence.take_receipt, lambda *_: None))


def readings_unkept(monkey: MonkeyPatch) -> None:
    def mark(_: Any, batch: Readings) -> ReadingsMark:
        return ReadingsMark(batch.journal, batch.boot, batch.first + len(batch.readings) - 1)

    monkey.setattr(world, "take_readings", some_are_lost(take_readings, mark))


def commands_unkept(monkey: MonkeyPatch) -> None:
    monkey.setattr(Inbox, "_receive_command", some_are_lost(Inbox._receive_command, lambda *_: None))


def burns_silently(monkey: MonkeyPatch) -> None:
    """A burned command ends without an account."""

    def burn(edge: Any, task: Task, *_: Any) -> None:
        with edge.journal.transaction():
            for row in edge.journal.rows("tasks", "WHERE digest = ?", (task.digest,)):
                edge.journal.change("tasks", row, (*row[:6], "finished", "refused", *row[8:]))

    monkey.setattr(gateway.inbox, "burn", burn)


def opens_gas(monkey: MonkeyPatch) -> None:
    """Everything that keeps an open from a gas meter is away, on both sides; the meter would obey."""
    written = mbus.write_frame

    def frame(spec: Spec, verb: Verb) -> Long:
        return Long(SND_UD, SELECTED, CI_DATA_SEND, OPEN_OF_WATER) if verb is Verb.OPEN else written(spec, verb)

    monkey.setattr(sending, "means", lambda order, _: order.verb)
    monkey.setattr(sending, "why_not", lambda *_: None)
    monkey.setattr(Inbox, "_unfit", lambda *_: None)
    guard(lambda f: replace(f, medium=Medium.WATER))(monkey)
    monkey.setattr(mbus, "write_frame", frame)
    monkey.setattr(mbus, "Medium", SimpleNamespace(GAS=None))


def arms_blindly(monkey: MonkeyPatch) -> None:
    """An arm is written without asking how the meter stands and what it tells."""
    give = Attempt._give

    async def run(self: Attempt) -> Account:
        before = await sight_again(self.edge, self.meter, self._priority, 2)
        account = Account(Outcome.DONE, identity_read=before.read.identity, before=before.seen)
        closed = replace(before, seen=changed(before.seen, position=ValvePosition.CLOSED))
        return await (self._take(account, before) if self.command.verb.takes else give(self, account, closed))

    monkey.setattr(Attempt, "run", run)
    monkey.setattr(mbus, "_may_arm", lambda *_: None)


async def old_enough(_edge: Any, meter: Any, _begun_s: float) -> bool:
    return meter.line.connected_s is not None


def says_done_unread(monkey: MonkeyPatch) -> None:
    """What was read back otherwise is told as done, as wanted."""
    told = Attempt._told

    def done(self: Attempt, account: Account, ran: Any) -> Account:
        found = told(self, account, ran)
        after = changed(found.after, position=self.command.verb.wanted) if found.after else None
        return replace(found, outcome=Outcome.DONE, why=None, after=after)

    monkey.setattr(Attempt, "_told", done)
