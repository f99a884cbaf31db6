"""Versions of things as entity tags: `"3"` out, and If-Match in (RFC 9110)."""

import re

from controlplane.problems import PreconditionRequiredError, StaleError

TAG = re.compile(r'"(\d{1,18})"')


def etag(version: int) -> str:
    """The tag of a version."""
    return f'"{version}"'


def if_match(header: str | None) -> int:
    """The version a caller has read: 428 where it says none, 412 where it is no version of ours."""
    if header is None:
        raise PreconditionRequiredError('send If-Match with the ETag you have read, for example If-Match: "3"')
    found = TAG.fullmatch(header.strip())
    if found is None:
        raise StaleError('If-Match holds no ETag of ours; read the object again and send its ETag, for example "3"')
    return int(found.group(1))
