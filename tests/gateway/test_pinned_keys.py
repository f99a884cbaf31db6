"""Another key of the control plane: first pinned beside the old one, then spoken with, then alone (I3).

Both count while both stand in the gateway's file; what one of them has begun, the other ends. One that was taken out is
a stranger's from the next start on: its commands, looks and freezes change nothing.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from protocols.types import GatewayId, Outcome, Verb
from protocols.uplink.keys import SigningKey
from protocols.uplink.messages import Body, Freeze
from protocols.uplink.reasons import Why
from tests.gateway.world import PLANE_KEY, A, G, Plane, World, config_text, play

NEXT = SigningKey(b"n" * 32)
OLD_ALONE = config_text(every_s=3600.0)


@dataclass
class Turning(Plane):
    """A control plane whose key changes when the test says so."""

    signs: SigningKey = PLANE_KEY

    async def send(self, message: Body, key: SigningKey | None = None, gateway: GatewayId = G) -> str:
        return await super().send(message, key or self.signs, gateway)


def pinned(*keys: SigningKey) -> str:
    old = f'control_plane_keys = ["{PLANE_KEY.public.hex()}"]'
    assert old in OLD_ALONE
    return OLD_ALONE.replace(old, f"control_plane_keys = {[key.public.hex() for key in keys]}".replace("'", '"'))


async def begun_anew(world: World, *keys: SigningKey) -> None:
    """Its file names these keys, and it is started with that."""
    if world.process is not None:
        world.kill()
    world.text = pinned(*keys)
    world.plane.born.clear()
    world.start()
    await world.plane.born.wait()
    await asyncio.sleep(30)


def turning(world: World) -> Turning:
    assert isinstance(world.plane, Turning)
    return world.plane


async def done(world: World, verb: Verb, key: SigningKey | None = None) -> None:
    receipt = await world.receipt(await world.plane.send(world.plane.command(A, verb), key or turning(world).signs))
    assert (receipt.outcome, receipt.verb) == (Outcome.DONE, verb)


def test_I3_both_keys_count_while_both_are_pinned_and_either_ends_what_the_other_began(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        plane = turning(world)
        await begun_anew(world, PLANE_KEY, NEXT)
        await done(world, Verb.CLOSE)
        plane.signs = NEXT
        await done(world, Verb.OPEN)
        digest = await plane.send(plane.command(A, Verb.CLOSE), PLANE_KEY)
        assert (await world.receipt(digest)).outcome is Outcome.DONE, "told by the old key, permitted by the new one"
        assert len(world.moves(A)) == 3

    play(story, tmp_path, plane=Turning)


def test_I3_a_key_that_was_taken_out_moves_nothing_and_a_command_that_it_left_behind_needs_the_other(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        plane = turning(world)
        await begun_anew(world, PLANE_KEY, NEXT)
        plane.silent = True
        left = await plane.send(plane.command(A, Verb.CLOSE))
        await world.until(lambda: plane.requests)
        plane.silent, plane.signs = False, NEXT
        await begun_anew(world, NEXT)
        await plane.send(plane.command(A, Verb.OPEN), PLANE_KEY)
        seen = await plane.send(plane.look(A), PLANE_KEY)
        await plane.send(Freeze(gateway=G, number=9, on=True, reason="x", at=plane.now()), PLANE_KEY)
        await world.until(lambda: any(r.why is Why.UNTRUSTED for r in plane.receipts))
        assert (await world.receipt(left)).outcome is Outcome.DONE, "permitted by the key that is pinned"
        assert len(world.moves(A)) == 1
        assert all(answer.look != seen for answer in plane.answers)
        assert world.gateway is not None
        assert world.gateway.edge.journal.freeze() == (0, False)
        await done(world, Verb.OPEN)

    play(story, tmp_path, plane=Turning)


def test_I3_a_control_plane_whose_key_is_not_pinned_yet_is_not_heard_and_the_pinned_one_still_is(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        plane = turning(world)
        await begun_anew(world, PLANE_KEY)
        plane.signs = NEXT
        await plane.send(plane.command(A, Verb.CLOSE))
        await world.until(lambda: any(r.why is Why.UNTRUSTED for r in plane.receipts))
        assert world.moves(A) == []
        plane.signs = PLANE_KEY
        await done(world, Verb.CLOSE)

    play(story, tmp_path, plane=Turning)
