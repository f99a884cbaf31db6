"""`curbstop keys`: make a key file, show the public half of one, or pin the control plane's key after a comparison."""

import argparse
import hmac
import sys
from pathlib import Path

from protocols.errors import MalformedError
from protocols.uplink.keys import SigningKey, public_from_hex, short_fingerprint, spoken
from seams import keyfile
from seams.clock import SystemEntropy

NEXT = """
If it is a gateway's: send its public key to the control plane, where NAME is its id,
  POST /api/v1/gateways/NAME/keys   {{"public_key": "{public}"}}
then read the fingerprint aloud to an operator, who approves the key that shows the same one.
Until then nothing that this gateway says is believed."""
PINNED = """It is the key whose fingerprint was read to you. In the gateway's file:
control_plane_keys = ["{public}"]"""
DIFFERS, CANT = 1, 2


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the command group."""
    group = commands.add_parser("keys", help="make a signing key, or show its public half")
    verbs = group.add_subparsers(dest="verb", required=True)
    for verb, text in (("new", "make a key file that only you may read"), ("show", "show a key file's public half")):
        parser = verbs.add_parser(verb, help=text)
        parser.add_argument("file", type=Path)
        parser.set_defaults(run=run)
    pinning = verbs.add_parser("pin", help="compare the control plane's key, and print the line that pins it")
    pinning.add_argument("public_key", help="as it came to you: 64 hex digits")
    pinning.add_argument("fingerprint", help="as an operator reads it to you from the control plane's own screen")
    pinning.set_defaults(run=pin)


def run(arguments: argparse.Namespace) -> int:
    """Make or show; 2 where the file can't be used."""
    try:
        key = keyfile.make(arguments.file, SystemEntropy()) if arguments.verb == "new" else keyfile.load(arguments.file)
    except keyfile.KeyFileError as error:
        print(f"curbstop keys: {error}", file=sys.stderr)
        return CANT
    show(key)
    print(NEXT.format(public=key.public.hex()))
    return 0


def pin(arguments: argparse.Namespace) -> int:
    """Print what pins a key that a person has compared; 1 where it differs, 2 where it is no key.

    A key that came over a network is nobody's until somebody at the other end has read its fingerprint: nothing here
    takes one on its first use.
    """
    try:
        public = public_from_hex(arguments.public_key)
    except MalformedError as error:
        print(f"curbstop keys: {error}: {error.expected} are expected", file=sys.stderr)
        return CANT
    heard = "".join(arguments.fingerprint.lower().replace("-", " ").split())
    if not hmac.compare_digest(heard.encode(), short_fingerprint(public).encode()):
        detail = (
            f"this key's fingerprint is {spoken(public)}, not what was read to you: do not pin it. Somebody else's key"
        )
        print(f"curbstop keys: {detail} came, or you misheard; ask again", file=sys.stderr)
        return DIFFERS
    print(PINNED.format(public=public.hex()))
    return 0


def show(key: SigningKey) -> None:
    """Print what the other side is told, and what two people compare aloud."""
    print(f"public key   {key.public.hex()}")
    print(f"fingerprint  {spoken(key.public)}")
