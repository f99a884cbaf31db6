"""`curbstop`: command groups, wired together. A command loads its own group alone: the edge needs no web server."""

import argparse
import sys
from importlib import import_module

from curbstop import __version__

COMMANDS = {
    "backup": "curbstop.backups",
    "restore": "curbstop.backups",
    "broker": "curbstop.broker.command",
    "decode": "curbstop.decode",
    "demo": "curbstop.demo.command",
    "gateway": "curbstop.gateway",
    "journal": "curbstop.gateway_journal",
    "keys": "curbstop.keys",
    "serve": "curbstop.serve",
    "verify": "curbstop.verify",
}


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """The whole command line; of one command, where it is known, only what that needs."""
    top = argparse.ArgumentParser(
        prog="curbstop", description="Closes and opens the valve at water and gas meters, and proves what was done."
    )
    top.add_argument("--version", action="version", version=f"curbstop {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    groups = [COMMANDS[command]] if command in COMMANDS else dict.fromkeys(COMMANDS.values())
    for group in groups:
        import_module(group).add(commands)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code is the result."""
    words = sys.argv[1:] if arguments is None else arguments
    chosen = parser(words[0] if words else None).parse_args(words)
    code: int = chosen.run(chosen)
    return code


if __name__ == "__main__":
    sys.exit(main())
