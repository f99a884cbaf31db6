"""What is done to a world on purpose: kills, stalls, clocks and messages aimed at the moments that matter.

Each plot is handed a world and chance, and runs until the life's end. What it begins, it or the end of the life undoes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

from controlplane.orders.rest import at_rest
from controlplane.problems import RefusalError
from controlplane.registry.models import meters
from controlplane.registry.service import Change, rebind
from protocols.ports import Message
from protocols.types import GatewayId, MeterId, Verb
from protocols.uplink import codec, topics
from protocols.uplink.keys import SigningKey
from protocols.uplink.messages import Ack, Body, Command, Freeze, Number, Permit, PermitRequest
from simulators.faults import Fault, Window
from tests.simulation.bodies import NAMES, STALL_MAX_S, identity
from tests.simulation.house import ATTIC, G
from tests.simulation.machine import PLANE_KEY
from tests.simulation.world import World

HORIZON_S = 900.0
AT_THE_EDGE = (
    "command accepted",
    "received",
    "started",
    "finished",
    "moved",
    "permit delivered",
    "permit-request accepted",
)
AT_THE_PLANE = ("decided", "receipt taken", "birth taken", "commit", "permit-request delivered")
STRANGER = SigningKey(b"s" * 32)
Plot = Callable[[World, Random], Awaitable[None]]


async def permits_come_late(world: World, chance: Random) -> None:
    """Answers to permit requests are held around their validity."""
    assert world.faults is not None
    odds = chance.choice((0.3, 0.7))
    world.faults.add(Window(Fault.MESSAGE_DELAYED, odds, until_s=HORIZON_S, about="/down/permit"))


async def receipts_come_late(world: World, chance: Random) -> None:
    """Receipts are held for hours, or pass each other."""
    assert world.faults is not None
    about = chance.choice(("/up/receipt", "/up/receipt", "/up/look-answer"))
    world.faults.add(Window(Fault.MESSAGE_HELD, chance.choice((0.5, 0.95)), until_s=HORIZON_S, about=about))
    world.faults.add(Window(Fault.MESSAGE_REORDERED, 0.7, until_s=HORIZON_S, about=about))


async def commands_come_late(world: World, chance: Random) -> None:
    """Commands and looks are held, lost, doubled and pass each other."""
    assert world.faults is not None
    for fault in (Fault.MESSAGE_DELAYED, Fault.MESSAGE_DOUBLED, Fault.MESSAGE_LOST, Fault.MESSAGE_REORDERED):
        about = chance.choice(("/down/command", "/down/look"))
        world.faults.add(Window(fault, chance.choice((0.2, 0.5)), until_s=HORIZON_S, about=about))


async def only_an_old_copy_comes(world: World, chance: Random) -> None:
    """Of a command nothing arrives for minutes but one copy, late: sometimes when it has expired."""
    assert world.faults is not None
    faults = world.faults

    def lose(_: str) -> None:
        loop = asyncio.get_running_loop()
        old = next(s for s in reversed(world.witness.messages) if s.message.topic.endswith("/down/command")).message
        late_s = chance.choice((chance.uniform(5, 60), chance.uniform(125, 149), chance.uniform(132, 149)))
        faults.add(Window(Fault.MESSAGE_LOST, 1.0, loop.time(), loop.time() + late_s, about="/down/command"))
        loop.call_later(late_s, world.broker.inject, old)

    await _again_and_again(world, chance, "command accepted", lose)


async def the_line_is_away_after_a_permit(world: World, chance: Random) -> None:
    """A permit is heard, and the line comes back only when it may be over."""
    line = world.line

    def away(_: str) -> None:
        away_s = chance.uniform(2.0, 16.0)
        world.witness.tell("line", f"goes away for {away_s:.1f} s")
        line.go_down()
        asyncio.get_running_loop().call_later(away_s, line.come_up)

    await _again_and_again(world, chance, "permit delivered", away)


async def the_line_is_slow_after_a_permit(world: World, chance: Random) -> None:
    """Answers are lost between a permit and the write: the tries of the link may outlast it."""
    assert world.faults is not None
    faults = world.faults

    def slow(_: str) -> None:
        now_s, lost_s = asyncio.get_running_loop().time(), chance.uniform(2.0, 8.0)
        world.witness.tell("line", f"answers are lost for {lost_s:.1f} s")
        faults.add(Window(Fault.LOST_ANSWER, 1.0, now_s, now_s + lost_s))

    await _again_and_again(world, chance, "permit delivered", slow)


async def bytes_leave_late(world: World, chance: Random) -> None:
    """The converter holds the moving frame back; sometimes the connection, or the gateway, is lost meanwhile."""

    def stall(_: str) -> None:
        hold_s, line = chance.uniform(1.0, STALL_MAX_S), world.line
        world.witness.tell("line", f"the converter holds bytes back for {hold_s:.1f} s")
        what = chance.randrange(4)
        if what < 2:
            line.stall(hold_s)
            return
        line.hold_next(hold_s)
        if what == 2:
            asyncio.get_running_loop().call_later(0.05, _reset, world)
        else:
            asyncio.get_running_loop().call_later(0.05, _kill_gateway, world, chance)

    await _again_and_again(world, chance, "started", stall)


async def acknowledgements_are_lost(world: World, chance: Random) -> None:
    """The meter has moved its valve, and the line loses the answer that says so: the link tries again."""
    assert world.faults is not None
    faults = world.faults

    def lose(_: str) -> None:
        now_s, lost_s = asyncio.get_running_loop().time(), chance.uniform(0.2, 4.0)
        world.witness.tell("line", f"answers are lost for {lost_s:.1f} s")
        faults.add(Window(Fault.LOST_ANSWER, 1.0, now_s, now_s + lost_s))

    await _again_and_again(world, chance, "moved", lose)


async def the_disk_is_lost(world: World, chance: Random) -> None:
    """A gateway comes back with an empty journal, while what the old one began may still be on its way."""

    def lose(_: str) -> None:
        world.line.stall(chance.uniform(0.0, STALL_MAX_S))
        asyncio.get_running_loop().call_later(0.01, _new_disk, world, chance.choice((0.1, 1.0, 5.0)))

    await asyncio.sleep(chance.uniform(0, HORIZON_S / 3))
    world.witness.upon(chance.choice(("started", "started", "received", "finished")), lose)


async def the_gateway_dies_at_a_moment(world: World, chance: Random) -> None:
    """It is killed right there, once or twice."""
    for _ in range(chance.randrange(1, 3)):
        await asyncio.sleep(chance.uniform(0, HORIZON_S / 3))
        world.witness.upon(chance.choice(AT_THE_EDGE), lambda _: _kill_gateway(world, chance))


async def the_plane_dies_at_a_moment(world: World, chance: Random) -> None:
    """It is killed between a commit and what it would have sent."""
    for _ in range(chance.randrange(1, 4)):
        await asyncio.sleep(chance.uniform(0, HORIZON_S / 4))
        world.witness.upon(chance.choice(AT_THE_PLANE), lambda _: kill_plane(world, chance))


async def both_die_at_a_moment(world: World, chance: Random) -> None:
    """The whole house loses its power."""

    def both(_: str) -> None:
        _kill_gateway(world, chance)
        kill_plane(world, chance)

    await asyncio.sleep(chance.uniform(0, HORIZON_S / 2))
    world.witness.upon(chance.choice((*AT_THE_EDGE, *AT_THE_PLANE)), both)


async def either_dies_at_any_step(world: World, chance: Random) -> None:
    """Killed between any two awaits."""
    for _ in range(chance.randrange(1, 3)):
        await asyncio.sleep(chance.uniform(20, HORIZON_S / 3))
        edge = bool(chance.randrange(2))
        process = world.gateway_process if edge else world.plane_process
        assert process is not None
        process.kill_at(process.steps + chance.randrange(1, 400))
        while process.alive:  # noqa: ASYNC110 - a killed process sets no event
            await asyncio.sleep(1)
        world.witness.counts["kills"] += 1
        world.witness.tell(process.name, f"killed at its step {process.steps}")
        await asyncio.sleep(chance.choice((1.0, 20.0, 150.0)))
        if edge:
            world.cellar.again()
        else:
            world.plane_again()


async def the_clock_jumps(world: World, chance: Random) -> None:
    """The gateway's wall clock jumps, forward or back, sometimes at the worst moment, and sometimes back again."""

    def jump(_: str) -> None:
        seconds = chance.choice((-1, 1)) * chance.choice((3.0, 40.0, 4000.0, 90_000.0))
        world.cellar.jump(seconds)
        if chance.randrange(2):
            asyncio.get_running_loop().call_later(chance.uniform(1, 200), world.cellar.jump, -seconds)

    for _ in range(chance.randrange(1, 4)):
        await asyncio.sleep(chance.uniform(5, HORIZON_S / 4))
        if chance.randrange(2):
            world.witness.upon(chance.choice(("permit delivered", "received", "permit-request accepted")), jump)
        else:
            jump("")


