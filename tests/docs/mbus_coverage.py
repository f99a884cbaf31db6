"""What of M-Bus is interpreted, kept raw, refused: `python -m tests.docs.mbus_coverage` writes docs/mbus.md of it."""

from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from protocols.mbus import application, codes, extensions, meaning, values
from protocols.mbus.codes import Meaning
from protocols.mbus.field import SPECIAL
from protocols.mbus.plan import MAX_PLANS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mbus.md"
HEAD = """# M-Bus: what is interpreted, kept raw, refused

Drawn from the tables of `protocols/mbus` by `python -m tests.docs.mbus_coverage`; a test keeps it so. Codes are
hexadecimal. *Raw* means: in the result with its bytes and the reason, never hidden, never guessed. Where the sources
leave a code open, or contradict each other, it is raw.

Any bytes give a result or a typed error that says at which byte what was expected. Refused are frames with a wrong
start, length, checksum or end, cut off or with bytes behind; headers cut off; more than 10 DIFE or 10 VIFE. A record
that is cut off, a length code that is reserved, a reserved DIF: raw to the end of the telegram, for the rest can't be
told apart. BCD with letters (but for a minus sign), dates that do not exist or stand for every day, floats that are no
number: no value, with the reason.

A shape that is seen twice gets a plan (at most {plans} for each length of frame). It says
what the walk says, of any bytes.
"""
SIZE_WORDS = {values.NONE: "no data", values.SELECTION: "selection for readout"}


def page() -> str:
    sections = (_kinds(), _data_fields(), _lengths(), _vifs(), _vifes(), _not_here())
    return HEAD.format(plans=MAX_PLANS) + "".join(sections)


def _table(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows)]
    return f"\n## {title}\n" + "\n".join(lines) + "\n"


def _runs(all_codes: Iterable[int], key: Callable[[int], object]) -> list[tuple[str, int]]:
    """Neighbouring codes of one key, as a range, and the first of them."""
    found = []
    for _, run in groupby(enumerate(sorted(all_codes)), lambda pair: (key(pair[1]), pair[1] - pair[0])):
        members = [code for _, code in run]
        span = f"{members[0]:02X}" if len(members) == 1 else f"{members[0]:02X}-{members[-1]:02X}"
        found.append((span, members[0]))
    return found


def _kind(ci: int) -> str:
    if ci in application.INTERPRETED or ci in codes.CI_BAUD:
        return "interpreted"
    if ci in codes.LONG_HEADERS | codes.SHORT_HEADERS:
        return "header read, the rest raw"
    return "raw"


def _kinds() -> str:
    def said(ci: int) -> tuple[str, str]:
        return codes.ci_name(ci), _kind(ci)

    rows = [(span, *said(first)) for span, first in _runs(range(0x50, 0xC6), said) if said(first)[0][:3] != "CI "]
    return _table("CI fields", ("CI", "kind", ""), rows)


def _data_fields() -> str:
    def said(data_field: int) -> str:
        if data_field in values.INTEGERS:
            return f"integer of {values.SIZES[data_field]} bytes, with or without a sign as the VIF says; dates"
        if data_field in values.BCD:
            return f"BCD of {2 * values.SIZES[data_field]} digits; F in the first is a minus sign"
        return {values.REAL: "float of 4 bytes: its shortest decimal", values.VARIABLE: "variable length"}.get(
            data_field, SIZE_WORDS.get(data_field, "special, see below")
        )

    rows = [(f"{n:X}", said(n)) for n in range(16)]
    special = [(f"{dif:02X}", f"{SPECIAL[dif].quantity.replace('_', ' ')}") for dif in SPECIAL]
    reserved = [(f"{dif:02X}", "reserved: raw to the end") for dif in (0x3F, 0x4F, 0x5F, 0x6F)]
    return _table("Data fields", ("DIF", "data"), [*rows, ("2F", "filler"), *special, *reserved])


def _lengths() -> str:
    def said(lvar: int) -> str:
        try:
            values.variable_size(lvar)
        except values.NoValueError:
            return "reserved: raw to the end"
        if lvar <= values.LONGEST_TEXT:
            return "text, ISO 8859-1, last letter first"
        if lvar < values.BINARY:
            return "BCD, two digits a byte" + (", negative" if lvar >= values.NEGATIVE else "")
        return "binary, up to 64 bytes"

    return _table("Length codes", ("LVAR", "data"), [(span, said(first)) for span, first in _runs(range(256), said)])


def _meaning(m: Meaning | None) -> tuple[str, ...]:
    if m is None:
        return "", "", "raw: reserved or unknown"
    how = (
        f"raw: {m.reason}" if m.reason else {"number": "", "unsigned": "no sign"}.get(m.kind, m.kind.replace("_", " "))
    )
    return m.quantity.replace("_", " "), "s" if m.factor > 1 else m.unit, how


def _vifs() -> str:
    tables: tuple[tuple[str, dict[int, Meaning]], ...] = (
        ("", codes.PRIMARY_VIF),
        ("FB ", extensions.FB),
        ("FD ", extensions.FD),
        ("FD FD ", extensions.FD_SECOND),
    )
    rows: list[tuple[str, ...]] = [("7C", "plain text", "as spelled out, in ASCII", "")]
    for prefix, table in tables:
        words = {code: _meaning(table.get(code)) for code in (range(0x80) if prefix in ("FB ", "FD ") else table)}
        rows += [(prefix + span, *words[first]) for span, first in _runs(words, words.__getitem__)]
    return _table("VIFs", ("VIF", "quantity", "unit", ""), rows)


def _vife(code: int) -> str:
    value = meaning.combined(code)
    if value.reason is not None:
        return f"raw: {value.reason}".replace(f"VIFE {code:02X} is ", "")
    words = [note.replace("_", " ") for note in value.notes]
    m = value.meaning
    words += [f"x10^{m.exponent}"] if m.exponent else []
    words += [f"+10^{value.offset_exponent}"] if value.offset_exponent is not None else []
    words += [f"unit {m.unit}"] if m.unit else []
    words += [f"{m.quantity.strip('_').replace('_', ' ')} ({m.kind.replace('_', ' ')})"] if m.quantity else []
    return ", ".join(words) or "no change"


def _vifes() -> str:
    listed = [code for code in range(0x80) if code != extensions.TABLE]
    rows = [(span, _vife(first)) for span, first in _runs(listed, _vife)]
    rows += [(f"7C {code:02X}", name.replace("_", " ")) for code, name in extensions.SECOND_TABLE.items()]
    rows += [(f"7C {code:02X}", f"read as {k.replace('_', ' ')}") for code, k in extensions.SECOND_TYPES.items()]
    actions = [(f"{code:02X}", name.replace("_", " ")) for code, name in meaning.ACTIONS.items()]
    return _table("VIFEs from a meter", ("VIFE", ""), rows) + _table("VIFEs from a master", ("VIFE", "action"), actions)


def _not_here() -> str:
    return """
## Not here
Decryption: what the security mode hides is raw. Modes 2 (high byte first), compact and format frames, COSEM, OBIS, link
layers of radio: raw behind their names. Types K, L and M: raw.
"""


if __name__ == "__main__":
    PAGE.write_text(page())
