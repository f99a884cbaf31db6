"""`curbstop verify`: check a dossier with public keys alone. Needs nothing of the product but `protocols`."""

import argparse
import sys
from io import TextIOWrapper
from pathlib import Path

from protocols.errors import MalformedError, TheirsError
from protocols.proof import checkpoint, dossier, known
from protocols.proof.archive import LOCAL_MARK, MOST_BYTES
from protocols.proof.checkpoint import Note
from protocols.proof.known import Keys
from protocols.proof.present import to_json, to_lines
from protocols.proof.verify import verify

BAD_INPUT = 2
CODES = """exit codes: 0 the proof holds; 1 it does not hold; 2 it can't be checked (a file can't be read, a file
of keys or a checkpoint is none, a newer format); 3 a signer's key is not known, or it is incomplete (the order is
still running, or a checkpoint that was given can't be compared)"""


class InputError(Exception):
    """What was given can't be used."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command."""
    parser = commands.add_parser("verify", help="check the dossier of an order, offline", epilog=CODES)
    parser.add_argument("file", type=Path, metavar="FILE", help="the dossier")
    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="public keys that you believe: lines of ROLE NAME KEY"
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="a checkpoint of the log, or another dossier with some, that you have by another way; may be given again",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parser.add_argument("--lang", choices=("en", "it"), default="en", help="language of the words")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check and tell; the exit code is the verdict."""
    try:
        raw, keys = _read(arguments.file, MOST_BYTES), _keys(arguments.keys)
        compared = [_notes(path) for path in arguments.checkpoint]
    except InputError as error:
        print(f"curbstop verify: {error}", file=sys.stderr)
        return BAD_INPUT
    verdict = verify(raw, keys, neighbours=compared)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    print(to_json(verdict) if arguments.json else "\n".join(to_lines(verdict, arguments.lang)))
    return verdict.outcome.exit_code


def _keys(path: Path | None) -> Keys:
    if path is None:
        return Keys()
    try:
        return known.read(_read(path, known.MOST_BYTES))
    except MalformedError as error:
        raise InputError(f"{path}: {error} (expected: {error.expected})") from None


def _notes(path: Path) -> tuple[Note, ...]:
    """The checkpoint in a file, or all those in another dossier."""
    raw = _read(path, MOST_BYTES)
    try:
        return dossier.open_(raw).contents.notes if raw.startswith(LOCAL_MARK) else (checkpoint.read(raw),)
    except TheirsError as error:
        raise InputError(f"{path}: neither a checkpoint nor a dossier: {error}") from None


def _read(path: Path, most: int) -> bytes:
    """The file's bytes; one more than `most` where it is longer, so that whoever judges it refuses it."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror})") from None
