"""The strict loader that makes a `Spec`, the truth about one meter model, from a TOML file (format 1).

A spec that is not wholly understood is refused: file, line, key, what is allowed. Every key is explained in
`firmware_specs/README.md`.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from hashlib import sha256

from drivers.spec import (
    Alarms,
    Arm,
    IndexRecord,
    Match,
    PositionRecord,
    ReadVector,
    Spec,
    Timing,
    Valve,
    WriteVector,
)
from drivers.toml_lines import Table, TomlError, parse
from protocols.errors import OursError
from protocols.mbus.frame import MAX_DATA
from protocols.mbus.manufacturer import manufacturer_bytes
from protocols.types import Capability, Medium, ValvePosition, Verb, medium_word

__all__ = ["ALARMS_BEFORE_ARM", "MEDIA", "Spec", "SpecError", "Valve", "load"]
FORMAT = 1
MEDIA = {medium.word: int(medium) for medium in Medium}
POSITIONS = frozenset(p.value for p in ValvePosition) - {ValvePosition.UNKNOWN.value}
VERBS = frozenset(v.value for v in Verb)
GAS = frozenset({int(Medium.GAS)})
OPENED = frozenset(
    int(m) for m in (Medium.WATER, Medium.COLD_WATER, Medium.WARM_WATER, Medium.HOT_WATER, Medium.DUAL_WATER)
)
"""The only media that may be opened remotely: under `valve`, `other` or `unknown` there may be gas (CONTROL I4)."""
NAME_PARTS = 2
HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
ALARMS_BEFORE_ARM = frozenset({"leak", "tamper", "low_battery"})
"""What must be read as absent before a meter is armed (CONTROL, The valve)."""
ARMS, OPENS_FROM_AFAR = frozenset({1, 3, 5, 6}), frozenset({2, 4})
"""Control modes of class 70 by what a reconnect from afar does; in mode 0 the meter is always connected."""
LONGEST_ARM_S = 30 * 86_400


class SpecError(TomlError):
    """A spec that can't be taken."""


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
        match=_match(root.table("match"), medium) if root.has("match") else None,
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
    _opens_only_water(root, spec)
    _all_verbs_shown(root, spec)
    _arms_only_what_tells_alarms(root, spec)
    root.done()
    if spec.enhanced_selection and not spec.fabrication_number:
        root.fail("enhanced_selection", 'names the fabrication number: fabrication_number = "yes" must go with it')
    _all_alarms_shown(root, spec)
    return spec


def _yes(table: Table, key: str) -> bool:
    return table.word(key, {"yes", "no"}, "no") == "yes"


def _match(table: Table, medium: int) -> Match:
    maker = table.text("manufacturer")
    try:
        manufacturer_bytes(maker)
    except OursError as error:
        table.fail("manufacturer", str(error))
    versions = frozenset(int(v, 16) for v in _each(table, "versions", _is_version, "hex bytes 00 to FE"))
    media = frozenset(MEDIA[m] for m in table.words("media", MEDIA))
    if not media:
        table.fail("media", "names no medium")
    if (media | {medium}) & GAS and (media | {medium}) - GAS:
        table.fail("media", "gas stands alone, here and as the spec's medium: else its rules could be passed by (I4)")
    table.done()
    return Match(maker, versions, media)


def _each(table: Table, key: str, good: Callable[[str], bool], what: str) -> list[str]:
    found = table.texts(key)
    if not all(map(good, found)):
        table.fail(key, f"must be a list of {what}")
    return found


def _is_version(text: str) -> bool:
    """FF is the wildcard of every version."""
    return _is_byte(text) and text.upper() != "FF"


def _is_byte(text: str) -> bool:
    return len(text) == len("FF") and set(text) <= HEX_DIGITS


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
    table.made("step", _step, "decimal number above 0")
    table.done()
    return index


def _step(text: str) -> Decimal:
    try:
        step = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not step.is_finite() or step <= 0:
        raise ValueError(text)
    return step


