"""Tables of the second level: VIF extensions FB and FD, and the VIFEs that combine with any of them. Data only.

Source: facts/MBUS.md section 4, where its sources agree; codes it marks as one source's or unread keep a reason.
"""

from collections.abc import Iterable

from protocols.mbus.codes import TIME_UNITS, Meaning, duration

DAYS_TO_YEARS = ("h", "d", "month", "year")


def _scaled(*rows: tuple[int, int, str, str, int]) -> dict[int, Meaning]:
    """First code, count, quantity, unit, exponent of the first: one power of ten a code."""
    return {
        first + n: Meaning(name, unit, exponent + n)
        for first, count, name, unit, exponent in rows
        for n in range(count)
    }


def _timed(*rows: tuple[int, str, Iterable[str]]) -> dict[int, Meaning]:
    return {first + n: duration(name, unit) for first, name, units in rows for n, unit in enumerate(units)}


def _named(kind: str, *rows: tuple[int, str]) -> dict[int, Meaning]:
    return {code: Meaning(name, kind=kind) for code, name in rows}


FD: dict[int, Meaning] = {
    **_scaled(
        (0x00, 4, "credit", "currency", -3),
        (0x04, 4, "debit", "currency", -3),
        (0x40, 16, "voltage", "V", -9),
        (0x50, 16, "current", "A", -12),
    ),
    **_named(
        "unsigned",
        (0x08, "access_number"),
        (0x09, "medium"),
        (0x0B, "parameter_set_identification"),
        (0x0C, "model_version"),
        (0x0D, "hardware_version"),
        (0x0E, "firmware_version"),
        (0x0F, "software_version"),
        (0x1C, "baud_rate"),
        (0x1D, "response_delay"),
        (0x1E, "retry"),
        (0x20, "first_storage_number"),
        (0x21, "last_storage_number"),
        (0x22, "storage_block_size"),
        (0x23, "tariff_and_subunit_descriptor"),
        (0x60, "reset_counter"),
        (0x61, "cumulation_counter"),
        (0x63, "day_of_week"),
        (0x64, "week_number"),
        (0x65, "time_point_of_day_change"),
        (0x66, "state_of_parameter_activation"),
        (0x75, "times_meter_stopped"),
    ),
    **_named(
        "text",
        (0x10, "customer_location"),
        (0x11, "customer"),
        (0x12, "access_code_user"),
        (0x13, "access_code_operator"),
        (0x14, "access_code_system_operator"),
        (0x15, "access_code_developer"),
        (0x16, "password"),
        (0x67, "special_supplier_information"),
        (0x3B, "data_container_wireless"),
        (0x76, "manufacturer_data_container"),
    ),
    **_named(
        "bits",
        (0x17, "error_flags"),
        (0x18, "error_mask"),
        (0x19, "security_key"),
        (0x1A, "digital_output"),
        (0x1B, "digital_input"),
        (0x1F, "remote_control"),
        (0x62, "control_signal"),
    ),
    **_named("date_time", (0x2B, "time_point"), (0x30, "tariff_start"), (0x70, "battery_change_date_time")),
    **_timed(
        (0x24, "storage_interval", TIME_UNITS),
        (0x28, "storage_interval", ("month", "year")),
        (0x2C, "duration_since_last_readout", TIME_UNITS),
        (0x31, "tariff_duration", ("min", "h", "d")),
        (0x34, "tariff_period", TIME_UNITS),
        (0x38, "tariff_period", ("month", "year")),
        (0x3C, "nominal_transmission_period", TIME_UNITS),
        (0x68, "duration_since_last_cumulation", DAYS_TO_YEARS),
        (0x6C, "battery_operating_time", DAYS_TO_YEARS),
    ),
    0x0A: Meaning("manufacturer", kind="manufacturer"),
    0x2A: Meaning("operator_specific", reason="VIF FD 2A is operator specific"),
    0x3A: Meaning("dimensionless"),
    0x71: Meaning("reception_level", "dBm"),
    0x72: Meaning("daylight_saving", reason="type K is kept as it came: its layout is not known here"),
    0x73: Meaning("listening_window", reason="type L is kept as it came: its layout is not known here"),
    0x74: duration("remaining_battery", "d"),
}

