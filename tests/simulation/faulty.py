"""A seed's life: twelve orders, stops aimed at them, faults on line and broker, crews, plots against machines.

Then the faults end, both ends run, and the world is left until it is quiet; what was held comes, what was sent is
replayed, and it is left once more. The same seed lives the same life.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from controlplane.orders.context import OrderSettings
from controlplane.orders.states import TERMINAL, OrderState
from controlplane.orders.stopping import Stop
from controlplane.policy.facts import Act
from controlplane.problems import RefusalError
from protocols.types import MeterId
from simulators.chance import stream
from simulators.faults import Faults
from simulators.loop import Virtual, VirtualClock, run
from simulators.process import Process
from tests.simulation import coverage, remembered
from tests.simulation.bodies import ARM_EXPIRES_S, GAS
from tests.simulation.checkers import broken
from tests.simulation.cut import WHOLE, Cut
from tests.simulation.drawing import WITH_CREWS, drawn
from tests.simulation.house import FREE
from tests.simulation.machine import Caps
from tests.simulation.plots import HORIZON_S
from tests.simulation.world import World

PERMIT_S, REPORT_S = 90.0, 300.0
QUIET_S, LOOK_EVERY_S, HELD_S = 4 * 3600.0, 30.0, 300.0
AFTERWARDS_S = 130.0
"""Longer than any account waits before it is sent again."""
STUCK, CAPPED, CALM, LEAKS = 0.15, 0.25, 0.4, 0.3
REPLAYED = 60
NEVER = 0
"""Steps count from 1."""
MOMENTS = (
    "command accepted",
    "received",
    "permit-request delivered",
    "decided",
    "permit delivered",
    "started",
    "moved",
    "finished",
    "receipt taken",
)


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of a seed: what is broken, what happened how often, and its story."""

    seed: int
    broken: list[str]
    story: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)


@cache
def _folder() -> TemporaryDirectory[str]:
    """One folder for all worlds of this process, on a disk of memory where there is one: a kill loses no disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    return TemporaryDirectory(dir=memory if memory.is_dir() else None)


def live(
    seed: int,
    plots: tuple[str, ...] | None = None,
    and_then: Callable[[World], None] = lambda _: None,
    cut: Cut = WHOLE,
) -> Lived:
    """Live one seed; `plots` are its own unless they are named, and `cut` is left out. `and_then` is shown its end."""
    folder = Path(_folder().name)
    for old in folder.iterdir():
        old.unlink()

    async def main(virtual: Virtual) -> Lived:
        chance = stream(seed, "life")
        world = _world(virtual, folder, chance, cut)
        somebody_is_at_the_key(world, stream(seed, "person"))
        world.start()
        try:
            await _life(world, chance, drawn(seed) if plots is None else plots, cut)
            await _end(world, chance)
            world.field.check()
            found = broken(world)
            and_then(world)
            return Lived(seed, found, world.story() if found else "", _counts(world), coverage.rows(world))
        finally:
            world.stop()

    with remembered.verdicts(seed):
        return run(main, seed=seed)


def _world(virtual: Virtual, folder: Path, chance: Random, cut: Cut) -> World:
    windows = cut.drawn(virtual.seed, HORIZON_S)
    windows = windows[:1] if chance.random() < CALM else windows
    caps = Caps(chance.choice((1, 2, 3)), 0.5, 2) if chance.random() < CAPPED else Caps()
    world = World(
        virtual,
        folder,
        faults=Faults(virtual.seed, cut.windows(windows, virtual.seed, HORIZON_S)),
        sticks=frozenset(name for name in "ABC" if chance.random() < STUCK),
        leaks=stream(virtual.seed, "gas").random() < LEAKS,
        caps=caps,
        plane_rate=1 + chance.uniform(-0.004, 0.004),
        gateway_rate=1 + chance.uniform(-0.004, 0.004),
        every_s=cut.every_s(virtual.seed),
        settings=OrderSettings(crew_permit_s=PERMIT_S, crew_report_s=REPORT_S),
    )
    off_s = chance.uniform(-4, 4) if chance.randrange(8) else chance.choice((-1, 1)) * chance.uniform(20, 90_000)
    for machine in world.machines.values():
        machine.clock = VirtualClock(virtual.loop, offset_s=off_s, rate=world.gateway_rate)
    return world


def _branch(chance: Random) -> Random:
    return stream(chance.getrandbits(32), "branch")


async def _life(world: World, chance: Random, plots: tuple[str, ...], cut: Cut) -> None:
    world.witness.tell("world", f"plots: {', '.join(plots) or 'none'}")
    world.witness.counts.update(f"plot {name}" for name in plots)
    of_orders = [_branch(chance) for _ in range(cut.asked)]
    tasks = [asyncio.ensure_future(_order(world, of_orders[n], n)) for n in range(cut.asked) if n not in cut.orders]
    tasks += [asyncio.ensure_future(WITH_CREWS[name](world, _branch(chance))) for name in plots]
    await asyncio.sleep(HORIZON_S)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


async def _order(world: World, chance: Random, n: int) -> None:
    name = MeterId(chance.choice("AAABBCCD"))
    await asyncio.sleep(chance.uniform(5, HORIZON_S * 0.7))
    if not await _ask(world, name, Act.SUSPEND) or chance.random() < 1 / 6:
        return
    stop = _stop(world, chance, n)
    if chance.random() < 1 / 2:
        delay_s = chance.choice((0.0, 0.0, 0.2, 3.0))
        told = asyncio.Event()

        def aimed(_: str) -> None:
            asyncio.get_running_loop().call_later(delay_s, told.set) if delay_s else _record(world, chance, name, stop)
            told.set()

        world.witness.upon(chance.choice(MOMENTS), aimed, name)
        await told.wait()
        if delay_s:
            _record(world, chance, name, stop)
    else:
        await asyncio.sleep(chance.choice((0.0, chance.uniform(0, 15), chance.uniform(0, 200))))
        _record(world, chance, name, stop)
    if chance.random() < 1 / 2:
        await asyncio.sleep(chance.choice((0.0, 1.0, chance.uniform(0, 40))))
        await _ask(world, name, chance.choice((Act.SUSPEND, Act.SUSPEND, Act.REACTIVATE)))


def somebody_is_at_the_key(world: World, chance: Random) -> None:
    """Whenever gas is armed, a person presses the key at once, late, about when the arm expires, or never."""

    def armed() -> None:
        wait_s = chance.choice(
            (1.0, chance.uniform(5, 60), chance.uniform(60, ARM_EXPIRES_S), ARM_EXPIRES_S - 0.5, None)
        )
        world.witness.counts["armed for nobody" if wait_s is None else "armed for somebody"] += 1
        if wait_s is not None:
            asyncio.get_running_loop().call_later(wait_s, world.gas_meter.press)

    world.bodies.valves[GAS].on_armed = armed


def _stop(world: World, chance: Random, n: int) -> Stop | None:
    """None is the client's own withdrawal."""
    until = world.context.now + timedelta(seconds=chance.uniform(10, 400))
    what = chance.random()
    if what < 0.5:
        return Stop("payment", f"payment-{n}")
    if what < 0.65:
        return None
    if what < 0.85:
        return Stop("hold", f"hold-{n}", until=chance.choice((until, None)))
    return Stop("protection", f"protection-{n}", act="suspend", until=chance.choice((until, None)))


