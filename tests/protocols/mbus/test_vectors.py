"""Real meters' telegrams against another decoder's opinion. Where we differ, the table says by which rule we do."""

import re
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

RULES = {
    "manufacturer specific from VIFE 7F on": "VIFE 7F: all that follows, data included, is the maker's",
    "manufacturer specific": "VIF FF and DIF 0F, 1F: the maker's own",
    "the date-time is marked invalid": "type F: bit 7 of the first byte",
    "the date is marked invalid": "type G: FFFF",
    "VIF FD 7C is reserved or unknown": "the FD table has no 7C",
}
RULE_PATTERNS = {r"every (day|month): .* is no single date": "types F and G: 0 stands for every"}
CHANGED_TYPE = {
    ("landis+gyr_ultraheat_t230.hex", 21): "VIFE 6F makes it the date-time at which the last one ended",
    ("landis+gyr_ultraheat_t230.hex", 22): "VIFE 6F makes it the date-time at which the last one ended",
}
XML_UNIT = {("kWh", "Wh"): Decimal(1000), ("l", "m3"): Decimal("0.001")}


def load(path: Path) -> bytes:
    return bytes.fromhex(path.read_text())


def opinions(path: Path) -> list[ET.Element]:
    return ET.parse(path.with_suffix(".norm.xml")).getroot().findall("DataRecord")  # noqa: S314 - our own test data


def text(element: ET.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_record_is_as_the_xml_says_or_a_rule_says_why_not(path: Path) -> None:
    records, xml = decode_telegram(load(path)).records, opinions(path)
    assert len(records) == len(xml)
    for index, (record, opinion) in enumerate(zip(records, xml, strict=True)):
        if (path.name, index) not in CHANGED_TYPE:
            compare(record, opinion, f"{path.name} record {index}")


def compare(record: Record, opinion: ET.Element, where: str) -> None:
    if record.value is None:
        known = record.reason in RULES or any(re.fullmatch(p, record.reason or "") for p in RULE_PATTERNS)
        assert known, f"{where}: no rule says why {record.reason}"
        return
    theirs = text(opinion, "Value")
    if isinstance(record.value, str):
        assert record.value.strip()[:16] == theirs[:16].removesuffix("Z"), where
    else:
        scale = XML_UNIT.get((text(opinion, "Unit"), record.unit), Decimal(1))
        difference = abs(number(theirs) * scale - record.value)
        assert difference <= ROUNDED + abs(Decimal(record.value)) * Decimal("1e-6"), where
    if text(opinion, "StorageNumber") and text(opinion, "Quantity"):
        assert record.storage == int(text(opinion, "StorageNumber")), where
    if text(opinion, "Tariff"):
        assert record.tariff == int(text(opinion, "Tariff")), where


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
