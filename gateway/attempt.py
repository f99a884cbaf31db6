"""One command at one valve, from the first read to the account of how it went.

Read once (a wrong meter, or a valve already there, costs no permit); for a taking command ask the permit; write behind
the guard; read back. What may have moved the valve is settled by reading, never by repeating (CONTROL I2, P3, P4, P11).
"""

import asyncio
from dataclasses import dataclass, field, replace

from drivers import mbus
from drivers.mbus import Moved
from drivers.plan import PlanError
from gateway.edge import Edge
from gateway.guard import Facts, refusal
from gateway.jobs import GuardError, LineDownError, Priority, Ran
from gateway.journal.errors import StorageError
from gateway.journal.records import Task
from gateway.meters import Meter
from gateway.permits import Denied, Granted
from gateway.reading import BlindError, Sight, sight, sight_again
from gateway.receipts import FRAMES_KEPT, Account
from protocols.types import Medium, Outcome, ValvePosition, Verb
from protocols.uplink.messages import Command, Seen, Traffic
from protocols.uplink.reasons import Why

READ_TRIES = 2
SETTLE_TRIES = 6
BETWEEN_ASKS_S = 1.0
EXPIRY_ASKS = 5
NO_POSITION = frozenset({ValvePosition.UNKNOWN, ValvePosition.MOVING})


