"""The gateway's own file: its lines, meters, caps, broker, keys. Read strictly, and believed above all else (I4).

Caps have no default: whoever installs a gateway says how many homes it may close. Paths are relative to the file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from drivers.catalogue import Catalogue, CatalogueError
from drivers.schema import MEDIA, Spec
from drivers.toml_lines import Table, parse
from gateway.caps import Limits
from gateway.local_freeze import beside
from gateway.metrics_config import metrics_port
from protocols.errors import MalformedError, OursError
from protocols.mbus.secondary import select
from protocols.types import GatewayId, Identity, MeterId
from protocols.uplink.keys import public_from_hex
from protocols.uplink.topics import gateway_id

BAUDS = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400)
PORTS = (1, 65535)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LineConfig:
    """One line behind a TCP converter. `slack_s` is what the transport adds to the standard's response time."""

    name: str
    host: str
    port: int
    baud: int
    slack_s: float


@dataclass(frozen=True, slots=True)
class MeterConfig:
    """One meter of this gateway."""

    name: MeterId
    line: str
    identity: Identity
    spec: Spec
    response_s: float
    address: int | None


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """Where the broker is. The user name is the gateway's id; a password, a certificate, or both say that it is us."""

    host: str
    port: int
    password_file: Path | None
    ca_file: Path | None
    certificate_file: Path | None
    key_file: Path | None


@dataclass(frozen=True, slots=True)
class Config:
    """All of it."""

    id: GatewayId
    key_file: Path
    journal: Path
    control_plane_keys: tuple[bytes, ...]
    max_skew_s: float
    readings_kept: int
    every_s: float
    caps: Limits
    freeze_file: Path
    broker: BrokerConfig
    metrics_port: int | None
    lines: tuple[LineConfig, ...]
    meters: tuple[MeterConfig, ...]


def load(path: Path, catalogue: Catalogue) -> Config:
    """Read the file; TomlError with file, line and key, or OSError where it can't be read."""
    return parse_config(path.read_text(encoding="utf-8"), path, catalogue)


def parse_config(text: str, path: Path, catalogue: Catalogue) -> Config:
    """Make a configuration of a file's text."""
    root = parse(text, path)
    folder = path.parent
    lines = tuple(_line(t) for t in root.tables("lines", at_least=1))
    _all_different(root, "lines", "name", [line.name for line in lines])
    config = Config(
        id=_protocol(root, "id", gateway_id),
        key_file=folder / root.text("key_file"),
        journal=folder / root.text("journal"),
        control_plane_keys=_keys(root),
        max_skew_s=root.number("max_skew_s", 0.5, 60, 5.0),
        readings_kept=root.integer("readings_kept", 1000, 100_000_000, 2_000_000),
        every_s=_polling(root.table("polling")),
        caps=_caps(root.table("caps")),
        freeze_file=beside(path),
        broker=_broker(root.table("broker"), folder),
        metrics_port=metrics_port(root),
        lines=lines,
        meters=tuple(_meter(t, {line.name for line in lines}, catalogue) for t in root.tables("meters", at_least=1)),
    )
    _all_different(root, "meters", "name", [meter.name for meter in config.meters])
    _all_different(root, "meters", "id", [_place(m) for m in config.meters])
    root.done()
    return config


def _protocol(table: Table, key: str, make: Callable[[str], T]) -> T:
    """A text that the protocol judges."""
    text = table.text(key)
    try:
        return make(text)
    except (MalformedError, OursError) as error:
        table.fail(key, str(error))


def _keys(root: Table) -> tuple[bytes, ...]:
    keys = []
    for text in root.texts("control_plane_keys"):
        try:
            keys.append(public_from_hex(text))
        except MalformedError as error:
            root.fail("control_plane_keys", f"{error}: {error.expected} are expected")
    return tuple(keys)


def _polling(table: Table) -> float:
    every_s = table.number("every_s", 1, 86_400)
    table.done()
    return every_s


