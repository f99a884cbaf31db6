"""Plans for M-Bus meters: read everything, read the valve, move the valve. No I/O and no clock.

What the bus must honour: from one `Wait` to the next nothing else is on the line, so a select, the read that shows who
was selected, and the write stand together; `Send(moves_valve=True)` marks the one write that acts. A plan may be
closed, or thrown into, at any step: it holds nothing.

An acknowledgement is not success: what counts is the position read back after the write (CONTROL, The valve).
"""

from dataclasses import dataclass
from decimal import Decimal

from drivers.plan import Plan, PlanError, Send, Wait
from drivers.schema import ALARMS_BEFORE_ARM
from drivers.spec import Spec, Valve
from protocols.errors import MalformedError, OursError
from protocols.mbus.codes import CI_DATA_SEND
from protocols.mbus.frame import REQ_UD2, SELECTED, SND_UD, Ack, Frame, Long, Short
from protocols.mbus.header import Header
from protocols.mbus.record import Record
from protocols.mbus.secondary import select
from protocols.mbus.telegram import MAX_TELEGRAMS, Telegram, decode_telegram, join
from protocols.mbus.values import BCD
from protocols.types import Identity, Medium, ValvePosition, Verb
from protocols.uplink.reasons import Why

FABRICATION_NUMBER = b"\x78"
DATA_FIELD = 0x0F
APPLICATION, BUSY = 0x03, 0x01
"""Of a header's status byte."""


@dataclass(frozen=True, slots=True)
class IndexRead:
    """The index as the meter tells it: an exact decimal and its unit."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class ValveRead:
    """What one readout says of a meter with a valve."""

    identity: Identity
    position: ValvePosition
    alarms: frozenset[str]
    index: IndexRead | None


@dataclass(frozen=True, slots=True)
class MeterRead:
    """A whole readout. `position` is None for a meter without a valve."""

    identity: Identity
    records: tuple[Record, ...]
    index: IndexRead | None
    position: ValvePosition | None


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of a write: whether the link took it, and the position read back last."""

    identity: Identity
    acknowledged: bool
    after: ValvePosition
    alarms: frozenset[str] = frozenset()


def read_meter(spec: Spec, identity: Identity, address: int | None = None) -> Plan[MeterRead]:
    """Read all telegrams of a meter. Raises PlanError (NO_ANSWER, WRONG_IDENTITY, MALFORMED).

    `address` is the primary address of a meter that knows no selection; it serves reading only.
    """
    telegram = yield from _readout(spec, identity, address)
    position = _position(spec.valve, telegram) if spec.valve else None
    return MeterRead(_who(spec, telegram, identity), telegram.records, _index(spec, telegram), position)


def read_valve(spec: Spec, identity: Identity) -> Plan[ValveRead]:
    """Read who it is, where the valve stands, alarms and index. Raises PlanError as `read_meter`, and NOT_CAPABLE."""
    valve = _valve(spec)
    telegram = yield from _readout(spec, identity)
    _not_busy(telegram, identity)
    who = _who(spec, telegram, identity)
    return ValveRead(who, _position(valve, telegram), _alarms(spec, telegram), _index(spec, telegram))


def move_valve(spec: Spec, identity: Identity, verb: Verb) -> Plan[Moved]:
    """Write a verb once and read back until it shows, the valve faults, or `act_max_s` has passed.

    Raises PlanError: before the write, as `read_valve`; after it, if the last read-back could not be had.
    """
    frame = write_frame(spec, verb)
    if verb is Verb.OPEN and identity.medium == Medium.GAS:
        raise PlanError(Why.GAS_NEVER_OPENED, "gas is never opened remotely")
    telegram = yield from _readout(spec, identity)
    _not_busy(telegram, identity)
    if verb is Verb.ARM:
        _may_arm(spec, telegram)
    answer = yield Send(frame, moves_valve=True)
    return (yield from _read_back(spec, identity, verb, acknowledged=isinstance(answer, Ack)))


