"""Asking for the control plane's last word; its validity is counted on our own clock, from when we asked (P3)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from gateway.clockwatch import ClockWatch
from protocols.ports import Clock, Entropy, Signer
from protocols.types import GatewayId, ValvePosition
from protocols.uplink import codec
from protocols.uplink.codec import Opened
from protocols.uplink.messages import Command, Permit, PermitRequest, Reason

NONCE_SIZE = 16
WAIT_S = 4.0
"""How long one nonce is waited for; then another is asked, and the first one's answer counts for nothing."""
LONGEST_VALIDITY_S = 30.0


@dataclass(frozen=True, slots=True)
class Granted:
    """A permit that lives until `until_boot_s`."""

    digest: str
    until_boot_s: float


@dataclass(frozen=True, slots=True)
class Denied:
    """The control plane's no."""

    reason: Reason | None


Answer = Granted | Denied
Publish = Callable[[str, bytes], Awaitable[None]]


@dataclass(slots=True)
class _Asked:
    command: str
    boot_s: float
    future: "asyncio.Future[Answer]"


@dataclass(slots=True)
class PermitDesk:
    """Nonces that are out, and what came back for them."""

    gateway: GatewayId
    signer: Signer
    clock: Clock
    entropy: Entropy
    watch: ClockWatch
    publish: Publish
    _asked: dict[str, _Asked] = field(default_factory=dict)

    async def ask(
        self, digest: str, command: Command, found: ValvePosition, asks: Literal["permit", "expiry"] = "permit"
    ) -> Answer | None:
        """Ask once, with a fresh nonce; None where no answer came in time or the uplink is away."""
        nonce = self.entropy.token(NONCE_SIZE).hex()
        asked = _Asked(digest, self.clock.boot(), asyncio.get_running_loop().create_future())
        self._asked[nonce] = asked
        request = PermitRequest(
            gateway=self.gateway,
            meter=command.meter,
            command=digest,
            number=command.number,
            nonce=nonce,
            asks=asks,
            found=found,
            at=self.clock.now(),
        )
        try:
            async with asyncio.timeout(WAIT_S):
                await self.publish(PermitRequest.kind, codec.seal(request, self.signer)[0])
                return await asked.future
        except (TimeoutError, ConnectionError):
            return None
        finally:
            del self._asked[nonce]

    def take(self, opened: Opened[Permit]) -> None:
        """Give an answer to whoever waits for its nonce; a late, doubled or foreign one counts for nothing."""
        permit = opened.message
        asked = self._asked.get(permit.nonce)
        if asked is None or asked.command != permit.command or asked.future.done():
            return
        self.watch.confirm(permit.at, asked.boot_s)
        if not permit.granted:
            asked.future.set_result(Denied(permit.reason))
            return
        validity_s = min(permit.validity_s, LONGEST_VALIDITY_S)
        asked.future.set_result(Granted(opened.digest, asked.boot_s + validity_s))
