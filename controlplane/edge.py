"""What every route needs: the writer, clocks and chance, the house's key, the bell; how answers become HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import JSONResponse, Response

from controlplane.bell import Bell
from controlplane.etag import etag
from controlplane.idempotency import Answer
from controlplane.problems import RefusalError, TooManyError
from controlplane.writer import Writer
from protocols.ports import Clock, Entropy
from protocols.uplink.keys import SigningKey

PROBLEM = "application/problem+json"
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Edge:
    """Handed to routes as `app.state.edge`."""

    writer: Writer
    clock: Clock
    entropy: Entropy
    signer: SigningKey
    bell: Bell = field(default_factory=Bell)


def given(answer: Answer) -> Response:
    """An answer as a response, with its version."""
    headers = {"ETag": etag(answer.version)} if answer.version is not None else {}
    return JSONResponse(answer.whole, status_code=answer.status, headers=headers)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    extra: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document (RFC 9457); `code` is its stable name."""
    body = {"type": f"urn:curbstop:problem:{code}", "title": title, "status": status, "code": code, "detail": detail}
    return JSONResponse({**(extra or {}), **body}, status_code=status, media_type=PROBLEM, headers=dict(headers or {}))


def refused(error: RefusalError) -> Response:
    """A refusal as a problem document."""
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}  # noqa: PLR2004 - RFC 6750
    if isinstance(error, TooManyError):
        headers = {"Retry-After": str(error.retry_after_s)}
    return problem(error.status, error.code, type(error).title, error.detail, error.extra, headers)
