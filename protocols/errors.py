"""The tree of protocol errors, drawn once.

ProtocolError
├── OursError                we were asked for what the protocol can't say
└── TheirsError              the other side sent what it must not
    ├── MalformedError       bytes that are no telegram, no envelope, no message
    ├── UnsupportedError     well formed, of a version or kind we do not speak
    └── UntrustedError       a signature missing, wrong or by a key not known
"""


class ProtocolError(Exception):
    """Anything that goes wrong with what travels on a wire."""


class OursError(ProtocolError):
    """Our fault: a value that can't be encoded, a plan that asks the impossible."""


class TheirsError(ProtocolError):
    """The other side's fault."""


class MalformedError(TheirsError):
    """Bytes that break the format.

    `code` is stable, for programs; `offset` counts bytes from the start, -1 where none applies; `expected` says what
    should have stood there.
    """

    def __init__(self, code: str, message: str, *, offset: int = -1, expected: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.offset = offset
        self.expected = expected


class UnsupportedError(TheirsError):
    """Well formed, but of a kind or version that this side does not speak; `found` says which."""

    def __init__(self, message: str, *, found: str) -> None:
        super().__init__(message)
        self.found = found


class UntrustedError(TheirsError):
    """A signature that is missing, wrong, or by a key this side does not know."""