def write_frame(spec: Spec, verb: Verb) -> Long:
    """The frame that tells the selected meter to `verb`; PlanError where the model, or the rule for gas, forbids it."""
    if verb is Verb.OPEN and spec.medium == Medium.GAS:
        raise PlanError(Why.GAS_NEVER_OPENED, "gas is never opened remotely")
    data = _valve(spec).verbs.get(verb)
    if data is None:
        raise PlanError(Why.NOT_CAPABLE, f"{spec.name} does not know {verb}")
    return Long(SND_UD, SELECTED, CI_DATA_SEND, data)


def _read_back(spec: Spec, identity: Identity, verb: Verb, *, acknowledged: bool) -> Plan[Moved]:
    """Any position but the wanted one and FAULT counts only if it is the last that was asked for.

    What stood there earlier may have been left since: told as the end, a valve that closed late would pass for open.
    """
    waited_s, step_s = 0.0, spec.timing.travel_s
    last: ValveRead | PlanError = PlanError(Why.NO_ANSWER, "the position was never read back")
    while waited_s < spec.timing.act_max_s:
        yield Wait(step_s)
        waited_s, step_s = waited_s + step_s, spec.timing.readback_every_s
        try:
            last = yield from read_valve(spec, identity)
        except PlanError as error:
            last = error
            continue
        if last.position in verb.shown_by or last.position is ValvePosition.FAULT:
            break
    if isinstance(last, PlanError):
        raise last
    return Moved(last.identity, acknowledged, last.position, last.alarms)


def _select(spec: Spec, identity: Identity) -> Plan[int]:
    try:
        frame = select(identity, enhanced=spec.enhanced_selection)
    except OursError as error:
        raise PlanError(Why.WRONG_IDENTITY, str(error)) from error
    chosen = yield Send(frame)
    if not isinstance(chosen, Ack):
        raise PlanError(Why.NO_ANSWER, f"{identity.id} {identity.manufacturer} does not answer to its address")
    return SELECTED


def _readout(spec: Spec, identity: Identity, address: int | None = None) -> Plan[Telegram]:
    """Select by the whole address, read every telegram, and make sure that it is this meter that speaks.

    A slave that promised more has said all when it answers E5, or begins to repeat itself byte for byte.
    """
    at = (yield from _select(spec, identity)) if address is None else address
    telegrams: list[Telegram] = []
    while not telegrams or telegrams[-1].more_follows:
        if len(telegrams) == MAX_TELEGRAMS:
            raise PlanError(Why.MALFORMED, f"more than {MAX_TELEGRAMS} telegrams in one readout")
        answer = yield Send(Short(REQ_UD2, at))
        if telegrams and isinstance(answer, Ack):
            break
        telegram = _telegram(answer, identity)
        if telegram in telegrams:
            break
        telegrams.append(telegram)
    try:
        whole = join(telegrams)
    except MalformedError as error:
        why = Why.WRONG_IDENTITY if error.code == "another_meter" else Why.MALFORMED
        raise PlanError(why, str(error)) from error
    _who(spec, whole, identity)
    return whole


def _telegram(answer: Frame | None, identity: Identity) -> Telegram:
    if answer is None:
        raise PlanError(Why.NO_ANSWER, f"{identity.id} was selected and does not answer")
    if isinstance(answer, Ack):
        raise PlanError(Why.NO_ANSWER, f"{identity.id} has no data")
    try:
        telegram = decode_telegram(answer)
    except MalformedError as error:
        raise PlanError(Why.MALFORMED, str(error)) from error
    if telegram.error is not None:
        raise PlanError(Why.MALFORMED, f"{identity.id} refuses: {telegram.error}")
    return telegram


def _who(spec: Spec, telegram: Telegram, wanted: Identity) -> Identity:
    """Who has spoken; PlanError (WRONG_IDENTITY) unless it is the meter that was meant."""
    header = telegram.header
    told = header.identity or _fixed_identity(header, wanted)
    if told is None or (spec.valve is not None and header.identity is None):
        raise PlanError(Why.WRONG_IDENTITY, "the answer does not say whose it is")
    found = Identity(told.id, told.manufacturer, told.version, told.medium, _fabrication_number(telegram))
    if _header(found) != _header(wanted) or not _same_number(spec, found, wanted):
        raise PlanError(Why.WRONG_IDENTITY, f"{_said(found)} answered where {_said(wanted)} was meant")
    return found


