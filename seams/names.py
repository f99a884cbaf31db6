"""Names of hosts to addresses, by threads of our own: a resolver that hangs holds up nobody but who asked it.

The loop's own pool has a handful of threads, which a few dead names would fill for everybody. Here a name is asked for
by one thread at a time, so that there are never more threads than names; whoever gives up leaves it running, and the
next one waits for the same answer. The last addresses that a name had are kept, and serve where none come in time.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
Lookup = Callable[..., Sequence[Address]]
ANSWER_S = 3.0
"""How long an answer is waited for."""


class Names:
    """Asks for addresses, and remembers the last ones of each name."""

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        self._lookup = lookup
        self._under_way: dict[tuple[str, int], asyncio.Future[Sequence[Address]]] = {}
        self._last: dict[tuple[str, int], Sequence[Address]] = {}

    @property
    def asking(self) -> int:
        """How many threads wait for the resolver now."""
        return len(self._under_way)

    async def addresses(self, host: str, port: int, *, kept: bool = True) -> Sequence[Address]:
        """Return the addresses of a stream to `host`; TimeoutError or socket.gaierror where there are none to try.

        Without `kept` only what the resolver says now counts.
        """
        asked = self._under_way.get((host, port)) or self._ask(host, port)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await asyncio.shield(asked)
        except (TimeoutError, socket.gaierror) as error:
            if kept and (last := self._last.get((host, port))) is not None:
                return last
            if isinstance(error, TimeoutError):
                raise TimeoutError(f"nobody has told the address of {host} within {ANSWER_S:.0f} s") from None
            raise

    def _ask(self, host: str, port: int) -> "asyncio.Future[Sequence[Address]]":
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[Sequence[Address]] = loop.create_future()
        asked.add_done_callback(partial(self._answered, (host, port)))
        try:
            asked.set_result(self._lookup(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        except socket.gaierror:
            self._under_way[host, port] = asked
            work = partial(self._in_a_thread, loop, asked, host, port)
            threading.Thread(target=work, name=f"name {host}", daemon=True).start()
        return asked

    def _in_a_thread(
        self, loop: asyncio.AbstractEventLoop, asked: "asyncio.Future[Sequence[Address]]", host: str, port: int
    ) -> None:
        try:
            answer: Sequence[Address] | Exception = self._lookup(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answer = error
        with suppress(RuntimeError):  # the loop has ended meanwhile: nobody waits any more
            loop.call_soon_threadsafe(_tell, asked, answer)

    def _answered(self, name: tuple[str, int], asked: "asyncio.Future[Sequence[Address]]") -> None:
        self._under_way.pop(name, None)
        if asked.exception() is None:
            self._last[name] = asked.result()


def _tell(asked: "asyncio.Future[Sequence[Address]]", answer: Sequence[Address] | Exception) -> None:
    if isinstance(answer, Exception):
        asked.set_exception(answer)
    else:
        asked.set_result(answer)
