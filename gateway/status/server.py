"""The socket beside the journal, for the user that the gateway runs as: a line of JSON asks, a line of JSON answers.

Asks are {"ask": NAME, ...}; answers {NAME: ...} or {"error": words}. Everything is bounded: clients at a time, a line's
length, how long one is waited for, how often something is gathered. What a client does to its connection hurts itself.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from gateway.status.gather import Gatherer

SUFFIX = ".sock"
CLIENTS, LINE_BYTES, SILENT_S, PAUSE_S = 8, 16_384, 30.0, 0.05
PAGE, PRIVATE, LONGEST_PATH = 500, 0o177, 107

Ask = dict[str, Any]
Handler = Callable[[Ask], Awaitable[Any]]


def beside(journal: Path) -> Path:
    """Where the socket of this journal is."""
    return journal.with_name(journal.name + SUFFIX)


class UnfitError(Exception):
    """An ask that can't be answered; the text says why."""


class Server:
    """Answers by `handlers`: one for each name that may be asked."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path, self._handlers = path, handlers
        self._clients = 0

    async def run(self) -> None:
        """Listen for ever; OSError where the socket can't be made. A socket of a former run is replaced."""
        server = await asyncio.start_unix_server(self._serve, sock=self._bound(), limit=LINE_BYTES)
        try:
            await server.serve_forever()
        finally:
            self._path.unlink(missing_ok=True)

    def _bound(self) -> socket.socket:
        if len(os.fsencode(self._path)) > LONGEST_PATH:
            raise OSError(f"{self._path}: the path of a socket may have {LONGEST_PATH} bytes")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._path.unlink(missing_ok=True)
        mask = os.umask(PRIVATE)
        try:
            listening.bind(os.fspath(self._path))
        finally:
            os.umask(mask)
        return listening

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            if self._clients > CLIENTS:
                writer.write(_line({"error": f"{CLIENTS} clients are served at a time"}))
            else:
                await self._talk(reader, writer)
        except (OSError, ValueError, asyncio.CancelledError):
            return  # gone, silent, not speaking in lines, or we stop: 3.11's streams would tell that as an error
        finally:
            self._clients -= 1
            writer.transport.abort() if writer.transport.get_write_buffer_size() > LINE_BYTES else writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(SILENT_S):
                if not (line := await reader.readline()):
                    return
            writer.write(_line(await self._answer(line)))
            async with asyncio.timeout(SILENT_S):
                await writer.drain()
            await asyncio.sleep(PAUSE_S)

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            ask = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError as error:
            return {"error": f"no JSON object: {error}"}
        name = ask.get("ask")
        if (handler := self._handlers.get(name) if isinstance(name, str) else None) is None:
            return {"error": f"there is nothing to ask called {name!r}; there are: {', '.join(self._handlers)}"}
        try:
            return {str(name): await handler(ask)}
        except UnfitError as error:
            return {"error": str(error)}


def _line(answer: dict[str, Any]) -> bytes:
    return msgspec.json.encode(answer) + b"\n"


def handlers(gatherer: Gatherer) -> dict[str, Handler]:
    """What may be asked: how it stands, and its meters page by page (`after` is the last name of the page before)."""

    async def status(_: Ask) -> object:
        return gatherer.status()

    async def meters(ask: Ask) -> object:
        after = ask.get("after", "")
        if not isinstance(after, str):
            raise UnfitError("after: a meter's name is expected")
        return gatherer.meters(after, PAGE)

    return {"status": status, "meters": meters}


def ask(path: Path, what: Ask, within_s: float) -> Any:
    """Ask a running gateway, and return its answer to `what["ask"]`; OSError where none answers, UnfitError why not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(within_s)
        client.connect(os.fspath(path))
        client.sendall(_line(what))
        with client.makefile("rb") as answers:
            line = answers.readline()
    with suppress(msgspec.DecodeError):
        answer = msgspec.json.decode(line, type=dict[str, Any])
        if "error" in answer:
            raise UnfitError(answer["error"])
        return answer[what["ask"]]
    raise ConnectionError(f"{path}: the gateway ended the connection without an answer")
