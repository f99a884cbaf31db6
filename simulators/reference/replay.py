"""A meter that answers with telegrams it was given, byte for byte: real meters' words, end to end.

Not a meter with a life: it refuses every write by doing nothing, and its values never change.
"""

from collections.abc import Sequence

from simulators.reference.slave import Name, Slave
from simulators.reference.telegram import START_LONG, frame_size

LONG_HEADER, LONG_HEADER_MSB_FIRST = 0x72, 0x76
ADDRESS_AT, CI_AT, HEADER_AT = 5, 6, 7
HEADER_SIZE = 12


class Replay:
    """Answers each readout with `telegrams` (whole link frames, in order); selectable where they have a long header."""

    def __init__(self, telegrams: Sequence[bytes]) -> None:
        if not telegrams or not all(_is_long(telegram) for telegram in telegrams):
            raise ValueError("a replayed meter needs telegrams that are whole, valid long or control frames")
        self.writes: list[tuple[int, bytes]] = []
        self._telegrams = tuple(telegrams)

    @property
    def name(self) -> Name | None:
        """The secondary address that the first telegram's long header tells; None without one."""
        return _name(self._telegrams[0])

    def answers(self, address: int) -> Sequence[bytes]:  # noqa: ARG002 - the telegrams keep the address they came with
        """Return the telegrams as they are."""
        return self._telegrams

    def write(self, ci: int, data: bytes) -> None:
        """Keep what was written, for tests to see; nothing happens."""
        self.writes.append((ci, data))


def slave(telegrams: Sequence[bytes]) -> Slave:
    """Return a replaying meter at the primary address that its first telegram tells."""
    replay = Replay(telegrams)
    return Slave(replay, telegrams[0][ADDRESS_AT])


def _is_long(telegram: bytes) -> bool:
    return telegram[:1] == bytes([START_LONG]) and frame_size(telegram) == len(telegram)


def _name(telegram: bytes) -> Name | None:
    ci, header = telegram[CI_AT], telegram[HEADER_AT:-2]
    if len(header) < HEADER_SIZE or ci not in (LONG_HEADER, LONG_HEADER_MSB_FIRST):
        return None
    order = 1 if ci == LONG_HEADER else -1
    return Name(header[0:4][::order], header[4:6][::order], header[6], header[7])