def _fixed_identity(header: Header, wanted: Identity) -> Identity | None:
    """Fixed data tell id and medium alone; maker and version are taken as meant."""
    if header.id is None or header.medium is None:
        return None
    return Identity(header.id, wanted.manufacturer, wanted.version, header.medium)


def _header(who: Identity) -> tuple[str, str, int, int]:
    return who.id.lower(), who.manufacturer, who.version, who.medium


def _same_number(spec: Spec, found: Identity, wanted: Identity) -> bool:
    """A meter whose spec promises its number must tell it; any other that tells one must not tell another's."""
    if not spec.fabrication_number and not (found.fabrication_number and wanted.fabrication_number):
        return True
    return found.fabrication_number.lower() == wanted.fabrication_number.lower()


def _said(who: Identity) -> str:
    number = f", number {who.fabrication_number}" if who.fabrication_number else ""
    return f"{who.id} {who.manufacturer} version {who.version} medium {who.medium}{number}"


def _fabrication_number(telegram: Telegram) -> str:
    """As printed on the meter: BCD keeps its leading zeros; empty where the meter tells none."""
    record = telegram.find(FABRICATION_NUMBER)
    if record is None or record.value is None:
        return ""
    return record.data[::-1].hex() if record.raw[0] & DATA_FIELD in BCD else str(record.value)


def _not_busy(telegram: Telegram, who: Identity) -> None:
    """A busy application tells what was, maybe before the write: that proves no position."""
    if (telegram.header.status or 0) & APPLICATION == BUSY:
        raise PlanError(Why.NO_ANSWER, f"{who.id} says that it is busy")


def _may_arm(spec: Spec, telegram: Telegram) -> None:
    """Only a closed meter that tells its alarms, and none that forbids it, is armed (CONTROL, The valve)."""
    position, told = _position(_valve(spec), telegram), _alarm_bits(spec, telegram)
    if position is not ValvePosition.CLOSED:
        raise PlanError(Why.NOT_AS_WANTED, f"only a closed meter is armed; it stands {position}")
    if told is None or (alarms := _alarms(spec, telegram) & ALARMS_BEFORE_ARM):
        found = "no alarms could be read" if told is None else ", ".join(sorted(alarms))
        raise PlanError(Why.NOT_AS_WANTED, f"not armed: {found}")


def _valve(spec: Spec) -> Valve:
    if spec.valve is None:
        raise PlanError(Why.NOT_CAPABLE, f"{spec.name} has no valve")
    return spec.valve


def _position(valve: Valve, telegram: Telegram) -> ValvePosition:
    """The position, UNKNOWN where records are missing, say nothing, contradict, or say what the spec does not know."""
    wanted = (valve.position.vif, valve.position.storage, 0, 0, "instantaneous")
    records = [r for r in telegram.records if (r.vif, r.storage, r.tariff, r.subunit, r.function) == wanted]
    if not records or not all(isinstance(r.value, int | Decimal) for r in records):
        return ValvePosition.UNKNOWN
    codes = {int.from_bytes(r.data, "little") for r in records}
    return valve.position.values.get(codes.pop(), ValvePosition.UNKNOWN) if len(codes) == 1 else ValvePosition.UNKNOWN


def _alarms(spec: Spec, telegram: Telegram) -> frozenset[str]:
    bits = _alarm_bits(spec, telegram)
    if spec.alarms is None or bits is None:
        return frozenset()
    return frozenset(name for bit, name in spec.alarms.bits.items() if bits >> bit & 1)


def _alarm_bits(spec: Spec, telegram: Telegram) -> int | None:
    record = telegram.find(spec.alarms.vif) if spec.alarms else None
    return record.value if record is not None and isinstance(record.value, int) else None


def _index(spec: Spec, telegram: Telegram) -> IndexRead | None:
    record = telegram.find(spec.index.vif, storage=spec.index.storage) if spec.index else None
    if record is None or not isinstance(record.value, int | Decimal):
        return None
    return IndexRead(Decimal(record.value), record.unit)
