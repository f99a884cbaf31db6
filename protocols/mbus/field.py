"""A record's head (DIF, DIFE, VIF, plain text, VIFE, length code) and what it says: one `Field` for all that share it.

Heads of a fleet's telegrams are few and repeat: fields are kept, so that a record costs little more than its value.
"""

from dataclasses import dataclass

from protocols.errors import MalformedError
from protocols.mbus import values
from protocols.mbus.forms import Cell, Form, Reader, Scale, form_of, reader_of, scale_of
from protocols.mbus.meaning import CODE, EXTENSION, PLAIN_TEXT, meaning_of

MAKER_DATA, MORE_FOLLOWS, FILLER, READOUT_ALL = 0x0F, 0x1F, 0x2F, 0x7F
MAX_EXTENSIONS = 10
FUNCTIONS = ("instantaneous", "maximum", "minimum", "error")
REST = -1
"""The size of what goes on to the end of the user data."""
KEPT = 2048
"""How many fields are kept: real fleets hold some hundreds, noise any number."""


def nothing(_: bytes) -> Cell:
    """The cell of a field that has no value, whatever the data."""
    return None


NOTHING: Reader = nothing
UNSCALED = Scale()


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """All that a record's head says. `exponent` scales whole numbers; `reason` says why no data of it are understood.

    `head` and `size` count bytes: of all before the data, and of the data (`REST`: to the end). `vif` are VIF and VIFE
    bytes without a plain text.
    """

    quantity: str
    unit: str = ""
    exponent: int = 0
    storage: int = 0
    tariff: int = 0
    subunit: int = 0
    function: str = FUNCTIONS[0]
    notes: tuple[str, ...] = ()
    reason: str | None = None
    vif: bytes = b""
    head: int = 1
    size: int = REST
    form: Form = Form.EMPTY
    scale: Scale = UNSCALED
    read: Reader = nothing
    more_follows: bool = False


CUT = Field("unknown", reason="the record is cut off")
SPECIAL = {
    MAKER_DATA: Field("manufacturer_specific", reason="manufacturer specific"),
    MORE_FOLLOWS: Field("manufacturer_specific", reason="manufacturer specific", more_follows=True),
    READOUT_ALL: Field("global_readout_request", size=0),
}


def head_end(data: bytes, at: int) -> int:
    """Where the head that begins at `at` ends; beyond the data, or IndexError, where it is cut off.

    Raises MalformedError (`too_many_dife`, `too_many_vife`) with its offset in `data`.
    """
    code = data[at] & 0x0F
    if code == values.SPECIAL:
        return at + 1
    at = _chain_end(data, at, at, "DIFE") + 1
    if data[at] & CODE == PLAIN_TEXT:
        last = at + 1 + data[at + 1]
        at = _chain_end(data, last + 1, last, "VIFE") if data[at] & EXTENSION else last
    else:
        at = _chain_end(data, at, at, "VIFE")
    return at + 2 if code == values.VARIABLE else at + 1


def _chain_end(data: bytes, at: int, before: int, name: str) -> int:
    """The last byte of a chain of extension bits; `before` stands right before the first extension."""
    while data[at] & EXTENSION:
        at += 1
        if at - before > MAX_EXTENSIONS:
            code = f"too_many_{name.lower()}"
            raise MalformedError(code, f"more than 10 {name}", offset=at, expected=f"at most 10 {name}")
    return at


class Fields:
    """The fields of all heads that were met, by head; one for each direction, for VIFEs differ in their meaning.

    No head is the beginning of another: whoever stands at one may look up 2, 3 and 4 bytes in turn, and the first that
    is known is it.
    """

    def __init__(self, *, from_master: bool) -> None:
        self._from_master = from_master
        self._known: dict[bytes, Field] = {}
        self.get = self._known.get

    def learn(self, head: bytes) -> Field:
        """The field of a whole head, known from now on."""
        field = self.get(head)
        if field is None:
            if len(self._known) >= KEPT:
                self._known.clear()
            field = self._known[head] = _field_of(head, from_master=self._from_master)
        return field


FROM_METER, FROM_MASTER = Fields(from_master=False), Fields(from_master=True)


def _field_of(head: bytes, *, from_master: bool) -> Field:
    dif = head[0]
    if dif & 0x0F == values.SPECIAL:
        return SPECIAL.get(dif) or Field("unknown", reason=f"DIF {dif:02X} is reserved")
    storage, tariff, subunit, at = _numbers(head)
    variable = dif & 0x0F == values.VARIABLE
    vif, text = _vif(head[at : -1 if variable else None])
    value = meaning_of(vif, text, from_master=from_master)
    lvar = head[-1] if variable else 0
    size, reason = _size(dif & 0x0F, lvar)
    scale = scale_of(value.meaning.exponent, value.meaning.factor, value.offset_exponent)
    reason = value.reason or reason
    kind = value.meaning.kind
    form, read = Form.EMPTY, NOTHING
    if reason is None:
        form = form_of(dif & 0x0F, size, kind) if scale.plus == 0 else Form.OTHER
        read = reader_of(dif & 0x0F, lvar, size, kind, scale)
    return Field(
        quantity=value.meaning.quantity,
        unit=value.meaning.unit,
        exponent=scale.exponent,
        storage=storage,
        tariff=tariff,
        subunit=subunit,
        function=FUNCTIONS[dif >> 4 & 3],
        notes=value.notes,
        reason=reason,
        vif=vif,
        head=len(head),
        size=size,
        form=form,
        scale=scale,
        read=read,
    )


def parts_of(head: bytes) -> tuple[int, int, str]:
    """What says how data are sent: data field, length code of variable data (else 0), kind."""
    variable = head[0] & 0x0F == values.VARIABLE
    vif, text = _vif(head[_numbers(head)[3] : -1 if variable else None])
    return head[0] & 0x0F, head[-1] if variable else 0, meaning_of(vif, text, from_master=False).meaning.kind


def _numbers(head: bytes) -> tuple[int, int, int, int]:
    """Storage, tariff and subunit from DIF and DIFEs, and where the VIF stands."""
    storage, tariff, subunit, at = head[0] >> 6 & 1, 0, 0, 0
    while head[at] & EXTENSION:
        dife = head[at + 1]
        storage |= (dife & 0x0F) << (1 + 4 * at)
        tariff |= (dife >> 4 & 3) << (2 * at)
        subunit |= (dife >> 6 & 1) << at
        at += 1
    return storage, tariff, subunit, at + 1


def _vif(chain: bytes) -> tuple[bytes, str]:
    """VIF and VIFEs, and the plain text that stands directly behind a VIF 7C or FC."""
    if chain[0] & CODE != PLAIN_TEXT:
        return chain, ""
    end = 2 + chain[1]
    return chain[:1] + chain[end:], chain[2:end][::-1].decode("latin-1")


def _size(data_field: int, lvar: int) -> tuple[int, str | None]:
    """How many bytes of data follow, and why none of them is a value, if so."""
    if data_field == values.NONE:
        return 0, "no data"
    if data_field == values.SELECTION:
        return 0, "selection for readout"
    if data_field != values.VARIABLE:
        return values.SIZES[data_field], None
    try:
        return values.variable_size(lvar), None
    except values.NoValueError as error:
        return REST, f"{error}: the rest of the telegram can't be told apart"