def _record(world: World, chance: Random, name: MeterId, stop: Stop | None) -> None:
    if stop is not None:
        ahead = world.context.now + timedelta(seconds=1)
        recorded = world.record(name, replace(stop, until=max(stop.until, ahead)) if stop.until else stop)
        if stop.kind in ("hold", "protection") and chance.randrange(2):
            asyncio.get_running_loop().call_later(chance.uniform(1, 300), world.end, recorded)
        return
    try:
        world.withdraw(next(o for o in reversed(world.orders(name)) if o.way == "taking"))
    except RefusalError as refused:
        world.witness.tell("people", f"a withdrawal at {name} is refused: {refused}")


async def _ask(world: World, name: MeterId, kind: Act) -> bool:
    world.witness.counts[f"{kind}s asked for"] += 1
    try:
        await world.ask(name, kind)
    except RefusalError as refused:
        world.witness.tell("people", f"{kind} at {name} is refused: {refused}")
        return False
    return True


async def _end(world: World, chance: Random) -> None:
    """The faults are over: all run, until it is quiet; then everything old comes once more, until it is quiet again."""
    world.witness.forget()
    if world.witness.freezes and world.witness.freezes[-1][1] is None:
        world.unfreeze()
    for machine in world.machines.values():
        if machine.journals:
            _live_on(machine.process)
            machine.again()
    _live_on(world.plane_process)
    if world.twins is not None:
        world.twins.mend()
    world.plane_again()
    world.line.come_up()
    if chance.randrange(2):
        world.cellar.jump(-world.cellar.clock.offset_s)
    await world.field.come_home(stream(world.virtual.seed, "come home"))
    await _quiet(world)
    released = world.broker.release()
    sent = [s.message for s in world.witness.messages if s.what == "accepted" and "/readings" not in s.message.topic]
    replayed = chance.sample(sent, min(REPLAYED, len(sent)))
    world.witness.tell("broker", f"{released} messages held so far come now; {len(replayed)} old ones come once more")
    for message in replayed:
        world.broker.inject(message)
    await asyncio.sleep(AFTERWARDS_S)
    await _quiet(world)


def _live_on(process: Process | None) -> None:
    if process is not None:
        process.kill_at(NEVER)


async def _quiet(world: World) -> None:
    """Leave the world until nothing is under way any more."""
    end_s = world.virtual.loop.time() + QUIET_S
    while world.virtual.loop.time() < end_s and not _still(world):  # noqa: ASYNC110 - a quiet world sets no event
        await asyncio.sleep(LOOK_EVERY_S)


def _still(world: World) -> bool:
    """Every order has ended or is on somebody's list for a while, and every gateway's account has come."""
    soon = world.context.now + timedelta(seconds=HELD_S)
    waits = (OrderState.HELD, OrderState.PLANNED, OrderState.ASSIGNED, OrderState.ON_SITE)
    return (
        all(
            order.state in TERMINAL or (order.state in waits and order.until is not None and order.until > soon)
            for name in ("A", "B", "C", "D", FREE)
            for order in world.orders(name)
        )
        and all(
            machine.gateway is None or (machine.alive and not machine.gateway.edge.journal.unacknowledged(1))
            for machine in world.machines.values()
        )
        and not world.field.office.awaits()
    )


def _counts(world: World) -> Counter[str]:
    counts = world.witness.counts
    assert world.faults is not None
    orders = [o for name in "ABCD" for o in world.orders(name)]
    counts["orders"] += len(orders)
    counts.update(f"orders {o.state}" + (" for a crew" if o.state is OrderState.PLANNED else "") for o in orders)
    for event in ("permit_granted", "permit_denied", "permit_denied_stop", "late_proof", "resend", "relook"):
        counts[event.replace("_", " ")] += int(
            world.eye.execute("SELECT count(*) FROM order_events WHERE event = ?", (event,)).fetchone()[0]
        )
    counts["receipts"] += int(world.eye.execute("SELECT count(*) FROM receipts").fetchone()[0])
    counts["virtual minutes"] += round(world.virtual.loop.time() / 60)
    counts["seeds"] += 1
    return counts
