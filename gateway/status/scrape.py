"""Answers scrapes on the loopback: GET /metrics over HTTP/1.0, one a connection, and nothing else."""

import asyncio
from collections.abc import Callable

HOST, REQUEST_BYTES, WITHIN_S, CLIENTS = "127.0.0.1", 8_192, 5.0, 4
TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Scrape:
    """`text` makes what is answered."""

    def __init__(self, port: int, text: Callable[[], bytes]) -> None:
        self._port, self._text = port, text
        self._clients = 0

    async def run(self) -> None:
        """Listen for ever; OSError where the port is taken."""
        server = await asyncio.start_server(self._serve, HOST, self._port, limit=REQUEST_BYTES)
        async with server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            async with asyncio.timeout(WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            return  # gone, too slow, or no HTTP; or we stop
        finally:
            self._clients -= 1
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        if self._clients > CLIENTS:
            return _response("503 Service Unavailable", b"busy\n")
        if head.split(b" ", 2)[:2] != [b"GET", b"/metrics"]:
            return _response("404 Not Found", b"GET /metrics\n")
        return _response("200 OK", self._text())


def _response(status: str, body: bytes) -> bytes:
    return f"HTTP/1.0 {status}\r\nContent-Type: {TEXT}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
