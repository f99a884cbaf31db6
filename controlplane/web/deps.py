"""What pages and forms declare: the permission they need, and of a form that it is one of ours (CSRF)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fastapi import Request

from controlplane.access.deps import Asking, Requires
from controlplane.access.sessions import Session
from controlplane.orders.context import Context
from controlplane.problems import ForbiddenError, UnprocessableError
from controlplane.web.reader import Asked, Signing, reader

CSRF = "csrf"
MOST_FIELDS = 50


class StrangeFormError(ForbiddenError):
    """A form that another page than ours has made, or ours for another session. No program meets it."""

    code = "csrf"


@dataclass(frozen=True, slots=True)
class Viewing(Asking):
    """Who looks, and what was asked for."""

    asked: Asked
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Views(Requires):
    """The permission of a page."""

    async def __call__(self, request: Request) -> Viewing:
        """Go on with who looks, or refuse."""
        who = await super().__call__(request)
        return Viewing(who.principal, who.edge, _asked(request))


@dataclass(frozen=True)
class Acts(Requires):
    """The permission of a form, which must carry what this browser's session was given."""

    async def __call__(self, request: Request) -> Viewing:
        """Go on with who acts and with the form's fields, or refuse."""
        who = await super().__call__(request)
        form = await fields(request)
        session: Session = request.state.session
        if not hmac.compare_digest(form.get(CSRF, "").encode(), session.csrf.encode()):
            raise StrangeFormError("this form was not made by this session; open the page again")
        return Viewing(who.principal, who.edge, _asked(request), form)


async def fields(request: Request) -> dict[str, str]:
    """The fields of a form; UnprocessableError where it is none."""
    try:
        text = (await request.body()).decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise UnprocessableError("this is no form of ours", code="invalid_request") from None
    return dict(pairs)


def _asked(request: Request) -> Asked:
    context: Context = request.app.state.context
    session: Session = request.state.session
    signing = Signing(request.app.state.notary, request.app.state.edge.signer)
    return Asked(reader(request, session), context, {k: str(v) for k, v in request.path_params.items()}, signing)
