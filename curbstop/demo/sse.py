"""Server-sent events, as the WHATWG's HTML standard says (section 9.2.6): bytes in, events out. Pure."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_RETRY_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Sent:
    """One event. `id` is where to go on from."""

    id: str
    kind: str
    data: str


class Reader:
    """Reads one connection's stream. `last_id` and `retry_ms` outlive it: what it has learnt is for the next."""

    def __init__(self) -> None:
        self.last_id = ""
        self.retry_ms: int | None = None
        self.begin()

    def begin(self) -> None:
        """A new connection: a half event of the one before is forgotten."""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._id = self.last_id
        self._kind = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> Iterator[Sent]:
        """The events that end in these bytes. Lines end with LF or CR LF; our control plane sends no lone CR."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        for line in lines:
            if (sent := self._take(line.removesuffix("\r"))) is not None:
                yield sent

    def _take(self, line: str) -> Sent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "id" if "\0" not in value:
                self._id = value
            case "event":
                self._kind = value
            case "data":
                self._data.append(value)
            case "retry" if value.isdecimal() and value.isascii() and len(value) <= LONGEST_RETRY_DIGITS:
                self.retry_ms = int(value)
        return None

    def _dispatch(self) -> Sent | None:
        self.last_id = self._id
        kind, lines = self._kind, self._data
        self._kind, self._data = "", []
        return Sent(self.last_id, kind or "message", "\n".join(lines)) if lines else None