async def everything_is_frozen(world: World, chance: Random) -> None:
    """One operator freezes, two lift it, at any moment or at the worst."""
    frozen = asyncio.Event()

    def freeze(_: str) -> None:
        world.freeze()
        frozen.set()

    await asyncio.sleep(chance.uniform(10, HORIZON_S / 2))
    if chance.randrange(3):
        moment = chance.choice(("command accepted", "permit-request delivered", "decided", "permit delivered"))
        world.witness.upon(moment, freeze)
        await frozen.wait()
    else:
        freeze("")
    await asyncio.sleep(chance.uniform(10, 300))
    world.unfreeze()


async def a_meter_is_bound_anew(world: World, chance: Random) -> None:
    """A is handed from one gateway to the other and back; refused while anything at its point may still act."""
    attic = world.machines[ATTIC]
    attic.start()
    at = G
    for _ in range(chance.randrange(2, 5)):
        await asyncio.sleep(chance.uniform(30, HORIZON_S / 5))
        to = ATTIC if at == G else G
        if _rebound(world, to):
            at = to
            world.machines[to].kill("restarted, to tell what it can do")
            world.machines[to].again()


async def a_meter_is_swapped(world: World, chance: Random) -> None:
    """A fitter puts another meter of the same address in its place, sometimes while a permit is asked; later, back."""
    name = chance.choice("ABC")
    swapped = asyncio.Event()
    undo: list[Callable[[], None]] = []

    def swap(_: str) -> None:
        world.witness.tell("people", f"another meter stands where {name} stood")
        undo.append(world.swap(name))
        swapped.set()

    await asyncio.sleep(chance.uniform(5, HORIZON_S / 2))
    if chance.randrange(3):
        world.witness.upon(
            chance.choice(("permit-request accepted", "permit delivered", "command accepted")), swap, name
        )
    else:
        swap("")
    try:
        await swapped.wait()
        await asyncio.sleep(chance.uniform(20, HORIZON_S / 3))
    finally:
        for each in undo:
            world.witness.tell("people", f"{name} is back in its place")
            each()