@dataclass(slots=True)
class Attempt:
    """The command's run. `grant` and `confirmed` are what the guard will ask for; `sent` is what may have moved it."""

    edge: Edge
    meter: Meter
    task: Task
    command: Command
    grant: Granted | None = None
    confirmed: Granted | None = None
    sent: list[Traffic] = field(default_factory=list)

    async def run(self) -> Account:
        """Carry it out; the account is for the receipt."""
        try:
            before = await sight_again(self.edge, self.meter, self._priority, READ_TRIES)
        except BlindError as error:
            return Account(Outcome.REFUSED, error.why, error.detail)
        account = Account(Outcome.DONE, Why.ALREADY, identity_read=before.read.identity, before=before.seen)
        if before.seen.position is self.command.verb.wanted:
            return replace(account, after=before.seen)
        return await (self._take(account, before) if self.command.verb.takes else self._give(account, before))

    async def _take(self, account: Account, before: Sight) -> Account:
        if before.seen.position is ValvePosition.FAULT:
            return replace(account, outcome=Outcome.REFUSED, why=Why.VALVE_FAULT, detail="the valve reports a fault")
        if (frozen := self.edge.frozen(self.meter.name)) is not None:
            return replace(account, outcome=Outcome.REFUSED, why=Why.FROZEN, detail=frozen)
        if (refused := await self._permit(before)) is not None:
            return replace(account, outcome=Outcome.REFUSED, why=refused.why, detail=refused.detail)
        return await self._move(account)

    async def _give(self, account: Account, before: Sight) -> Account:
        """Move; while the clock is not trusted the expiry is confirmed first, and anew if that has lapsed meanwhile."""
        if self.command.verb is Verb.ARM and before.seen.position is not ValvePosition.CLOSED:
            detail = f"only a closed valve is armed; this one is {before.seen.position}"
            return replace(account, outcome=Outcome.REFUSED, why=Why.NOT_AS_WANTED, detail=detail)
        for _ in range(EXPIRY_ASKS):
            if not self.edge.watch.trusted and (refused := await self._confirm_expiry(before)) is not None:
                return replace(account, outcome=Outcome.REFUSED, why=refused.why, detail=refused.detail)
            moved = await self._move(account)
            if moved.started or moved.why is not Why.CLOCK_UNTRUSTED:
                break
        return moved

    @property
    def _priority(self) -> Priority:
        return Priority.TAKE if self.command.verb.takes else Priority.OPEN

    async def _confirm_expiry(self, before: Sight) -> Account | None:
        """With a wall clock that is not trusted, let the control plane say that a giving command still stands."""
        for _ in range(EXPIRY_ASKS):
            match await self.edge.permits.ask(self.task.digest, self.command, before.seen.position, "expiry"):
                case Granted() as confirmed:
                    self.confirmed = confirmed
                    return None
                case Denied(reason):
                    return Account(Outcome.REFUSED, Why.EXPIRED, reason.code if reason else "")
            await asyncio.sleep(BETWEEN_ASKS_S)
        return Account(Outcome.REFUSED, Why.CLOCK_UNTRUSTED, "the clock is not trusted and nobody confirmed the expiry")

    async def _permit(self, before: Sight) -> Account | None:
        """Ask until there is an answer or the command has expired; None when a permit is held."""
        while self.edge.watch.trusted and self.edge.clock.now() < self.command.expires_at:
            match await self.edge.permits.ask(self.task.digest, self.command, before.seen.position):
                case Granted() as grant:
                    self.grant = grant
                    return None
                case Denied(reason):
                    return Account(Outcome.REFUSED, Why.PERMIT_DENIED, reason.code if reason else "")
            await asyncio.sleep(BETWEEN_ASKS_S)
        why = Why.PERMIT_LAPSED if self.edge.watch.trusted else Why.CLOCK_UNTRUSTED
        return Account(Outcome.REFUSED, why, "no permit came in time")

    async def _move(self, account: Account) -> Account:
        try:
            ran = await self.meter.line.run_plan(
                self.meter.name,
                mbus.move_valve(self.meter.spec, self.meter.identity, self.command.verb),
                self._priority,
                response_s=self.meter.response_s,
                guard=self._guard,
                moving=self.sent,
            )
        except GuardError as error:
            detail = self.edge.frozen(self.meter.name) if error.why is Why.FROZEN else None
            return await self._unless_begun(account, error.why, detail or "refused right before the write")
        except PlanError as error:
            return await self._unless_begun(account, error.why, error.detail)
        except LineDownError as error:
            return await self._unless_begun(account, Why.LINE_DOWN, str(error))
        return self._told(account, ran)

    def _guard(self) -> Why | None:
        """P4: ask, make `started` and the cap durable, then ask again: the commit may have outlived the permit."""
        task = self.edge.journal.task(self.task.digest)
        if task is None or task.state == "finished":
            return Why.SUPERSEDED
        facts = self._facts(task)
        why = refusal(facts)
        if why is not None or task.state == "started":
            return why
        taking = self.edge.taking(self.meter) if self.command.verb.takes else None
        try:
            self.edge.journal.start(task.digest, self.grant.digest if self.grant else None, taking)
        except StorageError:
            return Why.STORAGE
        return refusal(self._later(facts))

    def _later(self, facts: Facts) -> Facts:
        """The same after the commit: what clocks and folders tell may have changed meanwhile; the journal can't."""
        edge, boot_s = self.edge, self.edge.clock.boot()
        trusted, confirmed = edge.watch.trusted, self._confirmed(boot_s)
        later = replace(facts, now=edge.clock.now(), boot_s=boot_s, clock_trusted=trusted, expiry_confirmed=confirmed)
        return replace(later, frozen=edge.frozen(self.meter.name) is not None)

    def _confirmed(self, boot_s: float) -> bool:
        return self.confirmed is not None and boot_s < self.confirmed.until_boot_s

    def _facts(self, task: Task) -> Facts:
        edge, boot_s = self.edge, self.edge.clock.boot()
        mark = edge.journal.mark(self.meter.name)
        return Facts(
            verb=self.command.verb,
            medium=Medium.GAS if self.meter.is_gas else self.meter.spec.medium,
            expires_at=self.command.expires_at,
            now=edge.clock.now(),
            boot_s=boot_s,
            clock_trusted=edge.watch.trusted,
            expiry_confirmed=self._confirmed(boot_s),
            permit_until_s=self.grant.until_boot_s if self.grant else None,
            superseded=mark is None
            or mark > self.task.number
            or edge.journal.epoch(self.meter.name) > task.number.epoch,
            frozen=edge.frozen(self.meter.name) is not None,
            cap_free=task.state == "started" or edge.cap_free(self.meter),
            storage_works=edge.storage_works and not edge.journal.safe,
        )

    async def _unless_begun(self, account: Account, why: Why, detail: str) -> Account:
        """Nothing left: refused. Something may have left: read what became of it."""
        task = self.edge.journal.task(self.task.digest)
        if task is None or task.state != "started":
            return replace(account, outcome=Outcome.REFUSED, why=why, detail=detail, permit=self._permit_digest)
        settled = await settle(self.edge, self.meter, self.command)
        return replace(
            settled,
            before=account.before,
            sent=tuple(self.sent),
            permit=self._permit_digest,
            detail=f"{detail}; {settled.detail}",
        )

    @property
    def _permit_digest(self) -> str | None:
        return self.grant.digest if self.grant else None

    def _told(self, account: Account, ran: Ran[Moved]) -> Account:
        position = ran.value.after
        frames, alarms = ran.traffic[-FRAMES_KEPT:], tuple(sorted(ran.value.alarms))
        seen = Seen(position, self.edge.clock.now(), self.edge.clock.boot(), frames, alarms)
        outcome, why = judged(self.command.verb, position)
        return replace(
            account,
            outcome=outcome,
            why=why,
            detail="" if why is None else f"read back {position} where {self.command.verb.wanted} was wanted",
            started=True,
            identity_read=ran.value.identity,
            after=seen,
            sent=ran.moving,
            permit=self._permit_digest,
        )


