"""`curbstop`: command groups, wired together."""

import argparse
import sys

from curbstop import __version__, backups, decode, gateway, keys, serve
from curbstop.demo import command as demo

GROUPS = (backups, decode, demo, gateway, keys, serve)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="curbstop", description="Closes and opens the valve at water and gas meters, and proves what was done."
    )
    top.add_argument("--version", action="version", version=f"curbstop {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in GROUPS:
        group.add(commands)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code is the result."""
    chosen = parser().parse_args(arguments)
    code: int = chosen.run(chosen)
    return code


if __name__ == "__main__":
    sys.exit(main())