def _caps(table: Table) -> Limits:
    limits = Limits(
        per_hour=table.integer("per_hour", 0, 10_000),
        per_day=table.integer("per_day", 0, 100_000),
        share=table.number("share", 0, 1),
        floor=table.integer("floor", 0, 1000),
    )
    table.done()
    return limits


def _broker(table: Table, folder: Path) -> BrokerConfig:
    def file(key: str) -> Path | None:
        return folder / table.text(key) if table.has(key) else None

    broker = BrokerConfig(
        host=table.text("host"),
        port=table.integer("port", *PORTS, 1883),
        password_file=file("password_file"),
        ca_file=file("ca_file"),
        certificate_file=file("certificate_file"),
        key_file=file("key_file"),
    )
    if broker.password_file is None and broker.certificate_file is None:
        table.fail("password_file", "is missing: a password_file or a certificate_file says who we are there")
    if (broker.certificate_file is None) is not (broker.key_file is None):
        table.fail("certificate_file" if broker.certificate_file is None else "key_file", "is missing beside the other")
    if broker.certificate_file is not None and broker.ca_file is None:
        table.fail("ca_file", "is missing: without it there is no TLS, and no certificate is shown")
    table.done()
    return broker


def _line(table: Table) -> LineConfig:
    line = LineConfig(
        name=table.text("name"),
        host=table.text("host"),
        port=table.integer("port", *PORTS),
        baud=_baud(table),
        slack_s=table.number("slack_s", 0, 10, 0.2),
    )
    table.done()
    return line


def _baud(table: Table) -> int:
    baud = table.integer("baud", BAUDS[0], BAUDS[-1], 2400)
    if baud not in BAUDS:
        table.fail("baud", f"{baud} is not one of {', '.join(map(str, BAUDS))}")
    return baud


def _meter(table: Table, lines: set[str], catalogue: Catalogue) -> MeterConfig:
    identity = Identity(
        id=table.text("id").lower(),
        manufacturer=table.text("manufacturer"),
        version=table.integer("version", 0, 254),
        medium=MEDIA[table.word("medium", MEDIA)],
        fabrication_number=table.text("fabrication_number", "").lower(),
    )
    try:
        select(identity)
    except OursError as error:
        table.fail("id", str(error))
    spec = _spec(table, identity, catalogue)
    meter = MeterConfig(
        name=MeterId(table.text("name")),
        line=table.word("line", lines),
        identity=identity,
        spec=spec,
        response_s=table.number("response_s", 0, 60, spec.timing.response_s),
        address=table.integer("address", 0, 250) if table.has("address") else None,
    )
    _fits(table, meter)
    table.done()
    return meter


def _fits(table: Table, meter: MeterConfig) -> None:
    if meter.spec.valve is not None and meter.address is not None:
        table.fail("address", "a meter with a valve is selected by its whole secondary address, never by a primary one")
    if meter.spec.fabrication_number and not meter.identity.fabrication_number:
        table.fail("fabrication_number", f"is missing: {meter.spec.name} is told apart by it")


def _spec(table: Table, identity: Identity, catalogue: Catalogue) -> Spec:
    try:
        if not table.has("spec"):
            return catalogue.match(identity)
        spec = catalogue.by_name(table.text("spec"))
    except CatalogueError as error:
        table.fail("spec", str(error))
    if spec.match is not None and not spec.match.claims(identity):
        table.fail("spec", f"{spec.name} does not claim this device")
    return spec


def _place(meter: MeterConfig) -> str:
    """Where and as who it is asked: what no two meters may share."""
    who = meter.identity
    told = f"{who.id} {who.manufacturer} version {who.version} {who.fabrication_number}".strip()
    return f"{told} on line {meter.line}" + (f" at address {meter.address}" if meter.address is not None else "")


def _all_different(root: Table, tables: str, key: str, names: list[str]) -> None:
    for at, name in enumerate(names):
        if name in names[:at]:
            root.fail(f"{tables}[{at}].{key}", f"{name!r} is there twice")
