"""The broker in a process of its own, mosquitto or the embedded one: `KIND PORT FOLDER PASSWORD-FILE...`.

Mosquitto with passwords and without TLS: what is measured is the product's way, not the cipher's.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from curbstop.broker.mosquitto import rights
from curbstop.demo.broker import embedded
from curbstop.demo.child import running
from curbstop.demo.files import write_secret
from curbstop.demo.mosquitto import _listens, _program


@asynccontextmanager
async def plain_mosquitto(folder: Path, port: int, passwords: Mapping[str, str]) -> AsyncIterator[None]:
    """Run it while the context lasts, with the rights of the product."""
    words, acl = folder / "mosquitto.passwords", folder / "mosquitto.acl"
    write_secret(words, "\n".join(f"{user}:{word}" for user, word in passwords.items()))
    await (await asyncio.create_subprocess_exec(_program("mosquitto_passwd"), "-U", str(words))).wait()
    write_secret(acl, rights())
    as_root = "user root\n" if os.geteuid() == 0 else ""
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\nset_tcp_nodelay true\nallow_anonymous false\n{as_root}"
        f"password_file {words}\nacl_file {acl}\n"
    )
    command = [_program("mosquitto"), "-c", str(folder / "mosquitto.conf")]
    async with running("the broker mosquitto", command, folder / "mosquitto.log"):
        await _listens(port)
        yield


async def serve(kind: str, port: int, folder: Path, passwords: dict[str, str]) -> None:
    """Serve until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with plain_mosquitto(folder, port, passwords) if kind == "mosquitto" else embedded(port, passwords):
        await ended.wait()


if __name__ == "__main__":
    files = [Path(name) for name in sys.argv[4:]]
    words = {file.stem: file.read_text().strip() for file in files}
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), words))
