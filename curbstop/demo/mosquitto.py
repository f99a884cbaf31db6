"""Debian's mosquitto as the demo's broker: its own users and passwords, each gateway bound to its own topics."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from curbstop.demo.child import DemoError, running
from curbstop.demo.files import CONTROL_PLANE, LOOPBACK, write_secret
from protocols.uplink.topics import ROOT

WHERE = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/usr/bin"))
"""Debian keeps servers where a user's path does not look."""
RIGHTS = f"""user {CONTROL_PLANE}
topic read {ROOT}/+/up/+
topic write {ROOT}/+/down/+
pattern read {ROOT}/%u/down/+
pattern write {ROOT}/%u/up/+"""
"""The control plane reaches all gateways' topics, a gateway its own: its user name is its id."""
STARTS_WITHIN_S, LOOK_EVERY_S = 10.0, 0.05


@asynccontextmanager
async def mosquitto(folder: Path, port: int, passwords: Mapping[str, str]) -> AsyncIterator[None]:
    """Run it on loopback while the context lasts; DemoError where it isn't installed or does not start."""
    program, maker = _program("mosquitto"), _program("mosquitto_passwd")
    await _write(folder, port, passwords, maker)
    command = [program, "-c", str(folder / "mosquitto.conf")]
    async with running("the broker mosquitto", command, folder / "mosquitto.log") as child:
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                await _listens(port)
        except TimeoutError:
            raise child.late(f"does not listen on {LOOPBACK}:{port}") from None
        yield


def _program(name: str) -> str:
    found = shutil.which(name, path=WHERE)
    if found is None:
        raise DemoError(f"{name} is not installed here: apt-get install mosquitto, or run without --broker mosquitto")
    return found


async def _write(folder: Path, port: int, passwords: Mapping[str, str], maker: str) -> None:
    secret, rights = folder / "mosquitto.passwords", folder / "mosquitto.acl"
    write_secret(secret, "\n".join(f"{user}:{word}" for user, word in passwords.items()))
    hashing = await asyncio.create_subprocess_exec(maker, "-U", str(secret), stderr=asyncio.subprocess.PIPE)
    _, said = await hashing.communicate()
    if hashing.returncode:
        raise DemoError(f"{maker} can't hash the passwords in {secret}: {said.decode(errors='replace').strip()}")
    write_secret(rights, RIGHTS)
    as_root = "user root\n" if os.geteuid() == 0 else ""
    (folder / "mosquitto.conf").write_text(
        f"listener {port} {LOOPBACK}\nset_tcp_nodelay true\nallow_anonymous false\n{as_root}"
        f"password_file {secret}\nacl_file {rights}\n"
    )


async def _listens(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return
        await asyncio.sleep(LOOK_EVERY_S)
