"""The truth about one meter model: `Spec`, and the strict loader that makes it from a TOML file (format 1).

A spec that is not wholly understood is refused: file, line, key, what is allowed. Every key is explained in
`firmware_specs/README.md`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from drivers.toml_lines import Table, TomlError, parse
from protocols.types import Capability, Identity, Medium, ValvePosition, Verb

FORMAT = 1
MEDIA = {medium.word: int(medium) for medium in Medium}
POSITIONS = frozenset(p.value for p in ValvePosition) - {ValvePosition.UNKNOWN.value}
VERBS = frozenset(v.value for v in Verb)
GAS = frozenset({int(Medium.GAS)})
NAME_PARTS = 2


class SpecError(TomlError):
    """A spec that can't be taken."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which devices this spec claims: all of one maker, these versions, these media. None claims nothing by itself."""

    manufacturer: str
    versions: frozenset[int]
    media: frozenset[int]

    def claims(self, who: Identity) -> bool:
        """Whether this device is one of them."""
        return self.manufacturer == who.manufacturer and who.version in self.versions and who.medium in self.media


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. `act_max_s`: after that nothing that was sent can still move the valve."""

    response_s: float
    travel_s: float = 0.0
    readback_every_s: float = 1.0
    act_max_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PositionRecord:
    """Which record says the valve's position, and what its value means."""

    vif: bytes
    storage: int
    values: Mapping[int, ValvePosition]


@dataclass(frozen=True, slots=True)
class Valve:
    """How the valve is asked and moved. `verbs` are the records written by SND_UD, CI 51."""

    position: PositionRecord
    verbs: Mapping[Verb, bytes]


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """Which record is the index, and the step that it resolves, in its unit."""

    vif: bytes
    storage: int
    step: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """Which record holds alarm bits, and their names by bit number."""

    vif: bytes
    bits: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ReadVector:
    """A telegram and what must be read from it."""

    telegram: bytes
    index: str
    position: str


@dataclass(frozen=True, slots=True)
class WriteVector:
    """A verb and the whole frame that must go out, at the selected slave, without frame-count bits."""

    verb: Verb
    frame: bytes


@dataclass(frozen=True, slots=True)
class Spec:
    """One meter model. `digest` is the SHA-256 of the file, told in births and receipts."""

    name: str
    digest: str
    title: str
    medium: int
    match: Match | None
    enhanced_selection: bool
    fabrication_number: bool
    timing: Timing
    index: IndexRecord | None
    valve: Valve | None
    alarms: Alarms | None
    reads: tuple[ReadVector, ...]
    writes: tuple[WriteVector, ...]

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this model can do."""
        if self.valve is None:
            return frozenset({Capability.READ})
        return frozenset({Capability.READ, Capability.POSITION, *(Capability(v.value) for v in self.valve.verbs)})


def load(text: str, name: str) -> Spec:
    """Make a spec of a file's text; `name` is its place, `maker/model`. SpecError if anything is wrong with it."""
    try:
        return _spec(parse(text, f"{name}.toml"), name, sha256(text.encode()).hexdigest())
    except TomlError as error:
        raise SpecError(error.file, error.line, error.key, _bare(error)) from None


def _bare(error: TomlError) -> str:
    text = str(error).removeprefix(f"{error.file}:{error.line}: ").removeprefix(f"{error.file}: ")
    return text.removeprefix(f"{error.key}: ") if error.key else text


def _spec(root: Table, name: str, digest: str) -> Spec:
    root.integer("format", FORMAT, FORMAT)
    if len(name.split("/")) != NAME_PARTS:
        root.fail("format", f"a spec stands in a maker's folder, not at {name}")
    root.word("protocol", {"mbus"})
    medium = MEDIA[root.word("medium", MEDIA)]
    valve = _valve(root.table("valve"), medium) if root.has("valve") else None
    spec = Spec(
        name=name,
        digest=digest,
        title=root.text("title"),
        medium=medium,
        match=_match(root.table("match")) if root.has("match") else None,
        enhanced_selection=_yes(root, "enhanced_selection"),
        fabrication_number=_yes(root, "fabrication_number"),
        timing=_timing(root.table("timing"), moves=valve is not None),
        index=_index(root.table("index")) if root.has("index") else None,
        valve=valve,
        alarms=_alarms(root.table("alarms")) if root.has("alarms") else None,
        reads=tuple(_read_vector(t) for t in root.tables("reads", at_least=0 if valve is None else 1)),
        writes=tuple(_write_vector(t) for t in root.tables("writes")),
    )
    if spec.match is None and valve is not None:
        root.fail("match", "is missing: a spec that moves a valve must say exactly whose")
    _all_verbs_shown(root, spec)
    root.done()
    return spec


