"""A control plane that signs anything: whoever has its key closes, opens gas and grants, as often as it likes.

Most rules are the house's to keep and fall with it. What the edge keeps alone must not: I4, I5 and I14.
"""

import asyncio
from datetime import timedelta
from random import Random

from protocols.ports import Message
from protocols.types import MeterId, Verb
from protocols.uplink import codec, topics
from protocols.uplink.messages import Body, Command, Freeze, Number, Permit, PermitRequest
from tests.simulation.bodies import NAMES, identity
from tests.simulation.house import G
from tests.simulation.machine import PLANE_KEY
from tests.simulation.plots import HORIZON_S
from tests.simulation.world import World

COMMANDS = 60
BEYOND = 5_000
"""Numbers that the house itself never reaches."""


async def the_house_signs_anything(world: World, chance: Random) -> None:
    """Commands for every meter, gas among them, each request granted at once, freezes lifted."""
    _grants_all(world)
    for n in range(COMMANDS):
        await asyncio.sleep(chance.uniform(1, HORIZON_S / COMMANDS))
        verb = chance.choice((Verb.CLOSE, Verb.CLOSE, Verb.OPEN, Verb.ARM))
        _sign(world, _command(world, chance.choice(NAMES[:3]), BEYOND + n, verb))
        world.witness.counts["signed by a thief"] += 1
        if not chance.randrange(8):
            _sign(world, Freeze(gateway=G, number=BEYOND + n, on=False, reason="go on", at=world.plane_clock.now()))


def _grants_all(world: World) -> None:
    def grant(_: str) -> None:
        world.witness.upon("permit-request accepted", grant)
        asked = next(s for s in reversed(world.witness.messages) if s.message.topic.endswith("/permit-request"))
        request = codec.peek(asked.message.payload, PermitRequest).message
        permit = Permit(
            gateway=request.gateway,
            meter=request.meter,
            command=request.command,
            nonce=request.nonce,
            granted=True,
            validity_s=30.0,
            reason=None,
            at=world.plane_clock.now(),
        )
        _sign(world, permit)

    world.witness.upon("permit-request accepted", grant)


def _command(world: World, name: MeterId, number: int, verb: Verb) -> Command:
    now = world.plane_clock.now()
    who = identity(NAMES.index(name) + 1, name)
    times = {"issued_at": now, "expires_at": now + timedelta(seconds=120)}
    return Command(gateway=G, meter=name, identity=who, number=Number(1, number), verb=verb, **times)


def _sign(world: World, message: Body) -> None:
    world.broker.inject(Message(topics.down(G, message.kind), codec.seal(message, PLANE_KEY)[0]))
