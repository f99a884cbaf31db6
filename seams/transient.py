"""What passes by itself, and what is a fault of this machine or of ours: one answer for the whole gateway.

Transient: the other end, or the way to it, is away. Whoever meets it tells it once, waits, and tries again. All else
(a full disk, a right that is missing, a mistake of ours) is left to the supervisor, which tells it with its traceback.
"""

import errno
import socket
import ssl

ELSEWHERE = frozenset(
    {
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EPIPE,
        errno.ETIMEDOUT,
        errno.EHOSTUNREACH,
        errno.EHOSTDOWN,
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.ENETRESET,
        errno.ENOTCONN,
        errno.ESHUTDOWN,
        errno.EADDRNOTAVAIL,
        errno.ENODEV,
        errno.ENXIO,
    }
)
"""Errors of the other end or of the way to it. ENODEV, ENXIO: a converter on USB that was pulled out."""
OUR_QUESTION = frozenset({socket.EAI_BADFLAGS, socket.EAI_FAMILY, socket.EAI_SERVICE, socket.EAI_SOCKTYPE})
"""What a resolver says of a question that nobody could answer; whatever else it says may be mended elsewhere."""


def transient(error: BaseException) -> bool:
    """Whether it may pass by itself. A group is transient where each of its errors is."""
    match error:
        case BaseExceptionGroup():
            return all(transient(one) for one in error.exceptions)
        case socket.gaierror():
            return error.errno not in OUR_QUESTION
        case ssl.SSLError() | ConnectionError() | TimeoutError():
            return True
        case OSError():
            return error.errno in ELSEWHERE
    return False


def first(error: BaseException) -> BaseException:
    """The error itself, of a group the first that is none."""
    return first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
