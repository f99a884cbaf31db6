"""`curbstop keys`: make a key file, or show the public half of one."""

import argparse
import sys
from pathlib import Path

from protocols.uplink.keys import SigningKey, spoken
from seams import keyfile
from seams.clock import SystemEntropy

NEXT = """
If it is a gateway's: send its public key to the control plane, where NAME is its id,
  POST /api/v1/gateways/NAME/keys   {{"public_key": "{public}"}}
then read the fingerprint aloud to an operator, who approves the key that shows the same one.
Until then nothing that this gateway says is believed."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command group."""
    group = commands.add_parser("keys", help="make a signing key, or show its public half")
    verbs = group.add_subparsers(dest="verb", required=True)
    for verb, text in (("new", "make a key file that only you may read"), ("show", "show a key file's public half")):
        parser = verbs.add_parser(verb, help=text)
        parser.add_argument("file", type=Path)
        parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make or show; 2 where the file can't be used."""
    try:
        key = keyfile.make(arguments.file, SystemEntropy()) if arguments.verb == "new" else keyfile.load(arguments.file)
    except keyfile.KeyFileError as error:
        print(f"curbstop keys: {error}", file=sys.stderr)
        return 2
    show(key)
    print(NEXT.format(public=key.public.hex()))
    return 0


def show(key: SigningKey) -> None:
    """Print what the other side is told, and what two people compare aloud."""
    print(f"public key   {key.public.hex()}")
    print(f"fingerprint  {spoken(key.public)}")
