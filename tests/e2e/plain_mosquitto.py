"""Mosquitto with passwords and without TLS, on loopback: for houses that bring their own words."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from curbstop.broker.mosquitto import rights
from curbstop.demo.child import running
from curbstop.demo.files import write_secret
from curbstop.demo.mosquitto import listens, program


@asynccontextmanager
async def plain_mosquitto(folder: Path, port: int, passwords: Mapping[str, str]) -> AsyncIterator[None]:
    """Run it while the context lasts, with the rights of the product."""
    words, acl = folder / "mosquitto.passwords", folder / "mosquitto.acl"
    write_secret(words, "\n".join(f"{user}:{word}" for user, word in passwords.items()))
    await (await asyncio.create_subprocess_exec(program("mosquitto_passwd"), "-U", str(words))).wait()
    write_secret(acl, rights())
    as_root = "user root\n" if os.geteuid() == 0 else ""
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nset_tcp_nodelay true\nallow_anonymous false\n{as_root}"
        f"password_file {words}\nacl_file {acl}\n"
    )
    command = [program("mosquitto"), "-c", str(folder / "mosquitto.conf")]
    async with running("the broker mosquitto", command, folder / "mosquitto.log"):
        await listens(port)
        yield
