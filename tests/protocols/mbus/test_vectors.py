"""Real meters' telegrams against another decoder's opinion. Where we differ, the table says by which rule we do."""

import xml.etree.ElementTree as ET
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from protocols.errors import MalformedError
from protocols.mbus.record import Record
from protocols.mbus.telegram import decode_telegram
from tests import vectors

FILES = vectors.telegrams()
ERRORS = vectors.telegrams("mbus/libmbus/error/*.hex")
ROUNDED = Decimal("0.0000006")

MAKERS = "it reads the maker's own bytes as a number", "VIF FF: data are manufacturer specific"
MAKERS_FROM_HERE = "it reads on past VIFE 7F", "VIFE 7F: all that follows, data included, is the maker's"
EVERY = "it tells a date of zeros", "types F and G: 0 stands for every, and is no single date"
LAST_END = "it ignores VIFE 6F, which changes the type", "VIFE E1101f1b, here 6F: date-time of the end of the last"
NOT_FLOW = "it ignores the VIFE and tells a flow", "VIFE 50-5F: duration of exceed, in the unit that its low bits name"
NO_YEAR = "it tells 2027 of the year 127", "types F and G: two digits; the key date of every year"
RESERVED = "it gives a number for what it calls reserved", "the FD table has no 7C"
XML_IS_WRONG: dict[str, dict[int, tuple[str, str]]] = {
    "ACW_Itron-BM-plus-m": {2: EVERY},
    "REL-Relay-Padpuls2": {1: ("it tells 1900-01-01 of an invalid date-time", "type F: bit 7 of the first byte")},
    "SEN_Pollustat": {12: NOT_FLOW, 13: NOT_FLOW, 15: MAKERS},
    "abb_delta": dict.fromkeys((10, 11, 13), MAKERS),
    "berg_dz_plus": dict.fromkeys((10, 11, 12, 13, 15), MAKERS),
    "electricity-meter-1": {
        **dict.fromkeys((*range(4, 16), 17, 18), MAKERS_FROM_HERE),
        **dict.fromkeys((16, 19), MAKERS),
    },
    "itron_bm_+m": {2: EVERY},
    "itron_cyble_m-bus_v1.4_cold_water": {5: MAKERS_FROM_HERE},
    "itron_cyble_m-bus_v1.4_water": {5: MAKERS_FROM_HERE},
    "landis+gyr_ultraheat_t230": {**dict.fromkeys((19, 20, 21, 22), LAST_END), 32: NO_YEAR},
    "nzr_dhz_5_63": {1: MAKERS_FROM_HERE},
    "siemens_rvd235": dict.fromkeys(
        (3, 4, 5), ("it gives a number for what it calls reserved", "the FD table has no 7C")
    ),
    "siemens_wfh21": {3: EVERY},
}
"""By file and record: the XML's mistake, and the rule that says so. Nothing stands here that agrees."""
XML_UNITS = {
    "m^3": "m3", "m^3/h": "m3/h", "Units for H.C.A.": "HCA", "-": "", "Reserved": "", "l": "m3", "kWh": "Wh",
    "\u00b0C": "C", "\u00c2\u00b0C": "C",
}  # fmt: skip
XML_SCALE = {("kWh", "Wh"): Decimal(1000), ("l", "m3"): Decimal("0.001")}
OWN_DATA = (0x0F, 0x1F)
"""DIFs of the maker's own data to the end, which the XML shows as bytes, or not at all."""


def load(path: Path) -> bytes:
    return bytes.fromhex(path.read_text())


def opinions(path: Path) -> list[ET.Element]:
    return ET.parse(path.with_suffix(".norm.xml")).getroot().findall("DataRecord")  # noqa: S314 - our own test data


def text(element: ET.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_record_is_as_the_xml_says_or_the_table_says_why_not(path: Path) -> None:
    records, xml = decode_telegram(load(path)).records, opinions(path)
    assert len(records) == len(xml)
    wrong = XML_IS_WRONG.get(path.stem, {})
    differing = {n for n, (r, o) in enumerate(zip(records, xml, strict=True)) if not agree(r, o)}
    assert differing == set(wrong), {n: (records[n], text(xml[n], "Value")) for n in differing ^ set(wrong)}


def agree(record: Record, opinion: ET.Element) -> bool:
    """Whether value, unit, storage and tariff are the same; the XML rounds to 6 decimals, and cuts texts."""
    if record.raw[0] in OWN_DATA:
        return text(opinion, "Value").replace(" ", "").lower() in ("", record.data.hex()[: 3 * len(record.data)])
    unit = text(opinion, "Quantity") if record.quantity == "plain_text" else text(opinion, "Unit")
    placed = all(
        not text(opinion, name) or int(text(opinion, name)) == number
        for name, number in (("StorageNumber", record.storage), ("Tariff", record.tariff))
        if text(opinion, "Quantity")
    )
    return XML_UNITS.get(unit, unit) == record.unit and placed and same_value(record, text(opinion, "Value"), unit)


def same_value(record: Record, theirs: str, unit: str) -> bool:
    if record.text is not None:
        return record.text.strip()[:16] == theirs[:16].removesuffix("Z")
    if record.mantissa is None:
        return False
    mine = Decimal(record.value or 0)
    difference = abs(number(theirs) * XML_SCALE.get((unit, record.unit), Decimal(1)) - mine)
    return difference <= ROUNDED + abs(mine) * Decimal("1e-6")


def number(value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation:
        raise AssertionError(f"the XML holds no number: {value!r}") from None


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_who_speaks_is_as_the_xml_says(path: Path) -> None:
    header = decode_telegram(load(path)).header
    said = ET.parse(path.with_suffix(".norm.xml")).getroot().find("SlaveInformation")  # noqa: S314 - our own test data
    assert said is not None
    assert header.id is not None
    assert header.id.lstrip("0") == text(said, "Id").lower().lstrip("0")
    if text(said, "Manufacturer"):
        assert header.manufacturer == text(said, "Manufacturer")
        assert header.version == int(text(said, "Version"))
    assert header.access_no == int(text(said, "AccessNumber"))


@pytest.mark.parametrize("path", ERRORS, ids=lambda p: p.stem)
def test_refusals_are_read_and_malformed_telegrams_refused(path: Path) -> None:
    if path.stem.startswith("too_many"):
        with pytest.raises(MalformedError, match="more than 10"):
            decode_telegram(load(path))
        return
    assert decode_telegram(load(path)).error is not None


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_real_telegram_cut_anywhere_is_refused(path: Path) -> None:
    raw = load(path)
    for cut in range(len(raw)):
        with pytest.raises(MalformedError):
            decode_telegram(raw[:cut])
