"""Everything at once: a bad broker, a bad line, kills at any step, restarts; and the valves' own histories decide."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from protocols.types import GatewayId, MeterId, ValvePosition, Verb
from protocols.uplink import codec
from protocols.uplink.keys import SigningKey
from protocols.uplink.messages import GENESIS, Body, Command, Permit
from simulators.chance import stream
from simulators.faults import Fault, Faults, Window
from tests.gateway.world import PLANE_KEY, A, B, C, G, Plane, World, config_text, play

FAULTY_S = 400.0
LATEST_BYTES_S = 3.0
"""From the guard's last word to the slave's: the frame's time on the line and its repeats."""
MISCHIEF = {
    Fault.MESSAGE_LOST: 0.1,
    Fault.MESSAGE_DOUBLED: 0.15,
    Fault.MESSAGE_REPLAYED: 0.15,
    Fault.MESSAGE_REORDERED: 0.1,
    Fault.PUBLISH_CUT: 0.02,
    Fault.NOISE: 0.03,
    Fault.LOST_ANSWER: 0.05,
    Fault.LATE_ANSWER: 0.03,
    Fault.SPLIT_DELIVERY: 0.1,
    Fault.LINE_DOWN: 0.005,
}


@dataclass
class Book(Plane):
    """A control plane that writes down each command and each grant with its time."""

    commands: dict[str, Command] = field(default_factory=dict)
    grants_s: dict[str, list[float]] = field(default_factory=dict)

    async def send(self, message: Body, key: SigningKey = PLANE_KEY, gateway: GatewayId = G) -> str:
        if isinstance(message, Permit) and message.granted:
            self.grants_s.setdefault(message.command, []).append(self.virtual.clock.boot())
        if isinstance(message, Command):
            self.commands[codec.digest(codec.encode(message))] = message
        return await super().send(message, key, gateway)


def faults(seed: int) -> Faults:
    return Faults(seed, [Window(fault, odds, 0.0, FAULTY_S) for fault, odds in MISCHIEF.items()])


async def deliver(book: Book, command: Command) -> None:
    """Send until the gateway's application has it, as an outbox does."""
    for _ in range(60):
        try:
            digest = await book.send(command)
        except (ConnectionError, AssertionError):
            digest = ""
        await asyncio.sleep(4)
        if digest in book.acked:
            return


async def mischief(world: World, chance: Random) -> None:
    """Kill the gateway at a random step of its, again and again."""
    for _ in range(4):
        assert world.process is not None
        process = world.process
        process.kill_at(process.steps + chance.randrange(20, 700))
        for _ in range(60):
            await asyncio.sleep(1)
            if not process.alive:
                break
        process.kill()
        await asyncio.sleep(chance.uniform(0, 20))
        world.start()


async def orders(book: Book, meter: MeterId, chance: Random) -> None:
    for _ in range(4):
        verb = chance.choice([Verb.CLOSE, Verb.CLOSE, Verb.OPEN])
        await deliver(book, book.command(meter, verb))
        await asyncio.sleep(chance.uniform(0, 40))


def check_the_valves(world: World, book: Book) -> None:
    for meter in (A, B, C):
        history = world.valves[meter].history
        closes = [digest for digest, c in book.commands.items() if c.meter == meter and c.verb is Verb.CLOSE]
        granted = [at_s for digest in closes for at_s in book.grants_s.get(digest, [])]
        taken = [a.at_s for a in history if a.wanted is ValvePosition.CLOSED]
        for at_s in taken:
            assert any(g_s - 10 <= at_s <= g_s + 10 + LATEST_BYTES_S for g_s in granted), f"I1: {meter} at {at_s}"
        assert len(taken) <= sum(digest in book.grants_s for digest in closes), "I2: a command moved its valve twice"
        opens = [d for d, c in book.commands.items() if c.meter == meter and c.verb is Verb.OPEN]
        assert sum(a.wanted is ValvePosition.OPEN for a in history) <= len(opens), "I2"


def check_the_receipts(world: World, book: Book) -> None:
    ends: dict[str, set[object]] = {}
    for receipt in book.receipts:
        ends.setdefault(receipt.command, set()).add(receipt.chain.number)
    assert set(ends) >= set(book.commands), "a command's end was never told"
    assert all(len(numbers) == 1 for numbers in ends.values()), "one end a command"
    links = {r.chain.number: r.chain for r in book.receipts}
    assert sorted(links) == list(range(1, len(links) + 1)), "I7: a link of the chain is missing"
    assert links[1].previous == GENESIS
    for meter in (A, B, C):
        told = sum(r.started for r in book.receipts if r.meter == meter)
        assert told >= len(world.valves[meter].history), "a valve was moved and nobody says so"


@pytest.mark.parametrize("seed", range(12))
def test_I1_I2_I7_whatever_happens(tmp_path: Path, seed: int) -> None:
    async def story(world: World) -> None:
        book = world.plane
        assert isinstance(book, Book)
        chance = stream(seed, "chaos")
        world.start()
        await world.until(lambda: world.plane.births)
        async with asyncio.TaskGroup() as group:
            group.create_task(mischief(world, chance))
            for meter in (A, B, C):
                group.create_task(orders(book, meter, chance))
        await asyncio.sleep(FAULTY_S + 300)
        check_the_valves(world, book)
        check_the_receipts(world, book)

    play(
        story,
        tmp_path,
        seed=seed,
        text=config_text(per_hour=1000),
        faults=lambda: faults(seed),
        plane=Book,
    )
