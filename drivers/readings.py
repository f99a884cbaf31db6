"""From a readout to the readings that go up: one a record, exact, and nothing left out."""

from datetime import datetime
from decimal import Decimal

from drivers.mbus import MeterRead
from protocols.mbus.record import Record
from protocols.types import MeterId
from protocols.uplink.messages import Reading

LONGEST_TEXT = 200


def readings_of(meter: MeterId, read: MeterRead, at: datetime) -> list[Reading]:
    """Return a reading for every record; what was not understood has no value, a reason and its bytes."""
    return [_reading(meter, record, at) for record in read.records]


def _reading(meter: MeterId, record: Record, at: datetime) -> Reading:
    return Reading(
        meter=meter,
        at=at,
        quantity=record.quantity,
        value=_text(record),
        unit=record.unit,
        storage=record.storage,
        tariff=record.tariff,
        subunit=record.subunit,
        function=record.function,
        reason=_reason(record),
    )


def _reason(record: Record) -> str | None:
    """Why there is no value, with the record's bytes; a record that carries none by its nature says so too."""
    if record.reason is None and record.value is not None:
        return None
    return f"{record.reason or 'it carries no value'} [{record.raw.hex()}]"[:LONGEST_TEXT]


def _text(record: Record) -> str | None:
    value = record.value
    if value is None:
        return None
    return (format(value, "f") if isinstance(value, Decimal) else str(value))[:LONGEST_TEXT]
