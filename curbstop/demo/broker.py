"""The demo's embedded MQTT broker: amqtt on loopback, with users and passwords made for this run.

It is a default for trying things out: a fleet is served by a real broker (docs/operations.md).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BaseTopicPlugin
from amqtt.session import Session
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from curbstop.demo.files import CONTROL_PLANE, LOOPBACK, SECOND_PLANE
from protocols.uplink.topics import ROOT
from seams.mqtt import Address

CHEAP = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
"""The passwords are 128 random bits that live as long as the process: stretching them would only cost start-up time."""


class OwnTopicsOnly(BaseTopicPlugin):  # type: ignore[misc]
    """A gateway reaches its own topics; the control plane all gateways'. Nobody reaches anything else."""

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Whether this user may publish to, subscribe to or receive from `topic`."""
        return allowed(session.username if session else None, topic or "", str(action))


def allowed(user: str | None, topic: str, action: str) -> bool:
    """Whether `user` may `publish`, `subscribe` or `receive` at `topic`, which may hold wildcards when subscribing."""
    parts = topic.split("/")
    if user is None or len(parts) != len(("curbstop", "v1", "gateway", "up", "kind")) or "#" in topic:
        return False
    writes, plane = action == "publish", user in (CONTROL_PLANE, SECOND_PLANE)
    direction = "down" if plane == writes else "up"
    mine = plane or parts[2] == user
    return "/".join(parts[:2]) == ROOT and mine and parts[3] == direction


@asynccontextmanager
async def embedded(port: int, passwords: dict[str, str]) -> AsyncIterator[Callable[[str], Address]]:
    """Run the broker on loopback while the context lasts; OSError if the port is taken. Says where it is for whom."""
    _quiet()
    with TemporaryDirectory(prefix="curbstop-broker-") as folder:
        secret = Path(folder) / "passwords"
        secret.touch(mode=0o600)
        hasher = PasswordHash((CHEAP,))
        secret.write_text("".join(f"{user}:{hasher.hash(word)}\n" for user, word in passwords.items()))
        broker = Broker(_configuration(port, secret))
        await _start(broker, port)
        try:
            yield lambda name: Address(LOOPBACK, port, name, name, passwords.get(name, ""))
        finally:
            await broker.shutdown()


async def _start(broker: Broker, port: int) -> None:
    probe = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", port)
    probe.close()
    await probe.wait_closed()
    await broker.start()


def _configuration(port: int, secret: Path) -> dict[str, Any]:
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 100}},
        "plugins": {
            "amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(secret)},
            f"{__name__}.{OwnTopicsOnly.__name__}": {},
        },
    }


def _quiet() -> None:
    """A client that is cut makes amqtt print tracebacks of its own cancelled tasks: nothing an operator can act on."""
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
