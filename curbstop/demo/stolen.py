"""What somebody can do who has stolen a control plane's key and place at the broker: the demo tries gas (CONTROL I4).

A session beside the control plane's at the broker, a command signed with its key, and the gateway's signed answer.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from curbstop.demo.files import GATEWAY
from protocols.ports import Clock
from protocols.types import Identity, MeterId, Verb
from protocols.uplink import codec, topics
from protocols.uplink.keys import KeyRing, SigningKey
from protocols.uplink.messages import Command, Number, Receipt
from seams import keyfile, mqtt

FAR_AHEAD = Number(1, 1_000_000)
"""Above whatever the control plane has numbered: the gateway must not refuse it for its number alone."""
GOOD_FOR_S = 60.0


@dataclass(frozen=True, slots=True)
class Stolen:
    """The control plane's key and its place at the broker; and the gateway's public key, to believe its answer."""

    key: SigningKey
    broker: mqtt.Address
    gateway: KeyRing

    async def open(self, meter: MeterId, identity: Identity, clock: Clock) -> Receipt:
        """Tell the gateway to open it, and return its receipt, whose signature was checked."""
        now = clock.now()
        command = Command(
            gateway=GATEWAY,
            meter=meter,
            identity=identity,
            number=FAR_AHEAD,
            verb=Verb.OPEN,
            issued_at=now,
            expires_at=now + timedelta(seconds=GOOD_FOR_S),
        )
        raw, digest = codec.seal(command, self.key)
        async with mqtt.connector(self.broker)([topics.control_plane_filter()], None) as broker:
            await broker.publish(topics.down(GATEWAY, Command.kind), raw)
            async for message in broker.messages():
                if topics.parse(message.topic).kind != Receipt.kind:
                    continue
                receipt = codec.open_signed(message.payload, Receipt, self.gateway).message
                if receipt.command == digest:
                    return receipt
        raise ConnectionError("the broker's session ended before the gateway answered")


def steal(folder: Path, place: mqtt.Address, gateway: SigningKey) -> Stolen:
    """Take the key from the run's folder, and a control plane's place at the broker."""
    return Stolen(keyfile.load(folder / "control-plane.key"), place, KeyRing([gateway.public]))