FD_SECOND: dict[int, Meaning] = {
    0x00: Meaning("selected_application"),
    0x02: Meaning("remaining_battery", "month"),
    0x03: Meaning("remaining_battery", "year"),
    0x3E: Meaning("moisture", "%"),
}
"""After FD FD (7D within the FD table)."""

FB: dict[int, Meaning] = {
    **_scaled(
        (0x00, 2, "energy", "Wh", 5),
        (0x02, 2, "reactive_energy", "kvarh", 0),
        (0x04, 2, "apparent_energy", "kVAh", 0),
        (0x08, 2, "energy", "J", 8),
        (0x0C, 4, "energy", "Mcal", -1),
        (0x10, 2, "volume", "m3", 2),
        (0x14, 4, "reactive_power", "kvar", -3),
        (0x18, 2, "mass", "kg", 5),
        (0x1A, 2, "relative_humidity", "%", -1),
        (0x28, 2, "power", "W", 5),
        (0x2C, 4, "frequency", "Hz", -3),
        (0x30, 2, "power", "J/h", 8),
        (0x34, 4, "apparent_power", "kVA", -3),
        (0x58, 4, "flow_temperature", "F", -3),
        (0x5C, 4, "return_temperature", "F", -3),
        (0x60, 4, "temperature_difference", "F", -3),
        (0x64, 4, "external_temperature", "F", -3),
        (0x70, 4, "temperature_limit", "F", -3),
        (0x74, 4, "temperature_limit", "C", -3),
        (0x78, 8, "cumulative_maximum_power", "W", -3),
    ),
    0x06: Meaning("coefficient_of_performance", "", -1),
    0x20: Meaning("volume", "ft3"),
    0x21: Meaning("volume", "ft3", -1),
    0x22: Meaning("volume", "gal", -1),
    0x23: Meaning("volume", "gal", reason="VIF FB 23 is a volume in old texts and a phase angle in new ones"),
    0x24: Meaning("volume_flow", "gal/min", -3),
    0x25: Meaning("volume_flow", "gal/min"),
    0x26: Meaning("volume_flow", "gal/h"),
    0x2A: Meaning("phase_voltage_voltage", "deg", -1),
    0x2B: Meaning("phase_voltage_current", "deg", -1),
    **{0x68 + n: Meaning(f"hca_factor_{name}") for n, name in enumerate(("k", "kq", "kc", "kcr", "kch", "kt", "kd"))},
}

RECORD_ERRORS = {
    0x01: "too many DIFE",
    0x02: "storage number not implemented",
    0x03: "subunit not implemented",
    0x04: "tariff not implemented",
    0x05: "function not implemented",
    0x06: "data class not implemented",
    0x07: "data size not implemented",
    0x0B: "too many VIFE",
    0x0C: "illegal VIF group",
    0x0D: "illegal VIF exponent",
    0x0E: "VIF and DIF mismatch",
    0x0F: "unimplemented action",
    0x15: "no data available",
    0x16: "data overflow",
    0x17: "data underflow",
    0x18: "data error",
    0x1C: "premature end of record",
}
"""VIFE 00-1F from slave to master: why a record has no value."""

PER = {
    0x20: "/s", 0x21: "/min", 0x22: "/h", 0x23: "/d", 0x24: "/week", 0x25: "/month", 0x26: "/year", 0x27: "/revolution",
    0x2C: "/l", 0x2D: "/m3", 0x2E: "/kg", 0x2F: "/K", 0x30: "/kWh", 0x31: "/GJ", 0x32: "/kW", 0x33: "/(K*l)",
    0x34: "/V", 0x35: "/A", 0x36: "*s", 0x37: "*s/V", 0x38: "*s/A",
}  # fmt: skip
"""VIFEs that change the unit."""