def _yes(table: Table, key: str) -> bool:
    return table.word(key, {"yes", "no"}, "no") == "yes"


def _match(table: Table) -> Match:
    maker = table.text("manufacturer")
    versions = frozenset(int(v, 16) for v in _each(table, "versions", _is_byte, "hex bytes"))
    media = frozenset(MEDIA[m] for m in table.words("media", MEDIA))
    if not media:
        table.fail("media", "names no medium")
    table.done()
    return Match(maker, versions, media)


def _each(table: Table, key: str, good: Callable[[str], bool], what: str) -> list[str]:
    found = table.texts(key)
    if not all(map(good, found)):
        table.fail(key, f"must be a list of {what}")
    return found


def _is_byte(text: str) -> bool:
    return len(text) == len("FF") and all(c in "0123456789abcdefABCDEF" for c in text)


def _timing(table: Table, *, moves: bool) -> Timing:
    response_s = table.number("response_s", 0, 60, 0.0)
    if not moves:
        table.done()
        return Timing(response_s)
    timing = Timing(
        response_s=response_s,
        travel_s=table.number("travel_s", 0.1, 600),
        readback_every_s=table.number("readback_every_s", 0.2, 60),
        act_max_s=table.number("act_max_s", 0.2, 1200),
    )
    if timing.act_max_s <= timing.travel_s:
        table.fail("act_max_s", "must be longer than travel_s")
    table.done()
    return timing


def _index(table: Table) -> IndexRecord:
    index = IndexRecord(table.hexadecimal("vif"), table.integer("storage", 0, 1 << 41, 0), table.text("step"))
    table.made("step", float, "decimal number")
    table.done()
    return index


def _valve(table: Table, medium: int) -> Valve:
    verbs = table.table("verbs")
    known = {verb: verbs.hexadecimal(verb) for verb in verbs.keys() if verb in VERBS}  # noqa: SIM118 - marks them as asked for
    for verb in verbs.keys():  # noqa: SIM118 - our Table is no mapping
        if verb not in VERBS:
            verbs.fail(verb, f"is no verb; allowed: {', '.join(sorted(VERBS))}")
    if medium in GAS and Verb.OPEN in known:
        verbs.fail(Verb.OPEN, "gas is never opened remotely: the verb is arm (CONTROL I4)")
    if len(set(known.values())) != len(known):
        table.fail("verbs", "two verbs write the same bytes")
    valve = Valve(_position(table.table("position")), {Verb(v): data for v, data in known.items()})
    told = set(valve.position.values.values())
    for verb in valve.verbs:
        if verb.wanted not in told:
            table.fail("position", f"no value means {verb.wanted}, so {verb} could never be proven")
    table.done()
    return valve


def _position(table: Table) -> PositionRecord:
    values = table.table("values")
    means: dict[int, ValvePosition] = {}
    for text in values.keys():  # noqa: SIM118 - our Table is no mapping
        try:
            code = int(text, 16)
        except ValueError:
            values.fail(text, "is no hexadecimal value")
        means[code] = ValvePosition(values.word(text, POSITIONS))
    record = PositionRecord(table.hexadecimal("vif"), table.integer("storage", 0, 1 << 41, 0), means)
    table.done()
    return record


def _alarms(table: Table) -> Alarms:
    bits = table.table("bits")
    names = {}
    for key in bits.keys():  # noqa: SIM118 - our Table is no mapping
        if not key.isdecimal():
            bits.fail(key, "is no bit number")
        names[int(key)] = bits.text(key)
    alarms = Alarms(table.hexadecimal("vif"), names)
    table.done()
    return alarms


def _read_vector(table: Table) -> ReadVector:
    vector = ReadVector(
        telegram=table.hexadecimal("telegram"),
        index=table.text("index", ""),
        position=table.word("position", POSITIONS | {"unknown", ""}, ""),
    )
    table.done()
    return vector


def _write_vector(table: Table) -> WriteVector:
    vector = WriteVector(Verb(table.word("verb", VERBS)), table.hexadecimal("frame"))
    table.done()
    return vector


def _all_verbs_shown(root: Table, spec: Spec) -> None:
    """A verb whose bytes no vector shows is a verb that nobody has checked."""
    verbs = set(spec.valve.verbs) if spec.valve else set()
    shown = {vector.verb for vector in spec.writes}
    if verbs != shown:
        missing = ", ".join(sorted(v.value for v in verbs ^ shown))
        root.fail("writes", f"the verbs and the vectors that show them differ: {missing}")
