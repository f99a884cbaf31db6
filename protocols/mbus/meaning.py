"""What VIF and VIFE bytes mean together: one `Meaning` for the record's data, and notes that say which value it is."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from protocols.mbus.codes import PRIMARY_VIF, Meaning, duration
from protocols.mbus.extensions import (
    COUNTS,
    DATE_TIMES,
    DURATIONS,
    END_OF,
    FACTORS,
    FB,
    FD,
    FD_SECOND,
    MAKER,
    NOTES,
    OFFSETS,
    PER,
    PROFILES,
    RECORD_ERRORS,
    SECOND_TABLE,
    SECOND_TYPES,
    TABLE,
)

EXTENSION, CODE = 0x80, 0x7F
PLAIN_TEXT, MAKER_VIF, FB_VIF, FD_VIF = 0x7C, 0x7F, 0xFB, 0xFD
ACTIONS = {
    0x00: "write", 0x01: "add", 0x02: "subtract", 0x03: "or", 0x04: "and", 0x05: "exclusive_or", 0x06: "and_not",
    0x07: "clear", 0x08: "add_entry", 0x09: "delete_entry", 0x0A: "delayed", 0x0B: "freeze", 0x0C: "add_to_readout",
    0x0D: "delete_from_readout",
}  # fmt: skip
"""VIFE 00-1F from master to slave: object actions."""
LAST_ACTION = 0x1F
KEPT = 1024
"""How many meanings are kept: a fleet's telegrams hold some dozens, noise any number."""
IN_ASCII = str.maketrans({"\xb0": None, "\xb2": "2", "\xb3": "3", "\xb5": "u"})


@dataclass(frozen=True, slots=True)
class Value:
    """How to read and name the data of one record."""

    meaning: Meaning
    offset_exponent: int | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def reason(self) -> str | None:
        """Why the data can't be understood, if so."""
        return self.meaning.reason


@lru_cache(KEPT)
def meaning_of(vif: bytes, text: str, *, from_master: bool) -> Value:
    """Interpret VIF and VIFEs (without the plain text's own bytes, which is `text`)."""
    head, rest = _head(vif, text)
    value = Value(head)
    if head.quantity == "manufacturer_specific":
        return value
    table = False
    for vife in rest:
        code = vife & CODE
        value = _second(value, code) if table else _combine(value, code, from_master=from_master)
        table = not table and code == TABLE
        if value.reason is not None:
            return value
    return value


def _head(vif: bytes, text: str) -> tuple[Meaning, bytes]:
    first = vif[0]
    if first in (FB_VIF, FD_VIF) and len(vif) > 1:
        return _extended(first, vif)
    if first & CODE == PLAIN_TEXT:
        return Meaning("plain_text", ascii_unit(text)), vif[1:]
    return PRIMARY_VIF[first & CODE], vif[1:]


def ascii_unit(text: str) -> str:
    """A unit that a meter spells out, in ASCII as all units are: no degree sign, plain digits for raised ones."""
    return text.translate(IN_ASCII).encode("ascii", "replace").decode()


def _extended(first: int, vif: bytes) -> tuple[Meaning, bytes]:
    code, rest = vif[1] & CODE, vif[2:]
    if first == FD_VIF and code == CODE & FD_VIF and rest:
        return _known(FD_SECOND, rest[0] & CODE, "FD FD"), rest[1:]
    table, name = (FD, "FD") if first == FD_VIF else (FB, "FB")
    return _known(table, code, name), rest


def _known(table: dict[int, Meaning], code: int, name: str) -> Meaning:
    return table.get(code) or Meaning("unknown", reason=f"VIF {name} {code:02X} is reserved or unknown")


def combined(code: int) -> Value:
    """What a VIFE from a meter does to a value of no quantity, unit and scale."""
    return _combine(Value(Meaning("")), code, from_master=False)


def _combine(value: Value, code: int, *, from_master: bool) -> Value:
    meaning = value.meaning
    if code <= LAST_ACTION and from_master:
        return _noted(value, f"action_{ACTIONS[code]}") if code in ACTIONS else _unknown(value, code)
    if code in RECORD_ERRORS:
        return replace(value, meaning=replace(meaning, reason=RECORD_ERRORS[code]))
    if code in PROFILES:
        return replace(value, meaning=replace(meaning, reason=f"not interpreted: {PROFILES[code]}"))
    if code in DATE_TIMES:
        return replace(value, meaning=Meaning(f"{meaning.quantity}_{DATE_TIMES[code]}", kind="date_time"))
    if code in DURATIONS:
        name, unit = DURATIONS[code]
        return replace(value, meaning=duration(f"{meaning.quantity}_{name}", unit))
    if code in COUNTS:
        return replace(value, meaning=Meaning(f"{meaning.quantity}_{COUNTS[code]}", kind="unsigned"))
    if code in FACTORS:
        return replace(value, meaning=replace(meaning, exponent=meaning.exponent + FACTORS[code]))
    if code in OFFSETS:
        return replace(value, offset_exponent=OFFSETS[code])
    if code in PER:
        return replace(value, meaning=replace(meaning, unit=meaning.unit + PER[code]))
    if code in NOTES:
        return _noted(value, NOTES[code])
    if code == MAKER:
        return replace(value, meaning=replace(meaning, reason="manufacturer specific from VIFE 7F on"))
    return value if code in (0, TABLE) else _unknown(value, code)


def _second(value: Value, code: int) -> Value:
    if code == END_OF:
        return replace(value, meaning=Meaning(f"{value.meaning.quantity}_end_of", kind=SECOND_TYPES[code]))
    if code in SECOND_TYPES:
        return replace(value, meaning=replace(value.meaning, kind=SECOND_TYPES[code]))
    return _noted(value, SECOND_TABLE[code]) if code in SECOND_TABLE else _unknown(value, code, " of the second table")


def _noted(value: Value, note: str) -> Value:
    return replace(value, notes=(*value.notes, note))


def _unknown(value: Value, code: int, where: str = "") -> Value:
    return replace(value, meaning=replace(value.meaning, reason=f"VIFE {code:02X}{where} is reserved or unknown"))
