"""`curbstop decode`: what an M-Bus telegram says, for people or as JSON."""

import argparse
import sys
from pathlib import Path

from protocols.errors import MalformedError
from protocols.mbus.present import error_json, to_json, to_lines
from protocols.mbus.telegram import decode_telegram

BAD_FRAME, BAD_INPUT = 1, 2


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
    if source == "-":
        return sys.stdin.read()
    if _is_hex(source):
        return source
    try:
        return Path(source).read_text(encoding="ascii")
    except FileNotFoundError:
        raise InputError(f"{source}: neither hex digits nor a file") from None
    except UnicodeDecodeError:
        raise InputError(f"{source}: holds something else than hex digits") from None
    except OSError as error:
        raise InputError(f"{source}: can't be read ({error.strerror})") from None


def split(text: str) -> list[bytes]:
    """One telegram a line where every line is one; else one telegram over all lines. InputError where it is no hex."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError("nothing to decode: the input is empty")
    rows = []
    for number, line in enumerate(lines, 1):
        if not _is_hex(line):
            raise InputError(f"line {number}: {line.strip()[:40]!r} is not pairs of hex digits")
        rows.append(bytes.fromhex(line))
    return rows if len(rows) == 1 or all(map(_begins_and_ends, rows)) else [b"".join(rows)]


def _begins_and_ends(row: bytes) -> bool:
    return row == b"\xe5" or (row[:1] in (b"\x68", b"\x10") and row[-1:] == b"\x16")


def _is_hex(text: str) -> bool:
    try:
        return bool(bytes.fromhex(text))
    except ValueError:
        return False