async def settle(edge: Edge, meter: Meter, command: Command) -> Account:
    """Read what became of a command that may have moved its valve before a crash or a lost connection (P11).

    The read counts only if it is asked `act_max_s` from now on a connection that is as old, since a stalled converter
    may deliver old bytes late. Unreadable stays UNKNOWN: it never becomes done.
    """
    detail, begun_s = "the line did not come back", edge.clock.boot()
    for _ in range(SETTLE_TRIES):
        if not await _aged(edge, meter, begun_s):
            continue
        connection = meter.line.connection
        try:
            found = await sight(edge, meter, Priority.READ_BACK)
        except BlindError as error:
            detail = error.detail
            continue
        if found.connection == connection and found.seen.position not in NO_POSITION:
            return _settled(command, found)
        detail = f"the valve was read as {found.seen.position}"
    edge.saw(meter, ValvePosition.UNKNOWN)
    return Account(Outcome.UNKNOWN, Why.INTERRUPTED, detail, started=True)


def judged(verb: Verb, position: ValvePosition) -> tuple[Outcome, Why | None]:
    """What a position read after the write proves. One that is none proves nothing, not failure either."""
    if position in verb.shown_by:
        return Outcome.DONE, None
    if position in NO_POSITION:
        return Outcome.UNKNOWN, Why.NOT_AS_WANTED
    return Outcome.FAILED, Why.VALVE_FAULT if position is ValvePosition.FAULT else Why.NOT_AS_WANTED


def _settled(command: Command, found: Sight) -> Account:
    outcome, why = judged(command.verb, found.seen.position)
    return Account(
        outcome=outcome,
        why=why,
        detail=f"settled by reading: {found.seen.position}",
        started=True,
        identity_read=found.read.identity,
        after=found.seen,
    )


async def _aged(edge: Edge, meter: Meter, begun_s: float) -> bool:
    """Wait until `begun_s` and the line's connection are as old as the spec asks; False if it was lost meanwhile."""
    since_s = meter.line.connected_s
    if since_s is None:
        await asyncio.sleep(meter.spec.timing.act_max_s)
        return False
    await asyncio.sleep(max(max(since_s, begun_s) + meter.spec.timing.act_max_s - edge.clock.boot(), 0.0))
    return meter.line.connected_s == since_s
