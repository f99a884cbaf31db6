"""Refusals with stable codes and their HTTP status (RFC 9457). Services raise them; only the edge knows HTTP."""

from collections.abc import Mapping


class RefusalError(Exception):
    """Something was asked that is not given.

    `code` is stable, for programs; `detail` says in plain words what, where and what to do; `extra` are members of the
    problem document beside the standard ones.
    """

    status = 400
    code = "bad_request"
    title = "The request can't be taken"

    def __init__(self, detail: str, *, code: str | None = None, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.extra = dict(extra or {})


class UnauthenticatedError(RefusalError):
    """No token, or none that is known."""

    status = 401
    code = "unauthenticated"
    title = "Say who you are"


class ForbiddenError(RefusalError):
    """This role may not do that."""

    status = 403
    code = "forbidden"
    title = "This role may not do that"


class NotFoundError(RefusalError):
    """Nothing of that name that the caller may see; a foreign object is not found, never forbidden."""

    status = 404
    code = "not_found"
    title = "Nothing of that name here"


class ConflictError(RefusalError):
    """The state of the thing forbids it."""

    status = 409
    code = "conflict"
    title = "Its state forbids that"


class StaleError(RefusalError):
    """Somebody changed it since it was read."""

    status = 412
    code = "stale_version"
    title = "It has changed since you read it"


class TooSlowError(RefusalError):
    """It did not come in time."""

    status = 408
    code = "bad_request"
    title = "It did not come in time"


class TooLargeError(RefusalError):
    """It is larger than we take."""

    status = 413
    code = "body_too_large"
    title = "Too much"


class UnsupportedError(RefusalError):
    """It is of a kind that we do not take."""

    status = 415
    code = "bad_request"
    title = "Of a kind that is not taken"


class UnprocessableError(RefusalError):
    """Understood, and wrong."""

    status = 422
    code = "unprocessable"
    title = "Understood, and wrong"


class PreconditionRequiredError(RefusalError):
    """Send the version you have read."""

    status = 428
    code = "if_match_required"
    title = "Say which version you have read"


class TooManyError(RefusalError):
    """More than is taken in a time; `retry_after_s` says when it is taken again."""

    status = 429
    code = "evidence_quota"
    title = "More than is taken in a time"

    def __init__(self, detail: str, *, code: str, retry_after_s: int) -> None:
        super().__init__(detail, code=code)
        self.retry_after_s = retry_after_s


class UnavailableError(RefusalError):
    """Not now: storage is full or failing."""

    status = 503
    code = "unavailable"
    title = "Not now"
