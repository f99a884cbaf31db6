"""Bodies of the tokens' routes."""

from datetime import datetime

from controlplane.access.roles import Role
from controlplane.fields import In, Name, Out, When, Words


class NewToken(In):
    """A token to be made. `client` confines it to one client: viewers, requesters and vendors need it.

    `person` is who holds it. Where two persons are asked, two tokens of one person count once, and one without a
    person not at all.
    """

    name: Words
    role: Role
    client: Name | None = None
    person: Words | None = None
    expires_at: When | None = None


class TokenOut(Out):
    """A token as it stands; never its secret."""

    id: str
    name: str
    role: Role
    client: str | None
    person: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None


class MadeToken(TokenOut):
    """A new token. `token` is shown in this answer only; a repeated request gets null."""

    token: str | None = None


class LoginLink(Out):
    """A link that logs in once. `path` is shown in this answer only; a repeated request gets null."""

    path: str | None
    expires_at: datetime
