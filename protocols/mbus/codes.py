"""Tables: CI fields and primary VIFs, as facts/MBUS.md collects them from the sources it names. Data only.

Where a code's meaning is one maker's, or reserved, the table says so, and the record keeps its raw bytes.
"""

from dataclasses import dataclass

CI_RESET, CI_DATA_SEND, CI_SELECT, CI_DATA_SEND_MODE_2, CI_SELECT_MODE_2 = 0x50, 0x51, 0x52, 0x55, 0x56
CI_ERROR, CI_ALARM = 0x70, 0x71
ERROR_CIS, ALARM_CIS = frozenset({0x6E, 0x6F, CI_ERROR}), frozenset({CI_ALARM, 0x74, 0x75})
CI_LONG, CI_FIXED, CI_LONG_MODE_2, CI_FIXED_MODE_2 = 0x72, 0x73, 0x76, 0x77
CI_NONE, CI_SHORT = 0x78, 0x7A
CI_BAUD = {0xB8: 300, 0xB9: 600, 0xBA: 1200, 0xBB: 2400, 0xBC: 4800, 0xBD: 9600, 0xBE: 19200, 0xBF: 38400}
ANY_BYTE = 0xFF
"""A version or a medium that a selection leaves open."""
MODE_2 = frozenset({CI_DATA_SEND_MODE_2, CI_SELECT_MODE_2, CI_LONG_MODE_2, CI_FIXED_MODE_2})

CI_NAMES = {
    0x50: "application reset",
    0x51: "data send",
    0x52: "selection of slaves",
    0x53: "application reset, long header",
    0x54: "request of selected application, or synchronise",
    0x55: "data send, mode 2, or request of selected application, long header",
    0x56: "selection of slaves, mode 2",
    0x5A: "command, short header",
    0x5B: "command, long header",
    0x5C: "synchronise action",
    0x60: "COSEM data, long header",
    0x61: "COSEM data, short header",
    0x64: "OBIS data, long header",
    0x65: "OBIS data, short header",
    0x66: "selected application, no header",
    0x67: "selected application, short header",
    0x68: "selected application, long header",
    0x69: "format frame, no header",
    0x6A: "format frame, short header",
    0x6B: "format frame, long header",
    0x6C: "clock synchronisation, absolute",
    0x6D: "clock synchronisation, relative",
    0x6E: "application error, short header",
    0x6F: "application error, long header",
    0x70: "application error, no header",
    0x71: "alarm, no header",
    0x72: "variable data, long header",
    0x73: "fixed data",
    0x74: "alarm, short header",
    0x75: "alarm, long header",
    0x76: "variable data, long header, mode 2",
    0x77: "fixed data, mode 2",
    0x78: "variable data, no header",
    0x79: "compact frame, no header",
    0x7A: "variable data, short header",
    0x7B: "compact frame, short header",
    0x7C: "COSEM data from the meter, long header",
    0x7D: "COSEM data from the meter, short header",
    0x7E: "OBIS data from the meter, long header",
    0x7F: "OBIS data from the meter, short header",
    0x80: "transport layer to the meter, long header",
    0x81: "network layer",
    0x82: "network management to the meter",
    0x83: "network management to the meter",
    0x84: "compact frame to the meter, long header",
    0x85: "format frame to the meter, long header",
    0x86: "extended link layer, variable length",
    0x87: "network management from the meter",
    0x88: "network management from the meter",
    0x89: "network management from the meter",
    0x8A: "transport layer from the meter, short header",
    0x8B: "transport layer from the meter, long header",
    0x8C: "extended link layer I, 2 bytes",
    0x8D: "extended link layer II, 8 bytes",
    0x8E: "extended link layer III, 10 bytes",
    0x8F: "extended link layer IV, 16 bytes",
    0x90: "authentication and fragmentation layer",
    0xB1: "manufacturer specific (read RAM)",
    0xB2: "manufacturer specific (write RAM)",
    0xB3: "manufacturer specific (calibration)",
    0xB4: "manufacturer specific (read EEPROM)",
    0xB6: "manufacturer specific (software test)",
    0xC0: "image to the meter",
    0xC1: "image from the meter",
    0xC2: "image from the meter",
    0xC3: "security information to the meter",
    0xC4: "security information from the meter",
    0xC5: "security information from the meter",
    **{code: f"switch to {baud} baud" for code, baud in CI_BAUD.items()},
}

