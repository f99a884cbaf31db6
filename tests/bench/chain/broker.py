"""The broker in a process of its own, mosquitto or the embedded one: `KIND PORT FOLDER PASSWORD-FILE...`.

Mosquitto with passwords and without TLS: what is measured is the product's way, not the cipher's.
"""

import asyncio
import signal
import sys
from pathlib import Path

from curbstop.demo.broker import embedded
from tests.e2e.plain_mosquitto import plain_mosquitto


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
