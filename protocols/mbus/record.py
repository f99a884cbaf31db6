"""Records of variable data: the walk from bytes to columns (fields and cells), and `Record`, made when it is asked for.

One record that can't be understood never hides the others: it stays in the result with its bytes and a reason. Only
more than 10 extension bytes are an error of the whole telegram.
"""

from dataclasses import dataclass
from decimal import Decimal

from protocols.mbus import values
from protocols.mbus.field import CUT, FILLER, FROM_MASTER, FROM_METER, REST, Field, Fields, head_end
from protocols.mbus.forms import Cell, Missing, exact

Scalar = int | Decimal | str | None


@dataclass(frozen=True, slots=True)
class Record:
    """One value with what it is of.

    A number is `mantissa` times ten to the `exponent`, exact, of `unit`; `value` makes an int or a Decimal of it, or is
    the text, or None with a `reason` where it is not understood. `vif` are VIF and VIFE bytes (without a plain text),
    `data` the value's own bytes, `raw` all of the record's. `offset` counts from the first record's first byte.
    """

    quantity: str
    mantissa: int | None
    exponent: int
    text: str | None
    unit: str
    storage: int
    tariff: int
    subunit: int
    function: str
    raw: bytes
    reason: str | None
    vif: bytes = b""
    data: bytes = b""
    notes: tuple[str, ...] = ()
    offset: int = 0

    @property
    def value(self) -> Scalar:
        """The exact value: an int where that is exact, else a Decimal; or a text; None where there is none."""
        return self.text if self.mantissa is None else values.shifted(self.mantissa, self.exponent)

    @property
    def approximate(self) -> float | None:
        """The number as a float, for whoever asks for one: maybe rounded."""
        return None if self.mantissa is None else float(values.shifted(self.mantissa, self.exponent))


@dataclass(slots=True, eq=False)
class Columns:
    """Records side by side: what each is of, its cell, and from where to where it stands in the data."""

    fields: tuple[Field, ...]
    cells: tuple[Cell, ...]
    spans: tuple[tuple[int, int], ...]

    def record(self, data: bytes, index: int) -> Record:
        """Make one record of it; `data` is what the columns were read from."""
        return record_of(self.fields[index], self.cells[index], data, self.spans[index])


def read_columns(data: bytes, *, start: int = 0, from_master: bool = False) -> Columns:
    """Walk all records of `data` from `start` on, fillers left out.

    Raises MalformedError (`too_many_dife`, `too_many_vife`) with its offset in `data`.
    """
    known = FROM_MASTER if from_master else FROM_METER
    get = known.get
    fields: list[Field] = []
    cells: list[Cell] = []
    spans: list[tuple[int, int]] = []
    at, end = start, len(data)
    while at < end:
        field = get(data[at : at + 2]) or get(data[at : at + 3]) or get(data[at : at + 4]) or _met(known, data, at)
        if field is None:
            at += 1
            continue
        body = at + field.head
        stop = end if field.size == REST else body + field.size
        if stop > end:
            field, body, stop = CUT, end, end
        fields.append(field)
        cells.append(field.read(data[body:stop]))
        spans.append((at, stop))
        at = stop
    return Columns(tuple(fields), tuple(cells), tuple(spans))


def _met(known: Fields, data: bytes, at: int) -> Field | None:
    """The field of a head that is longer, special, or met for the first time; None of a filler."""
    if data[at] == FILLER:
        return None
    try:
        end = head_end(data, at)
    except IndexError:
        return CUT
    return known.learn(data[at:end]) if end <= len(data) else CUT


def record_of(field: Field, cell: Cell, data: bytes, span: tuple[int, int]) -> Record:
    """One record as an object."""
    start, stop = span
    mantissa, exponent = exact(cell, field.exponent)
    return Record(
        quantity=field.quantity,
        mantissa=mantissa,
        exponent=exponent,
        text=cell if isinstance(cell, str) else None,
        unit=field.unit,
        storage=field.storage,
        tariff=field.tariff,
        subunit=field.subunit,
        function=field.function,
        raw=data[start:stop],
        reason=cell.reason if isinstance(cell, Missing) else field.reason,
        vif=field.vif,
        data=data[start + field.head : stop],
        notes=field.notes,
        offset=start,
    )


def decode_records(data: bytes, *, from_master: bool = False) -> tuple[Record, ...]:
    """Return all records of `data`, fillers left out. Raises as `read_columns`."""
    columns = read_columns(data, from_master=from_master)
    return tuple(columns.record(data, index) for index in range(len(columns.fields)))