async def somebody_forges(world: World, chance: Random) -> None:
    """Commands, permits, freezes and acknowledgements under a stranger's key, or with a signature that was cut."""
    for _ in range(12):
        await asyncio.sleep(chance.uniform(5, HORIZON_S / 12))
        name = chance.choice(NAMES[:3])
        world.witness.counts["forgeries"] += 1
        world.broker.inject(_forged(world, chance, name))


def _forged(world: World, chance: Random, name: MeterId) -> Message:
    now = world.plane_clock.now()
    who = identity(NAMES.index(name) + 1, name)
    far = Number(chance.choice((1, 9)), chance.choice((2, 500, 10_000)))
    verb = chance.choice((Verb.OPEN, Verb.CLOSE))
    times = {"issued_at": now, "expires_at": now + timedelta(seconds=120)}
    command = Command(gateway=G, meter=name, identity=who, number=far, verb=verb, **times)
    asked = [s for s in world.witness.messages if s.message.topic.endswith("/permit-request") and s.what == "accepted"]
    match chance.randrange(6):
        case 0:
            freeze = Freeze(gateway=G, number=10_000, on=bool(chance.randrange(2)), reason="forged", at=now)
            return _under(freeze, STRANGER)
        case 1 if asked:
            return _under(_granted(codec.peek(asked[-1].message.payload, PermitRequest).message), STRANGER)
        case 2:
            sealed = [s.message.payload for s in world.witness.messages if s.message.topic.endswith("/up/receipt")]
            digests = tuple(codec.digest(raw) for raw in sealed[-3:])
            return _under(Ack(gateway=G, at=now, digests=digests), STRANGER)
        case 3:
            raw, _ = codec.seal(command, PLANE_KEY)
            return Message(topics.down(G, Command.kind), raw.replace(b'"sig":"', b'"sig":"AAAA', 1))
        case _:
            return _under(command, STRANGER)


