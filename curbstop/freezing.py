"""`curbstop gateway freeze CONFIG` and `release CONFIG`: for whoever stands at the gateway, whether it runs or not."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from gateway.local_freeze import LocalFreeze, beside

CANT = 2


def freeze(arguments: argparse.Namespace) -> int:
    """Close nothing any more; 2 where that can't be."""
    return _at(arguments.config, lambda local: _freeze(local, arguments.reason))


def release(arguments: argparse.Namespace) -> int:
    """Let it close again; 2 where that can't be."""
    return _at(arguments.config, _release)


def _at(config: Path, act: Callable[[LocalFreeze], str]) -> int:
    """A file of another name freezes nobody: the configuration has to be there, though not in order."""
    if not config.is_file():
        print(f"curbstop gateway: {config}: there is no such configuration file", file=sys.stderr)
        return CANT
    try:
        print(act(LocalFreeze(beside(config))))
    except OSError as error:
        print(f"curbstop gateway: {beside(config)}: can't be changed ({error.strerror})", file=sys.stderr)
        return CANT
    return 0


def _freeze(local: LocalFreeze, reason: str) -> str:
    local.set(reason)
    return f"{local.path}: frozen. Nothing is closed here, opening goes on; `release` ends it."


def _release(local: LocalFreeze) -> str:
    return f"{local.path}: " + ("released" if local.end() else "was not frozen")
