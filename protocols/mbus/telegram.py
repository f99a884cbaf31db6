"""A whole telegram: link frame, header, records. Fixed data, application errors and alarms too."""

from dataclasses import dataclass, replace

from protocols.errors import MalformedError
from protocols.mbus import codes
from protocols.mbus.fixed import SIZE as FIXED_SIZE
from protocols.mbus.fixed import decode_fixed
from protocols.mbus.frame import PRIMARY, Ack, Control, Frame, Long, Short, decode
from protocols.mbus.header import LONG_SIZE, SHORT_SIZE, Header, decode_long, decode_short
from protocols.mbus.record import Record, decode_records, more_follows
from protocols.mbus.security import ciphertext_size, mode

MAX_TELEGRAMS = 32
RECORD_HEAD = 7
"""Bytes of a long frame before its user data: 68 L L 68 C A CI."""
ERROR_CIS = frozenset({codes.CI_ERROR, 0x6E, 0x6F})
WITHOUT_HEADER = frozenset({codes.CI_NONE, codes.CI_DATA_SEND})
ERROR_HEADERS = {0x6E: (decode_short, SHORT_SIZE), 0x6F: (decode_long, LONG_SIZE)}


@dataclass(frozen=True, slots=True)
class Telegram:
    """What one frame says. `error` is an application's refusal (CI 70 and kin); `raw` is user data not interpreted."""

    header: Header
    records: tuple[Record, ...] = ()
    more_follows: bool = False
    error: str | None = None
    raw: bytes = b""

    def find(self, vif: bytes, *, storage: int = 0, tariff: int = 0, subunit: int = 0) -> Record | None:
        """Return the first instantaneous record of these VIF bytes and numbers."""
        wanted = (vif, storage, tariff, subunit, "instantaneous")
        return next((r for r in self.records if (r.vif, r.storage, r.tariff, r.subunit, r.function) == wanted), None)


def decode_telegram(source: Frame | bytes) -> Telegram:
    """Return what a frame, or a frame's bytes, says.

    Raises MalformedError; its offset counts from the frame's first byte.
    """
    frame = decode(source) if isinstance(source, bytes) else source
    match frame:
        case Ack():
            return Telegram(Header(ci=None, address=None, c=None))
        case Short(c, a):
            return Telegram(Header(ci=None, address=a, c=c))
        case Control(c, a, ci):
            error = codes.APPLICATION_ERRORS[0] if ci == codes.CI_ERROR else None
            return Telegram(Header(ci=ci, address=a, c=c), error=error)
        case Long():
            return _long(frame)


def _long(frame: Long) -> Telegram:
    bare = Header(ci=frame.ci, address=frame.a, c=frame.c)
    if frame.ci in (codes.CI_LONG, codes.CI_LONG_MODE_2):
        if frame.ci == codes.CI_LONG_MODE_2:
            return Telegram(bare, raw=frame.data, records=(_uninterpreted(frame, "mode 2: high byte first"),))
        return _records(decode_long(bare, frame.data), frame, LONG_SIZE)
    if frame.ci == codes.CI_SHORT:
        return _records(decode_short(bare, frame.data), frame, SHORT_SIZE)
    if frame.ci in WITHOUT_HEADER:
        return _records(bare, frame, 0)
    if frame.ci == codes.CI_FIXED and len(frame.data) == FIXED_SIZE:
        header, records = decode_fixed(bare, frame.data)
        return Telegram(header, records)
    if frame.ci in ERROR_CIS:
        return _refusal(bare, frame)
    return Telegram(bare, raw=frame.data, records=(_uninterpreted(frame, codes.ci_name(frame.ci)),))


def _records(header: Header, frame: Long, header_size: int) -> Telegram:
    secret = ciphertext_size(header.configuration or 0, frame.data[header_size:])
    skip = header_size + secret
    try:
        records = decode_records(frame.data[skip:], from_master=bool(frame.c & PRIMARY))
    except MalformedError as error:
        offset = error.offset + RECORD_HEAD + skip
        raise MalformedError(error.code, str(error), offset=offset, expected=error.expected) from None
    hidden = (_encrypted(header, frame.data[header_size:skip]),) if secret else ()
    return Telegram(header, hidden + records, more_follows(records), raw=frame.data)


def _encrypted(header: Header, data: bytes) -> Record:
    reason = f"encrypted, security mode {mode(header.configuration or 0)}"
    return Record("encrypted", None, "", 0, 0, 0, "instantaneous", data, reason, b"", data)


def _uninterpreted(frame: Long, what: str) -> Record:
    reason = f"not interpreted: {what}"
    return Record("unknown", None, "", 0, 0, 0, "instantaneous", frame.data, reason, b"", frame.data)


def _refusal(bare: Header, frame: Long) -> Telegram:
    header, skip = bare, 0
    if frame.ci in ERROR_HEADERS:
        read, skip = ERROR_HEADERS[frame.ci]
        header = read(bare, frame.data)
    code = frame.data[skip] if len(frame.data) > skip else 0
    return Telegram(header, error=codes.APPLICATION_ERRORS.get(code, f"application error {code:02X}"), raw=frame.data)


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
    records = tuple(record for telegram in telegrams for record in telegram.records)
    return replace(telegrams[0], records=records, more_follows=telegrams[-1].more_follows)