SHORT_HEADERS = frozenset({0x5A, 0x67, 0x6A, 0x6E, 0x74, 0x7A, 0x7B, 0x7D, 0x7F, 0x8A})
LONG_HEADERS = frozenset({0x5B, 0x68, 0x6B, 0x6C, 0x6D, 0x6F, 0x72, 0x73, 0x75, 0x7C, 0x7E, 0x80, 0x84, 0x85, 0x8B})
"""CI fields after which a header says who speaks, also where we do not interpret what follows it. 73 is of the newer
texts here: the old fixed data are told from it by their length alone."""

RESET_PARTS = (
    "all", "user_data", "simple_billing", "enhanced_billing", "multi_tariff_billing", "instantaneous",
    "load_management", "reserved", "installation", "testing", "calibration", "manufacturing", "development",
    "self_test", "reserved", "reserved",
)  # fmt: skip
"""High nibble of the sub-code of an application reset: which telegrams are chosen; the low one says which of them."""

APPLICATION_ERRORS = {
    0: "unspecified",
    1: "CI field not implemented",
    2: "buffer too long, truncated",
    3: "too many records",
    4: "premature end of record",
    5: "more than 10 DIFE",
    6: "more than 10 VIFE",
    8: "application busy",
    9: "too many readouts",
}


def ci_name(code: int) -> str:
    """Name a CI field; one that nobody names is manufacturer specific or reserved."""
    if code in CI_NAMES:
        return CI_NAMES[code]
    return "manufacturer specific" if 0xA0 <= code <= 0xB7 else f"CI {code:02X}"  # noqa: PLR2004 - the range itself


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value information field says: quantity, unit, and the power of ten that scales the value to the unit.

    A quantity has one unit wherever that is exact: `factor` turns minutes, hours and days into seconds. `kind` says how
    the data are to be read where the data field alone does not: `number` (signed), `unsigned`, `date`, `date_time`,
    `bits`, `text`, `manufacturer` or `identity`.
    """

    quantity: str
    unit: str = ""
    exponent: int = 0
    factor: int = 1
    kind: str = "number"
    reason: str | None = None


TIME_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
"""Units that are whole seconds."""


def duration(quantity: str, unit: str) -> Meaning:
    """A time: in seconds where the unit has a fixed length, else in months or years."""
    return Meaning(quantity, "s", factor=TIME_UNITS[unit]) if unit in TIME_UNITS else Meaning(quantity, unit)


def _ranges() -> dict[int, Meaning]:
    """Primary VIFs whose low bits are an exponent: first code, count, quantity, unit, exponent of the first."""
    rows = (
        (0x00, 8, "energy", "Wh", -3),
        (0x08, 8, "energy", "J", 0),
        (0x10, 8, "volume", "m3", -6),
        (0x18, 8, "mass", "kg", -3),
        (0x28, 8, "power", "W", -3),
        (0x30, 8, "power", "J/h", 0),
        (0x38, 8, "volume_flow", "m3/h", -6),
        (0x40, 8, "volume_flow", "m3/min", -7),
        (0x48, 8, "volume_flow", "m3/s", -9),
        (0x50, 8, "mass_flow", "kg/h", -3),
        (0x58, 4, "flow_temperature", "C", -3),
        (0x5C, 4, "return_temperature", "C", -3),
        (0x60, 4, "temperature_difference", "K", -3),
        (0x64, 4, "external_temperature", "C", -3),
        (0x68, 4, "pressure", "bar", -3),
    )
    return {
        first + n: Meaning(quantity, unit, exponent + n)
        for first, count, quantity, unit, exponent in rows
        for n in range(count)
    }


def _times() -> dict[int, Meaning]:
    rows = ((0x20, "on_time"), (0x24, "operating_time"), (0x70, "averaging_duration"), (0x74, "actuality_duration"))
    return {first + n: duration(name, unit) for first, name in rows for n, unit in enumerate(TIME_UNITS)}


PRIMARY_VIF: dict[int, Meaning] = {
    **_ranges(),
    **_times(),
    0x6C: Meaning("date", kind="date"),
    0x6D: Meaning("date_time", kind="date_time"),
    0x6E: Meaning("heat_cost_allocation", "HCA"),
    0x6F: Meaning("reserved", reason="VIF 6F is reserved"),
    0x78: Meaning("fabrication_number", kind="identity"),
    0x79: Meaning("identification", kind="identity"),
    0x7A: Meaning("bus_address", kind="unsigned"),
    0x7B: Meaning("unknown", reason="VIF 7B without its extension"),
    0x7D: Meaning("unknown", reason="VIF 7D without its extension"),
    0x7E: Meaning("any_vif"),
    0x7F: Meaning("manufacturer_specific", reason="manufacturer specific"),
}