def _granted(asked: PermitRequest) -> Permit:
    return Permit(
        gateway=asked.gateway,
        meter=asked.meter,
        command=asked.command,
        nonce=asked.nonce,
        granted=True,
        validity_s=30.0,
        reason=None,
        at=asked.at,
    )


def _under(message: Body, key: SigningKey) -> Message:
    return Message(topics.down(G, message.kind), codec.seal(message, key)[0])


def _rebound(world: World, to: GatewayId) -> bool:
    with world.engine.begin() as db:
        version = db.execute(meters.select().where(meters.c.name == "A")).one().version
        clock = world.plane_clock
        try:
            rebind(db, clock, "A", Change(gateway=to), version, lambda d, p: at_rest(d, p, clock.now()))
        except RefusalError as refused:
            world.witness.tell("people", f"binding A to {to} is refused: {refused}")
            return False
    world.witness.counts["rebound"] += 1
    world.witness.tell("people", f"A is bound to {to}")
    return True


async def _again_and_again(world: World, chance: Random, moment: str, do: Callable[[str], None]) -> None:
    """Do it at most of such moments, while the life lasts."""

    def now(about: str) -> None:
        if asyncio.get_running_loop().time() < HORIZON_S:
            world.witness.upon(moment, now)
            if chance.randrange(3):
                do(about)

    world.witness.upon(moment, now)


def _reset(world: World) -> None:
    world.witness.tell("line", "the connection is reset")
    world.line.go_down()
    world.line.come_up()


def _kill_gateway(world: World, chance: Random) -> None:
    if chance.randrange(3):
        world.cellar.kill()
    else:
        world.cellar.cut_power()
    asyncio.get_running_loop().call_later(chance.choice((0.1, 1.0, 20.0, 140.0)), world.cellar.again)


def kill_plane(world: World, chance: Random) -> None:
    world.kill_plane()
    asyncio.get_running_loop().call_later(chance.choice((0.1, 1.0, 20.0, 150.0)), world.plane_again)


def _new_disk(world: World, after_s: float) -> None:
    world.cellar.cut_power()
    world.cellar.new_disk()
    world.witness.tell(G, "comes back with an empty disk")
    asyncio.get_running_loop().call_later(after_s, world.cellar.again)


PLOTS: dict[str, Plot] = {
    plot.__name__: plot
    for plot in (
        permits_come_late,
        receipts_come_late,
        commands_come_late,
        only_an_old_copy_comes,
        the_line_is_away_after_a_permit,
        the_line_is_slow_after_a_permit,
        bytes_leave_late,
        acknowledgements_are_lost,
        the_disk_is_lost,
        the_gateway_dies_at_a_moment,
        the_plane_dies_at_a_moment,
        both_die_at_a_moment,
        either_dies_at_any_step,
        the_clock_jumps,
        everything_is_frozen,
        a_meter_is_bound_anew,
        a_meter_is_swapped,
        somebody_forges,
    )
}
