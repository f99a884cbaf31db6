"""What a gateway does nothing upon: a stranger's acknowledgement, a command before its birth, a start not durable."""

import asyncio
from pathlib import Path

from msgspec.structs import replace

from gateway.journal.errors import StorageError
from protocols.types import MeterId, Outcome, Verb
from protocols.uplink.messages import Ack
from tests.gateway.world import STRANGER, A, G, World, play


def test_I7_a_strangers_acknowledgement_lets_no_receipt_go(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        world.plane.holds = False
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert world.gateway is not None
        (kept,) = world.gateway.edge.journal.unacknowledged(10)
        await world.plane.send(Ack(gateway=G, at=world.plane.now(), digests=(kept.digest,)), key=STRANGER)
        await asyncio.sleep(5)
        assert receipt.outcome is Outcome.DONE
        assert world.gateway.edge.journal.unacknowledged(10) == [kept]
        await world.plane.send(Ack(gateway=G, at=world.plane.now(), digests=(kept.digest,)))
        await world.until(lambda: world.gateway is not None and world.gateway.edge.journal.unacknowledged(10) == [])

    play(story, tmp_path)


def test_delivery_until_its_birth_is_acknowledged_a_gateway_takes_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.plane.silent = True
        world.start()
        await world.until(lambda: world.plane.births)
        digest = await world.plane.send(world.plane.command(A, Verb.CLOSE))
        look = await world.plane.send(world.plane.look(A))
        await asyncio.sleep(60)
        assert world.gateway is not None
        assert (world.plane.acked, world.gateway.edge.journal.task(digest), world.gateway.edge.journal.task(look)) == (
            [],
            None,
            None,
        )

    play(story, tmp_path)


def test_delivery_until_its_birth_is_acknowledged_a_gateway_refuses_nothing(tmp_path: Path) -> None:
    """A meter that it does not know may be one that the house has bound to it anew."""

    async def story(world: World) -> None:
        world.plane.silent = True
        world.start()
        await world.until(lambda: world.plane.births)
        command = replace(world.plane.command(A, Verb.CLOSE), meter=MeterId("Z"))
        digest = await world.plane.send(command)
        await asyncio.sleep(60)
        assert world.gateway is not None
        journal = world.gateway.edge.journal
        assert (journal.task(digest), journal.unacknowledged(10)) == (None, [])

    play(story, tmp_path)


def test_P11_where_the_start_can_not_be_kept_nothing_leaves(tmp_path: Path) -> None:
    """The disk has taken all until then, and refuses at the last act before the first byte."""

    def refuse(_: int) -> None:
        raise StorageError("no room")

    async def story(world: World) -> None:
        world.start()
        await world.plane.born.wait()
        assert world.gateway is not None
        world.gateway.edge.journal.outside = refuse
        receipt = await world.receipt(await world.plane.send(world.plane.command(A, Verb.CLOSE)))
        assert receipt.outcome is not Outcome.DONE
        assert (receipt.sent, world.moves(A)) == ((), [])

    play(story, tmp_path)
