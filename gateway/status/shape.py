"""What is told of a running gateway. Ages and spans are seconds; None is what is not known."""

import msgspec


class Line(msgspec.Struct, frozen=True):
    """One line. `use` is the share of the last minutes in which it was on the wire or waited for an answer."""

    name: str
    up: bool
    since_s: float
    error: str
    exchanges: int
    answers: int
    lost: int
    use: float
    waiting: dict[str, int]
    meters: int


class Meter(msgspec.Struct, frozen=True):
    """One meter: the last position seen is never shown without its age."""

    name: str
    line: str
    read_s: float | None
    position: str
    position_s: float | None
    error: str


class Caps(msgspec.Struct, frozen=True):
    """What the gateway's own bounds leave. `waits_s`: so long nothing is closed, for time that was not counted."""

    hour_used: int
    hour: int
    day_used: int
    day: int
    closed: int
    closed_at_once: int
    waits_s: float
    frozen: str
    safe: str


class Told(msgspec.Struct, frozen=True):
    """One of the last receipts."""

    number: int
    meter: str
    verb: str
    outcome: str
    why: str
    age_s: float
    held: bool


class Disk(msgspec.Struct, frozen=True):
    """The journal's file and its disk."""

    path: str
    works: bool
    bytes: int
    free_bytes: int
    readings_kept: int
    readings_lost: int


class Uplink(msgspec.Struct, frozen=True):
    """The session at the broker, and what waits for the control plane."""

    connected: bool
    born: bool
    heard_s: float | None
    error: str
    accounts: int


class Wall(msgspec.Struct, frozen=True):
    """Whether the wall clock is believed, and how late the loop is."""

    trusted: bool
    confirmed_s: float | None
    why: str
    loop_p99_s: float
    loop_worst_s: float


class Status(msgspec.Struct, frozen=True):
    """All of it but the meters, of which there may be thousands."""

    gateway: str
    software: str
    at: str
    up_s: float
    journal: str
    boot: int
    key: str
    house_keys: tuple[str, ...]
    lines: tuple[Line, ...]
    meters: int
    meters_silent: int
    commands: dict[str, int]
    looks: int
    caps: Caps
    receipts: tuple[Told, ...]
    disk: Disk
    uplink: Uplink
    clock: Wall
    stuck: tuple[str, ...]
