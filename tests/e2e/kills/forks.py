"""A process that has imported all of Curbstop, and forks children that run its commands from a clean start.

A start costs a fork instead of a second of imports; all else of it is real. Asked by lines of JSON: `{"run": [words],
"log": file}` answers the child's pid, `{"reap": pid}` how it ended, once it is gone.
"""

import gc
import json
import os
import sys
import threading
from pathlib import Path

import curbstop.gateway
import curbstop.serve
from curbstop import cli

COMMANDS = (curbstop.gateway, curbstop.serve)
"""What children run; a command is imported when it is first asked for, so both are asked for here."""


def alone() -> None:
    """A fork copies one thread: any other would leave its locks behind, held for ever."""
    assert threading.active_count() == 1
    assert len(list(Path("/proc/self/task").iterdir())) == 1


def run(words: list[str], log: str) -> int:
    """Fork; the child leaves this process's lines alone, runs its command and ends, and only the parent returns."""
    alone()
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor, mine in ((null, 0), (said, 1), (said, 2)):
        os.dup2(descriptor, mine)
    sys.exit(cli.main(words))


def reap(pid: int) -> int:
    """Wait for its end: the negative number of the signal that ended it, or its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    """Serve until nobody asks any more."""
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        asked = json.loads(line)
        print(reap(asked["reap"]) if "reap" in asked else run(asked["run"], asked["log"]), flush=True)


if __name__ == "__main__":
    main()
