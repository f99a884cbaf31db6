"""`curbstop decode`: what an M-Bus telegram says, for people or as JSON."""

import argparse
import errno
import string
import sys
from pathlib import Path

from protocols.errors import MalformedError
from protocols.mbus.frame import size
from protocols.mbus.present import error_json, to_json, to_lines
from protocols.mbus.telegram import decode_telegram

BAD_FRAME, BAD_INPUT = 1, 2
LONGEST_SHOWN = 40


class InputError(Exception):
    """What was given is neither hex digits nor a file of them."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = commands.add_parser("decode", help="say what an M-Bus telegram means")
    parser.add_argument("source", metavar="HEX|FILE|-", help="hex digits, a file of them, or - for standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object a telegram")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Decode each telegram; 1 if one is no frame, 2 if the input is no hex."""
    try:
        telegrams = list(split(read(arguments.source)))
    except InputError as error:
        print(f"curbstop decode: {error}", file=sys.stderr)
        return BAD_INPUT
    results = [show(data, as_json=arguments.json) for data in telegrams]
    return 0 if all(results) else BAD_FRAME


def show(data: bytes, *, as_json: bool) -> bool:
    """Print one telegram; False if it is no frame."""
    try:
        telegram = decode_telegram(data)
    except MalformedError as error:
        if as_json:
            print(error_json(error))
        else:
            where = f"at byte {error.offset}" if error.offset >= 0 else "somewhere"
            print(f"no valid telegram: {error}, {where} (expected: {error.expected})", file=sys.stderr)
        return False
    print(to_json(telegram) if as_json else "\n".join(to_lines(telegram)))
    return True


def read(source: str) -> str:
    """The text behind the argument; InputError where it can't be had."""
    if _is_hex(source):
        return source
    named = "standard input" if source == "-" else source
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="ascii")
    except UnicodeDecodeError:
        raise InputError(f"{named}: holds something else than hex digits") from None
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            raise InputError(f"{_short(source)}: neither hex digits nor a file ({_slip(source)})") from None
        raise InputError(f"{named}: can't be read ({error.strerror})") from None


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _slip(text: str) -> str:
    """Why it is no hex."""
    stray = next((n for n, c in enumerate(text) if c not in string.hexdigits + string.whitespace), None)
    if stray is not None:
        return f"{text[stray]!r} at character {stray + 1} is no hex digit"
    count = len("".join(text.split()))
    return f"{count} hex digits are an odd number" if count % 2 else "a space splits a pair, or there is none"


def split(text: str) -> list[bytes]:
    """One telegram a line where any line is one; else one telegram over all lines. InputError where it is no hex."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError("nothing to decode: the input is empty")
    rows = []
    for number, line in enumerate(lines, 1):
        if not _is_hex(line):
            raise InputError(
                f"line {number}: {line.strip()[:LONGEST_SHOWN]!r} is not pairs of hex digits ({_slip(line)})"
            )
        rows.append(bytes.fromhex(line))
    whole = b"".join(rows)
    return rows if size(whole) != len(whole) and any(map(_whole, rows)) else [whole]


def _whole(row: bytes) -> bool:
    """Whether it is as long as a frame that begins so: then a line is a telegram, and its neighbours are too."""
    return size(row) == len(row)


def _is_hex(text: str) -> bool:
    try:
        return bool(bytes.fromhex(text))
    except ValueError:
        return False
