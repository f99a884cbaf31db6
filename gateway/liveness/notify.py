"""The service manager's socket: systemd's sd_notify, written to $NOTIFY_SOCKET. Not when, nor what it means."""

import socket
from collections.abc import Mapping


class Notify:
    """Tells the service manager; does nothing where there is none. It never fails: nobody must stop for its sake."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        place = environment.get("NOTIFY_SOCKET", "")
        self._place = "\0" + place[1:] if place.startswith("@") else place
        self.every_s = _every_s(environment.get("WATCHDOG_USEC", ""))

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        return bool(self._place)

    def tell(self, *lines: str) -> bool:
        """Send `lines` as one datagram, such as READY=1 or STATUS=words; False where it did not arrive."""
        if not self._place:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as out:
                out.connect(self._place)
                out.send("\n".join(lines).encode())
        except OSError:
            return False
        return True


def _every_s(usec: str) -> float:
    """How often to ping: three times within the manager's term, so that one late ping is no failure; 0 for never."""
    return int(usec) / 1e6 / 3 if usec.isascii() and usec.isdigit() else 0.0
