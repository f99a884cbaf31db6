"""Debian's mosquitto as `curbstop broker` sets it up, on loopback: TLS, a certificate each, everyone's own topics."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curbstop.broker import command
from curbstop.broker.authority import Authority, Holder, Kind
from curbstop.broker.mosquitto import Told
from curbstop.demo.child import DemoError, running
from curbstop.demo.files import LOOPBACK
from seams.mqtt import Address

WHERE = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/usr/bin"))
"""Debian keeps servers where a user's path does not look."""
STARTS_WITHIN_S, LOOK_EVERY_S = 10.0, 0.05


@dataclass(frozen=True, slots=True)
class Served:
    """A mosquitto that runs, and the folder in which everybody's certificates are."""

    folder: Path
    port: int
    authority: Authority

    def address(self, name: str) -> Address:
        """Where it is, for whoever holds the certificate of this name."""
        place = self.folder / command.CLIENTS / name
        files = (place / "authority.pem", place / "client.pem", place / "client.key")
        return Address(LOOPBACK, self.port, name, name, "", *files)


@asynccontextmanager
async def mosquitto(
    folder: Path, port: int, planes: Sequence[str], gateways: Sequence[str], now: datetime
) -> AsyncIterator[Served]:
    """Run it while the context lasts, everything in `folder`; DemoError where it isn't installed or does not start."""
    program("mosquitto")
    user = "root" if os.geteuid() == 0 else None
    told = Told((folder / command.BROKER).resolve(), port=port, user=user, control_planes=planes)
    made = command.configure(folder, [LOOPBACK], told, now)
    for name in gateways:
        command.issue(folder, made, Holder(name, Kind.GATEWAY), now)
    async with start(folder, port):
        yield Served(folder, port, made)


@asynccontextmanager
async def start(folder: Path, port: int) -> AsyncIterator[None]:
    """Run it by the files that stand in `folder`; DemoError where it does not start."""
    words = [program("mosquitto"), "-c", str(folder / command.BROKER / "mosquitto.conf")]
    async with running("the broker mosquitto", words, folder / "mosquitto.log") as child:
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                await listens(port)
        except TimeoutError:
            raise child.late(f"does not listen on {LOOPBACK}:{port}") from None
        yield


def program(name: str) -> str:
    """Where this program is; DemoError where it isn't installed."""
    found = shutil.which(name, path=WHERE)
    if found is None:
        raise DemoError(f"{name} is not installed here: apt-get install mosquitto, or run without --broker mosquitto")
    return found


async def listens(port: int) -> None:
    """Wait until somebody does, for ever."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return
        await asyncio.sleep(LOOK_EVERY_S)
