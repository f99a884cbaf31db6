"""Who listens at the broker to all that is said, and keeps what each side has acknowledged. It misses what is said
while the broker is away: whatever it has heard was truly said."""

import asyncio
from dataclasses import dataclass, field

from protocols.errors import TheirsError
from protocols.ports import Message
from protocols.types import GatewayId
from protocols.uplink import codec, topics
from protocols.uplink.keys import KeyRing
from protocols.uplink.messages import Ack, Condition, Permit, Standing
from seams.mqtt import Address, connector
from tests.e2e.kills.files import LOOPBACK, Place, gateway
from tests.e2e.kills.town import Moments

AGAIN_AFTER_S = 0.05
EVERYTHING = f"{topics.ROOT}/+/+/+"


@dataclass(slots=True)
class Ear:
    """What was heard: digests each side says to hold, and the readings' marks by (journal, boot).

    `own_words` are the digests of what gateways say of their own state, of which the newest alone is kept.
    """

    place: Place
    moments: Moments
    own_words: dict[str, GatewayId] = field(default_factory=dict)
    by_plane: set[str] = field(default_factory=set)
    by_gateway: dict[str, set[str]] = field(default_factory=dict)
    readings: dict[tuple[str, int], int] = field(default_factory=dict)

    async def listen(self) -> None:
        """For ever; a broker that goes is sought again at once."""
        connect = connector(Address(LOOPBACK, self.place.broker, "ear", "ear"))
        while True:
            try:
                async with connect([EVERYTHING], None) as broker:
                    async for message in broker.messages():
                        self._hear(message)
            except ConnectionError:
                await asyncio.sleep(AGAIN_AFTER_S)

    def _hear(self, message: Message) -> None:
        topic = topics.parse(message.topic)
        if topic.kind == Permit.kind:
            self.moments.now("permit", topic.gateway)
        for kind in (Standing, Condition):
            if topic.kind == kind.kind:
                self.own_words[codec.peek(message.payload, kind).digest] = topic.gateway
        if topic.kind != Ack.kind:
            return
        ring = KeyRing([self._key_of(topic.gateway, topic.direction)])
        try:
            ack = codec.open_signed(message.payload, Ack, ring).message
        except TheirsError as error:
            raise AssertionError(f"an acknowledgement at {message.topic} is not signed as it should be") from error
        if topic.direction == "up":
            self.by_gateway.setdefault(topic.gateway, set()).update(ack.digests)
            self.moments.now("acknowledged by cellar", topic.gateway)
            return
        self.moments.now("acknowledged by plane", topic.gateway)
        self.by_plane.update(ack.digests)
        if (mark := ack.readings) is not None:
            key = (mark.journal, mark.boot)
            self.readings[key] = max(mark.sequence, self.readings.get(key, 0))

    def _key_of(self, name: GatewayId, direction: str) -> bytes:
        if direction == "down":
            return self.place.plane_key.public
        numbers = {gateway(n): key for n, key in enumerate(self.place.keys)}
        return numbers[name].public
