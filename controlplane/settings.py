"""The control plane's one configuration file: TOML, strict, with CURBSTOP_* in the environment above it.

It holds no secret, only the names of files that do. A misspelt key is an error that names the file and the key.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

PREFIX = "CURBSTOP_"
OTHERS = frozenset({"CURBSTOP_VECTORS"})
"""Names of the environment that are ours and no settings: where the tests find telegrams."""
SECTIONS = ("listen", "broker", "orders", "evidence", "log")
Text = Annotated[str, msgspec.Meta(min_length=1)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
FileSize = Annotated[int, msgspec.Meta(ge=1_000, le=200_000_000)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=30 * 86400)]


class SettingsError(Exception):
    """Settings that can't be used; the text names the file, the key and what is expected."""


class _Part(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A table of the file."""


class Listen(_Part, frozen=True):
    """Where the API is served: on loopback, unless told otherwise."""

    host: Text = "127.0.0.1"
    port: Port = 8080


class BrokerSettings(_Part, frozen=True):
    """Where the broker is, and who the control plane is there."""

    host: Text
    port: Port = 1883
    username: Text = "control-plane"
    password_file: Text | None = None
    ca_file: Text | None = None
    certificate_file: Text | None = None
    key_file: Text | None = None


class OrderNumbers(_Part, frozen=True):
    """Numbers of the house; what CONTROL bounds is bounded here.

    `..._per_hour` and `..._per_day`: above so many orders that take supply away, entered within that time for one
    client, in one of its zones or at one gateway, the next ones wait for a second person (I5), at most `quarantine_s`.
    `term_after_deadline_s`: how long after its client's deadline an order that nobody could carry out ends as not
    executed, where the rule pack names no legal term. `receipt_gap_s`: how long a number may be missing among the
    accounts of a gateway before an operator is told. `armed_look_s`: an armed gas meter is looked at after so long,
    then after twice that, and so on up to `armed_look_max_s`; `arm_unused_s`: when an arm counts as unused at a meter
    that does not end it itself; `leak_watch_s`: how long reopened gas is watched, longer than a meter's leak check.
    `crew_permit_s`: how long a crew may act from the moment it asked; `crew_report_s`: after how long without its
    report an operator is told. `passing_tolerance_m3`: how far the index of a closed valve may move untold.
    """

    permit_validity_s: Annotated[float, msgspec.Meta(ge=2, le=30)] = 10.0
    crew_permit_s: Annotated[float, msgspec.Meta(ge=60, le=900)] = 300.0
    crew_report_s: Annotated[float, msgspec.Meta(ge=60, le=86400)] = 3600.0
    command_ttl_s: Annotated[float, msgspec.Meta(ge=10, le=3600)] = 120.0
    command_grace_s: Seconds = 30.0
    look_due_s: Seconds = 120.0
    looks_unanswered: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    giving_sends: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    observe_min_s: Seconds = 10.0
    observe_max_s: Seconds = 72 * 3600.0
    armed_look_s: Seconds = 60.0
    armed_look_max_s: Seconds = 3600.0
    arm_unused_s: Seconds = 86400.0
    leak_watch_s: Seconds = 420.0
    passing_tolerance_m3: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 0.01
    held_review_s: Seconds = 3600.0
    term_after_deadline_s: Seconds = 30 * 86400.0
    receipt_gap_s: Seconds = 900.0
    quarantine_s: Seconds = 86400.0
    client_per_hour: Count = 500
    client_per_day: Count = 2000
    zone_per_hour: Count = 200
    zone_per_day: Count = 600
    gateway_per_hour: Count = 100
    gateway_per_day: Count = 300


class EvidenceSettings(_Part, frozen=True):
    """Where photographs and documents are kept, and how much is taken.

    Without `folder` they are beside a SQLite database, or beside this file. `keep_free_bytes` of that disk are never
    filled with evidence. A file must have come within `within_s`, and is never silent for `silent_s`; one crew sends at
    most `files_per_day` with `bytes_per_day` in 24 hours. A report of one of `sealed_acts` names a seal that was put
    on; with `place_required` each names where the device was.
    """

    folder: Text | None = None
    photograph_bytes: FileSize = 20_000_000
    document_bytes: FileSize = 25_000_000
    keep_free_bytes: Annotated[int, msgspec.Meta(ge=0)] = 500_000_000
    within_s: Seconds = 300.0
    silent_s: Seconds = 30.0
    files_per_day: Annotated[int, msgspec.Meta(ge=1)] = 2000
    bytes_per_day: Annotated[int, msgspec.Meta(ge=1_000_000)] = 5_000_000_000
    sealed_acts: tuple[Literal["limit", "suspend", "interrupt", "reactivate", "remove"], ...] = ()
    place_required: bool = False


class LogSettings(_Part, frozen=True):
    """The log that anybody can check: the name it signs under, and the file of its key.

    A name is a host and path without scheme (`log.acqua.example/curbstop`): whoever checks is told it with the key.
    Without a `key_file` the house's own key signs the log.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[^\s+\x00-\x1f\x7f]{1,200}$")] = "curbstop"
    key_file: Text | None = None


class Settings(_Part, frozen=True):
    """All of it. Paths in it are relative to the file."""

    broker: BrokerSettings
    pack: Text
    key_file: Text
    database: Text = "sqlite:///control-plane.sqlite"
    run_file: Text = "control-plane.run"
    replica: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{0,40}$")] = ""
    """The name of this process among several over one PostgreSQL database; none where it is the only one."""
    listen: Listen = Listen()
    orders: OrderNumbers = OrderNumbers()
    evidence: EvidenceSettings = EvidenceSettings()
    log: LogSettings = LogSettings()
    folder: str = ""

    def path(self, name: str) -> Path:
        """A file that the settings name."""
        return Path(self.folder) / name

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, None where the database is a server's."""
        prefix, _, name = self.database.partition("sqlite:///")
        return self.path(name) if not prefix and name else None

    @property
    def evidence_folder(self) -> Path:
        """Where evidence is kept."""
        if self.evidence.folder is not None:
            return self.path(self.evidence.folder)
        return (self.database_file or self.path("evidence")).with_name("evidence")

    @property
    def database_url(self) -> str:
        """The database's URL; a SQLite file is sought beside the settings."""
        prefix, _, name = self.database.partition("sqlite:///")
        return f"sqlite:///{self.path(name)}" if not prefix and name else self.database


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the file and the environment; SettingsError says what to mend and where."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: can't be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}") from None
    if "folder" in table:
        raise SettingsError(f"{path}: folder: unknown key")
    given = {name: text for name, text in sorted(environment.items()) if name.startswith(PREFIX) and name not in OTHERS}
    for name, text in given.items():
        _put(table, name, text)
    source = f"{path} and {', '.join(given)}" if given else str(path)
    try:
        return msgspec.convert({**table, "folder": str(path.parent)}, Settings, strict=not given)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{source}: {_plain(str(error))}") from None


def _put(table: dict[str, Any], name: str, text: str) -> None:
    """CURBSTOP_LISTEN_PORT is listen.port; CURBSTOP_PACK is pack."""
    key = name.removeprefix(PREFIX).lower()
    section, _, rest = key.partition("_")
    if section in SECTIONS and rest:
        inner = table.setdefault(section, {})
        if isinstance(inner, dict):
            inner[rest] = text
    else:
        table[key] = text


def _plain(said: str) -> str:
    """Msgspec writes `... - at `$.listen.port``: the key comes first here."""
    text, _, place = said.partition(" - at `$.")
    return f"{place.rstrip('`')}: {text}" if place else text
