"""A whole telegram: link frame, header, records. Fixed data, application errors, alarms and what masters send too.

`decode_telegram` reads by plan where it knows the shape (see `plan`), `walk_telegram` always byte by byte; both say the
same of any bytes.
"""

from dataclasses import replace
from typing import Self

from protocols.errors import MalformedError
from protocols.mbus import application, codes
from protocols.mbus.application import RECORD_HEAD, Shape
from protocols.mbus.forms import Cell
from protocols.mbus.frame import Ack, Control, Frame, Long, Short, decode, encode
from protocols.mbus.header import Header
from protocols.mbus.plan import Plans
from protocols.mbus.record import Record, record_of

MAX_TELEGRAMS = 32
TAIL = 2
"""Bytes of a long frame behind its user data: checksum and 16."""
_plans = Plans()


class Telegram:
    """What one frame says: `shape.fields` beside `cells`; header and records are made when they are asked for.

    `wire` are the frame's bytes. Never changed once made.
    """

    __slots__ = ("_header", "_records", "cells", "shape", "wire")

    def __init__(self, shape: Shape, cells: tuple[Cell, ...], wire: bytes) -> None:
        self.shape = shape
        self.cells = cells
        self.wire = wire

    @property
    def header(self) -> Header:
        """Who speaks, and how it is."""
        try:
            return self._header
        except AttributeError:
            self._header: Header = application.header(_bare(self.wire), self.raw, self.shape)
            return self._header

    @property
    def records(self) -> tuple[Record, ...]:
        """All records, with their bytes."""
        try:
            return self._records
        except AttributeError:
            body, shape = self.raw[self.shape.base :], self.shape
            rows = zip(shape.fields, self.cells, shape.spans, strict=True)
            self._records: tuple[Record, ...] = tuple(record_of(f, cell, body, span) for f, cell, span in rows)
            return self._records

    @property
    def error(self) -> str | None:
        """An application's refusal (CI 70 and kin)."""
        return self.shape.error

    @property
    def more_follows(self) -> bool:
        """Whether the slave has another telegram to this readout (DIF 1F)."""
        return self.shape.more_follows

    @property
    def raw(self) -> bytes:
        """The user data, header included; none in frames without."""
        return self.wire[RECORD_HEAD:-TAIL]

    def find(self, vif: bytes, *, storage: int = 0, tariff: int = 0, subunit: int = 0) -> Record | None:
        """Return the first instantaneous record of these VIF bytes and numbers."""
        wanted = (vif, storage, tariff, subunit, "instantaneous")
        for index, f in enumerate(self.shape.fields):
            if (f.vif, f.storage, f.tariff, f.subunit, f.function) == wanted:
                return self.records[index]
        return None

    @classmethod
    def joined(cls, telegrams: list[Self]) -> Self:
        """One of several: the first one's header and bytes, all records; whether to go on asking tells the last."""
        fields = tuple(field for t in telegrams for field in t.shape.fields)
        spans = tuple(span for t in telegrams for span in t.shape.spans)
        first = telegrams[0]
        shape = replace(first.shape, fields=fields, spans=spans, more_follows=telegrams[-1].more_follows)
        shape.joined, shape.planned, shape.text = True, False, None
        whole = cls(shape, tuple(c for t in telegrams for c in t.cells), first.wire)
        whole._records = tuple(record for t in telegrams for record in t.records)
        return whole

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Telegram):
            return NotImplemented
        return self.wire == other.wire and self.error == other.error and self.records == other.records

    def __hash__(self) -> int:
        return hash(self.wire)

    def __repr__(self) -> str:
        return f"Telegram({self.wire.hex()}, {self.header}, {len(self.cells)} records, error={self.error})"


def decode_telegram(source: Frame | bytes) -> Telegram:
    """Return what a frame, or a frame's bytes, says.

    Raises MalformedError; its offset counts from the frame's first byte.
    """
    wire = source if isinstance(source, bytes) else encode(source)
    plan = _plans.match(wire)
    if plan is not None:
        return Telegram(plan.shape, plan.cells(wire), wire)
    telegram = _walk(wire, source)
    _plans.saw(wire, telegram.shape)
    return telegram


def walk_telegram(source: Frame | bytes) -> Telegram:
    """The same without any plan, byte by byte: what plans are held to."""
    return _walk(source if isinstance(source, bytes) else encode(source), source)


def _walk(wire: bytes, source: Frame | bytes) -> Telegram:
    frame = decode(source) if isinstance(source, bytes) else source
    match frame:
        case Long():
            return Telegram(*application.read(frame), wire)
        case Control(_, _, ci) if ci in codes.ERROR_CIS:
            return Telegram(Shape(0, error=codes.APPLICATION_ERRORS[0]), (), wire)
        case Ack() | Short() | Control():
            return Telegram(Shape(0), (), wire)


def _bare(wire: bytes) -> Header:
    match decode(wire):
        case Ack():
            return Header(ci=None, address=None, c=None)
        case Short(c, a):
            return Header(ci=None, address=a, c=c)
        case Control(c, a, ci) | Long(c, a, ci):
            return Header(ci=ci, address=a, c=c)


def join(telegrams: list[Telegram]) -> Telegram:
    """One telegram of a readout that came in several: the first one's header, all records.

    Whether to go on asking is the last one's `more_follows`; MalformedError (`too_many_telegrams`) beyond a cap, which
    a slave that never ends must not pass; MalformedError (`another_meter`) where headers name several.
    """
    if len({t.header.identity for t in telegrams if t.header.identity is not None}) > 1:
        raise MalformedError("another_meter", "telegrams of several meters are no readout", expected="one meter's")
    if not telegrams or len(telegrams) > MAX_TELEGRAMS:
        found = len(telegrams)
        raise MalformedError("too_many_telegrams", f"{found} telegrams", expected=f"1 to {MAX_TELEGRAMS}")
    return Telegram.joined(telegrams)
