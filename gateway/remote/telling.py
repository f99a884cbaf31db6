"""Telling the control plane how a gateway stands: signed, again at each session, and until it holds the newest word."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.remote.keeper import Keeper
from protocols.ports import Signer
from protocols.uplink import codec
from protocols.uplink.messages import Standing

FIRST_AGAIN_S, LONGEST_AGAIN_S = 5.0, 60.0
Publish = Callable[[str, bytes], Awaitable[None]]


@dataclass(slots=True)
class Teller:
    """One gateway's word about itself."""

    keeper: Keeper
    signer: Signer
    _said: str = ""
    _held: bool = False

    def held(self, digests: tuple[str, ...]) -> None:
        """The control plane holds these."""
        if self._said in digests:
            self._held = True
            self.keeper.stir.set()

    async def run(self, publish: Publish) -> None:
        """Tell for one session; ends with the publisher's ConnectionError."""
        while True:
            self.keeper.news, self._held = False, False
            raw, self._said = codec.seal(self.keeper.standing(), self.signer)
            await self._until_held(publish, raw)

    async def _until_held(self, publish: Publish, raw: bytes) -> None:
        """Or until there is something newer to tell."""
        again_s = FIRST_AGAIN_S
        while not self.keeper.news:
            if not self._held:
                await publish(Standing.kind, raw)
            self.keeper.stir.clear()
            try:
                async with asyncio.timeout(None if self._held else again_s):
                    await self.keeper.stir.wait()
            except TimeoutError:
                again_s = min(again_s * 2, LONGEST_AGAIN_S)
