"""Takes the control plane's configurations, keeps the layer in the journal, and says what is to hold now.

The journal is written first; only then anything changes. Nothing here can raise a cap above the gateway's own file.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import structlog

from gateway.edge import Edge
from gateway.journal.errors import StorageError
from gateway.lived import Lived
from gateway.remote import layer as layers
from gateway.remote.judging import Own, faults, lowered
from gateway.remote.layer import Layer
from protocols.errors import TheirsError
from protocols.ports import Verifier
from protocols.uplink import codec
from protocols.uplink.messages import Configuration, Standing

KEY = "remote"
LOOK_EVERY_S = 5.0
WHY_LENGTH = 1000
log: structlog.stdlib.BoundLogger = structlog.get_logger("remote")


@dataclass(slots=True)
class Keeper:
    """The layer of one gateway. `on_move` is called when the broker is another one; `news`: there is to tell."""

    edge: Edge
    own: Own
    lived: Lived
    verifier: Verifier
    on_move: Callable[[], None]
    news: bool = False
    stir: asyncio.Event = field(default_factory=asyncio.Event)
    layer: Layer = field(init=False)

    def __post_init__(self) -> None:
        text = self.edge.journal.meta(KEY, "")
        self.layer = msgspec.json.decode(text, type=Layer) if text else Layer()
        self._keep(layers.in_time(layers.started(self.layer), self.lived.now()))
        self.bind()

    @property
    def on_trial(self) -> bool:
        """Whether a birth is to be acknowledged before the new settings stand."""
        return self.layer.trial is not None

    def own_is(self, own: Own) -> None:
        """The gateway's own file says otherwise now."""
        self.own = own
        self.bind()

    def bind(self) -> None:
        """Have the edge hold to the file and all layers."""
        self.edge.limits = lowered(self.layer.all, self.own)
        self.edge.spared = frozenset(name for settings in self.layer.all for name in settings.spared)
        self.edge.every_s = self.layer.newest.every_s or self.own.every_s

    def take(self, raw: bytes) -> str | None:
        """Judge a configuration; its digest, if what became of it is durable. StorageError where the disk refuses."""
        try:
            opened = codec.open_signed(raw, Configuration, self.verifier)
        except TheirsError as error:
            log.warning("a configuration that is not believed", error=str(error))
            return None
        asked = opened.message
        if asked.gateway != self.edge.gateway:
            log.warning("a configuration for another gateway", gateway=asked.gateway)
            return None
        if asked.number <= self.layer.judged:
            self._old(asked.number)
        elif why := "; ".join(faults(asked.settings, self.own)):
            self._become(layers.refused(self.layer, asked.number, why[:WHY_LENGTH]))
        else:
            self._become(layers.tried(self.layer, asked, self.lived.now()))
        return opened.digest

    def _old(self, number: int) -> None:
        """Repeated, or replayed: it changes nothing; what became of the newest is told again."""
        if number < self.layer.judged:
            log.warning("an older configuration is refused", number=number, judged=self.layer.judged)
        self._tell()

    def _tell(self) -> None:
        self.news = True
        self.stir.set()

    def came_back(self) -> None:
        """A birth that was asked since the trial began was acknowledged."""
        if self.on_trial:
            self._become(layers.proven(self.layer))

    def _become(self, layer: Layer) -> None:
        was = self.layer.newest.broker
        self._keep(layer)
        self.bind()
        log.info("configuration", number=layer.judged, verdict=layer.verdict, why=layer.why)
        if layer.newest.broker != was:
            self.on_move()
        self._tell()

    def _keep(self, layer: Layer) -> None:
        if layer == self.layer:
            return
        with self.edge.journal.transaction():
            self.edge.journal.set_meta(KEY, msgspec.json.encode(layer).decode())
        self.layer = layer

    async def watch(self) -> None:
        """For ever: end the trial whose time is over, and tell when somebody has frozen or released on the spot."""
        frozen = self.edge.local_freeze.on()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                self._look()
            except StorageError as error:
                log.error("the trial of a configuration can't be kept", error=str(error))  # noqa: TRY400 - the text says it
            if frozen != (frozen := self.edge.local_freeze.on()):
                self._tell()

    def _look(self) -> None:
        if not self.on_trial:
            return
        self.lived.keep()
        if (layer := layers.in_time(self.layer, self.lived.now())) != self.layer:
            self._become(layer)

    def standing(self) -> Standing:
        """What is to be told of all that."""
        edge, layer = self.edge, self.layer
        return Standing(
            gateway=edge.gateway,
            journal=edge.journal.id,
            boot=edge.journal.boot,
            boot_s=edge.clock.boot(),
            number=layer.judged,
            verdict=layer.verdict,
            why=layer.why,
            in_force=layer.in_force,
            frozen=edge.local_freeze.reason() if edge.local_freeze.on() else None,
            at=edge.clock.now(),
        )
