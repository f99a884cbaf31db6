"""What runs beside a gateway in its process: the watchdog, the pulse, the socket that tells how it stands."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from gateway.app import Gateway
from gateway.config import Config
from gateway.liveness.notify import Notify
from gateway.liveness.pulse import Pulse
from gateway.liveness.watchdog import Watchdog
from gateway.status.gather import Gatherer
from gateway.status.scrape import Scrape
from gateway.status.server import Server, beside, handlers
from protocols.uplink.keys import spoken
from seams import keyfile
from seams.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Attendants:
    """Who attends one gateway. None of them is needed for it to work."""

    watchdog: Watchdog
    pulse: Pulse
    server: Server
    scrape: Scrape | None

    def parts(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """By name, what is to run under a supervisor."""
        parts: dict[str, Callable[[], Awaitable[None]]]
        parts = {"watchdog": self.watchdog.run, "pulse": self.pulse.run, "status socket": self.server.run}
        return parts if self.scrape is None else {**parts, "metrics": self.scrape.run}


def attendants(gateway: Gateway, config: Config) -> Attendants:
    """Make them."""
    pulse = Pulse(SystemClock())
    key, house = spoken(keyfile.load(config.key_file).public), tuple(map(spoken, config.control_plane_keys))
    gatherer = Gatherer(gateway, pulse, config.journal, key, house)
    watchdog = Watchdog(Notify(os.environ), gateway.duties, gateway.words)
    server = Server(beside(config.journal), handlers(gatherer))
    return Attendants(watchdog, pulse, server, _scrape(config.metrics_port, gatherer))


def _scrape(port: int | None, gatherer: Gatherer) -> Scrape | None:
    """The library is loaded only where somebody scrapes."""
    if port is None:
        return None
    return Scrape(port, partial(import_module("gateway.status.metrics").text, gatherer))
