"""A telegram for programs (JSON) and for people (lines). Numbers stay exact."""

from decimal import Decimal

import msgspec

from protocols.errors import MalformedError
from protocols.mbus.application import RECORD_HEAD
from protocols.mbus.codes import ci_name
from protocols.mbus.frame import FCB, FCV, REQ_UD1, REQ_UD2, SND_NKE
from protocols.mbus.header import Header, status_words
from protocols.mbus.plan import PLANNED
from protocols.mbus.record import Record
from protocols.mbus.telegram import Telegram
from protocols.mbus.text import Text, once

SHORT_FRAMES = {SND_NKE: "reset of the link", REQ_UD2: "request for data", REQ_UD1: "request for alarms"}
_encoder = msgspec.json.Encoder(decimal_format="number")


def header_fields(header: Header) -> dict[str, object]:
    """The header as the JSON has it."""
    return {
        "id": header.id,
        "manufacturer": header.manufacturer,
        "version": header.version,
        "medium": header.medium_word,
        "access_no": header.access_no,
        "status": header.status,
        "ci": header.ci,
        "address": header.address,
    }


def record_fields(record: Record) -> dict[str, object]:
    """A record as the JSON has it; `notes` only where there are any."""
    fields: dict[str, object] = {
        "quantity": record.quantity,
        "value": _exact(record.value),
        "unit": record.unit,
        "storage": record.storage,
        "tariff": record.tariff,
        "subunit": record.subunit,
        "function": record.function,
        "raw": record.raw.hex(),
        "reason": record.reason,
    }
    return {**fields, "notes": list(record.notes)} if record.notes else fields


def _exact(value: object) -> object:
    """A decimal as a JSON number without an exponent."""
    return msgspec.Raw(format(value, "f").encode()) if isinstance(value, Decimal) else value


def to_json(telegram: Telegram) -> str:
    """One object on one line; records themselves are made only where they have to be."""
    wire, shape = telegram.wire, telegram.shape
    if shape.planned:
        if shape.text is None:
            shape.text = Text(wire, shape)
        return shape.text(wire, telegram.cells)
    if shape.joined or not shape.fields or wire[RECORD_HEAD - 1] not in PLANNED:
        return json_of_records(telegram)
    return once(wire, shape, telegram.cells)


def json_of_records(telegram: Telegram) -> str:
    """The same from the records, for any telegram."""
    document: dict[str, object] = {
        "header": header_fields(telegram.header),
        "records": [record_fields(r) for r in telegram.records],
    }
    if telegram.error is not None:
        document["application_error"] = telegram.error
    return _encoder.encode(document).decode()


def error_json(error: MalformedError) -> str:
    """A bad frame as one object on one line."""
    fields = {"code": error.code, "offset": error.offset, "expected": error.expected, "message": str(error)}
    return _encoder.encode({"error": fields}).decode()


def to_lines(telegram: Telegram) -> list[str]:
    """A sheet for people: who speaks, then a row a record."""
    lines = [_who(telegram.header)]
    if telegram.error is not None:
        lines.append(f"the meter refuses: {telegram.error}")
    rows = [_row(record) for record in telegram.records]
    widths = [max(len(row[n]) for row in rows) for n in range(4)] if rows else []
    for quantity, value, unit, which in rows:
        line = f"  {quantity:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}  {which}"
        lines.append(line.rstrip())
    if telegram.more_follows:
        lines.append("  (another telegram of this readout follows)")
    return lines


def printable(text: str) -> str:
    """Text as a meter gave it, with what would steer a terminal written out."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _who(header: Header) -> str:
    if header.address is None:
        return "acknowledgement (E5)"
    if header.ci is None:
        function = (header.c or 0) & ~(FCB | FCV)
        return f"address {header.address}, {SHORT_FRAMES.get(function, f'C field {header.c:02X}')}"
    if header.id is None:
        status = "" if header.status is None else f", access {header.access_no}, {_status(header)}"
        return f"address {header.address}, {ci_name(header.ci)}{status}"
    maker = f"{header.manufacturer} version {header.version}, " if header.manufacturer else ""
    return (
        f"{header.id}  {maker}{(header.medium_word or 'unknown medium').replace('_', ' ')}, address {header.address}, "
        f"access {header.access_no}, {_status(header)}"
    )


def _status(header: Header) -> str:
    return ", ".join(status_words(header.status or 0)) or "no alarm"


def _row(record: Record) -> tuple[str, str, str, str]:
    value = format(record.value, "f") if isinstance(record.value, Decimal) else printable(str(record.value))
    numbers = (("storage", record.storage), ("tariff", record.tariff), ("subunit", record.subunit))
    which = [record.function] if record.function != "instantaneous" else []
    which += [f"{name} {number}" for name, number in numbers if number]
    which += [note.replace("_", " ") for note in record.notes]
    if record.value is None:
        which.append(f"{record.reason or 'no value'} [{record.raw.hex(' ')}]")
        value = "-"
    return record.quantity.replace("_", " "), value, printable(record.unit), ", ".join(which)
