"""One table for what passes by itself: the gateway's lines, uplink and resolver all ask it."""

import errno
import socket
import sqlite3
import ssl

import pytest

from gateway.journal.errors import StorageError
from protocols.errors import MalformedError
from seams.transient import first, transient

PASSES: list[BaseException] = [
    ConnectionError("broker: disconnected"),
    ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
    ConnectionResetError("the converter closed the connection"),
    BrokenPipeError(errno.EPIPE, "pipe"),
    TimeoutError("does not answer"),
    OSError(errno.EHOSTUNREACH, "no route"),
    OSError(errno.ENETUNREACH, "no network"),
    OSError(errno.ENETDOWN, "network down"),
    OSError(errno.EADDRNOTAVAIL, "the interface is not up yet"),
    OSError(errno.ENODEV, "pulled out"),
    socket.gaierror(socket.EAI_AGAIN, "try again"),
    socket.gaierror(socket.EAI_NONAME, "not known"),
    ssl.SSLCertVerificationError("not yet valid: the clock is behind"),
    ExceptionGroup("session", [ConnectionError("lost"), TimeoutError()]),
]
STAYS: list[BaseException] = [
    OSError(errno.EACCES, "not allowed"),
    OSError(errno.EPERM, "a firewall of this machine"),
    OSError(errno.EMFILE, "too many files"),
    OSError(errno.ENOSPC, "disk full"),
    OSError(errno.EIO, "disk broken"),
    OSError(errno.EBADF, "closed by us"),
    OSError(errno.EINVAL, "our mistake"),
    OSError("nobody says why"),
    socket.gaierror(socket.EAI_FAMILY, "our question"),
    sqlite3.OperationalError("disk I/O error"),
    StorageError("disk full"),
    MalformedError("frame", "no frame"),
    ValueError("ours"),
    UnicodeError("a name that is none"),
    KeyError("ours"),
    MemoryError(),
    AssertionError(),
    ExceptionGroup("session", [ConnectionError("lost"), StorageError("disk full")]),
]


@pytest.mark.parametrize("error", PASSES, ids=repr)
def test_the_other_end_and_the_way_to_it_pass_by_themselves(error: BaseException) -> None:
    assert transient(error)


@pytest.mark.parametrize("error", STAYS, ids=repr)
def test_what_is_this_machine_s_or_ours_does_not(error: BaseException) -> None:
    assert not transient(error)


def test_of_a_group_the_innermost_error_is_told() -> None:
    lost = ConnectionError("lost")
    assert first(ExceptionGroup("outer", [ExceptionGroup("inner", [lost])])) is lost