NOTES = {
    0x12: "average", 0x14: "relative_deviation", 0x1D: "standard_conform",
    0x28: "per_input_pulse_0", 0x29: "per_input_pulse_1", 0x2A: "per_output_pulse_0", 0x2B: "per_output_pulse_1",
    0x3A: "uncorrected", 0x3B: "forward", 0x3C: "backward", 0x3D: "non_metric", 0x3E: "base_conditions", 0x3F: "obis",
    0x40: "lower_limit", 0x48: "upper_limit", 0x68: "while_below_lower_limit", 0x6C: "while_above_upper_limit",
    0x69: "leakage", 0x6D: "overflow", 0x7E: "future",
}  # fmt: skip
"""VIFEs that say which value of the quantity it is, and leave type and unit."""

PROFILES = {0x13: "inverse compact profile", 0x1E: "compact profile with register numbers", 0x1F: "compact profile"}
"""VIFEs after which the data are a row of values; kept as they came."""

SECOND_TABLE = {
    0x01: "phase_l1", 0x02: "phase_l2", 0x03: "phase_l3", 0x04: "neutral", 0x05: "l1_l2", 0x06: "l2_l3", 0x07: "l3_l1",
    0x08: "quadrant_1", 0x09: "quadrant_2", 0x0A: "quadrant_3", 0x0B: "quadrant_4", 0x0C: "import_minus_export",
    0x0D: "alternative_non_metric", 0x0E: "secondary_sensor", 0x0F: "high_resolution", 0x10: "absolute_accumulation",
    0x14: "to_meter", 0x15: "from_meter",
}  # fmt: skip
"""VIFEs after 7C that say which value it is."""

SECOND_TYPES = {0x11: "unsigned", 0x12: "bits", 0x13: "date_time"}
"""VIFEs after 7C that change the type of the data: types C and D, and the date(-time) at which something ended."""
END_OF = 0x13

COUNTS = {0x41: "lower_limit_exceeds", 0x49: "upper_limit_exceeds"}


def _date_times() -> dict[int, str]:
    """VIFE E100uf1b (limits) and E1101f1b / E1101... (values): the date-time at which something began or ended."""
    names = {}
    for upper, side in ((0, "lower"), (8, "upper")):
        for f, which in ((0, "first"), (4, "last")):
            for b, edge in ((0, "begin"), (1, "end")):
                names[0x42 + upper + f + b] = f"{edge}_of_{which}_{side}_exceed"
    for f, which in ((0, "first"), (4, "last")):
        for b, edge in ((0, "begin"), (1, "end")):
            names[0x6A + f + b] = f"{edge}_of_{which}"
    return {**names, 0x39: "start_of"}


DATE_TIMES = _date_times()
"""VIFEs after which the data are a date or date-time, whatever the VIF's quantity."""


def _durations() -> dict[int, tuple[str, str]]:
    names = {}
    for u, side in ((0, "lower"), (8, "upper")):
        for f, which in ((0, "first"), (4, "last")):
            names.update(
                {0x50 + u + f + n: (f"duration_of_{which}_{side}_exceed", t) for n, t in enumerate(TIME_UNITS)}
            )
    for f, which in ((0, "first"), (4, "last")):
        names.update({0x60 + f + n: (f"duration_of_{which}", t) for n, t in enumerate(TIME_UNITS)})
    return names


DURATIONS = _durations()
"""VIFEs after which the data are a duration in the unit named."""

FACTORS = {0x70 + n: n - 6 for n in range(8)} | {0x7D: 3}
"""VIFEs that multiply by a power of ten."""

OFFSETS = {0x78 + n: n - 3 for n in range(4)}
"""VIFEs that add a power of ten of the unit."""

TABLE, MAKER = 0x7C, 0x7F