def _valve(table: Table, medium: int) -> Valve:
    verbs = table.table("verbs")
    known = {verb: verbs.hexadecimal(verb) for verb in verbs.keys() if verb in VERBS}  # noqa: SIM118 - marks them as asked for
    for verb in verbs.keys():  # noqa: SIM118 - our Table is no mapping
        if verb not in VERBS:
            verbs.fail(verb, f"is no verb; allowed: {', '.join(sorted(VERBS))}")
    if medium in GAS and Verb.OPEN in known:
        verbs.fail(Verb.OPEN, "gas is never opened remotely: the verb is arm (CONTROL I4)")
    for verb, data in known.items():
        if len(data) > MAX_DATA:
            verbs.fail(verb, f"is of {len(data)} bytes; a frame holds {MAX_DATA}")
    if len(set(known.values())) != len(known):
        table.fail("verbs", "two verbs write the same bytes")
    arm = _arm(table.table("arm")) if Verb.ARM in known else None
    valve = Valve(_position(table.table("position")), {Verb(v): data for v, data in known.items()}, arm)
    told = set(valve.position.values.values())
    for verb in valve.verbs:
        if verb.wanted not in told:
            table.fail("position", f"no value means {verb.wanted}, so {verb} could never be proven")
    table.done()
    return valve


def _arm(table: Table) -> Arm:
    mode = table.integer("control_mode", 0, 6)
    if mode not in ARMS:
        does = "opens" if mode in OPENS_FROM_AFAR else "is not known"
        said = ", ".join(str(mode) for mode in sorted(ARMS))
        table.fail("control_mode", f"in mode {mode} a reconnect from afar {does}; it arms in {said} (CONTROL I4)")
    expires_s = table.number("expires_s", 1, LONGEST_ARM_S) if table.has("expires_s") else None
    arm = Arm(mode, expires_s)
    table.done()
    return arm


def _position(table: Table) -> PositionRecord:
    values = table.table("values")
    means: dict[int, ValvePosition] = {}
    for text in values.keys():  # noqa: SIM118 - our Table is no mapping
        if not text or not set(text) <= HEX_DIGITS:
            values.fail(text, "is no hexadecimal value")
        if int(text, 16) in means:
            values.fail(text, "stands for a value that is there already")
        means[int(text, 16)] = ValvePosition(values.word(text, POSITIONS))
    record = PositionRecord(table.hexadecimal("vif"), table.integer("storage", 0, 1 << 41, 0), means)
    table.done()
    return record


def _alarms(table: Table) -> Alarms:
    bits = table.table("bits")
    names: dict[int, str] = {}
    for key in bits.keys():  # noqa: SIM118 - our Table is no mapping
        if not key.isascii() or not key.isdecimal() or int(key) in names:
            bits.fail(key, "is no bit number, or one that is there already")
        names[int(key)] = bits.text(key)
    alarms = Alarms(table.hexadecimal("vif"), names)
    table.done()
    return alarms


def _read_vector(table: Table) -> ReadVector:
    vector = ReadVector(
        telegram=table.hexadecimal("telegram"),
        index=table.text("index", ""),
        position=table.word("position", POSITIONS | {"unknown", ""}, ""),
        alarms=frozenset(table.texts("alarms")) if table.has("alarms") else frozenset(),
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


def _opens_only_water(root: Table, spec: Spec) -> None:
    media = {spec.medium} | (spec.match.media if spec.match else set())
    if Capability.OPEN in spec.capabilities and (others := media - OPENED):
        said = ", ".join(sorted(medium_word(medium) for medium in others))
        root.fail("valve.verbs.open", f"only water is opened remotely; under {said} there may be gas (CONTROL I4)")


def _all_alarms_shown(root: Table, spec: Spec) -> None:
    """A bit that no vector shows may be another's: an arm would pass a leak by."""
    told = set(spec.alarms.bits.values()) if spec.alarms else set()
    for n, vector in enumerate(spec.reads):
        if unknown := vector.alarms - told:
            known = ", ".join(sorted(told)) or "none"
            root.fail(f"reads[{n}].alarms", f"{min(unknown)!r} is no alarm of this model; there are: {known}")
    if missing := told - {name for vector in spec.reads for name in vector.alarms}:
        root.fail("alarms.bits", f"no telegram of [[reads]] shows {', '.join(sorted(missing))}")


def _arms_only_what_tells_alarms(root: Table, spec: Spec) -> None:
    told = set(spec.alarms.bits.values()) if spec.alarms else set()
    if Capability.ARM in spec.capabilities and (missing := ALARMS_BEFORE_ARM - told):
        root.fail("alarms", f"a meter that can be armed must tell {', '.join(sorted(missing))}")
