"""Who reads a page, and how: the language and theme chosen, the zone of times, and what this role may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from controlplane.access.roles import Permission, may
from controlplane.access.service import Principal
from controlplane.access.sessions import Session
from controlplane.orders.context import Context
from controlplane.proof.sequencer import Notary
from controlplane.web import shown
from controlplane.web.words import Words, chosen, words
from protocols.uplink.keys import SigningKey

LANGUAGE, THEME = "curbstop_language", "curbstop_theme"
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Reader:
    """Handed to each template as `r`."""

    words: Words
    theme: str
    zone: str
    now: datetime
    here: str
    session: Session | None = None
    demonstration: bool = False

    @property
    def who(self) -> Principal:
        """Whoever is logged in."""
        assert self.session is not None  # noqa: S101 - the gate lets nobody else to a page
        return self.session.principal

    @property
    def initials(self) -> str:
        """Two letters of the name, for a small button."""
        parts = (self.who.person or self.who.name).replace("-", " ").replace("_", " ").split()
        return "".join(part[0] for part in parts[:2]).upper() or "?"

    def may(self, permission: str) -> bool:
        """Whether this role may: a button that it may not press is not shown."""
        return self.session is not None and may(self.who.role, Permission(permission))

    @property
    def is_one_of_two(self) -> bool:
        """Whether this token names a person, and so counts where two are asked."""
        return self.who.person is not None

    def age(self, at: datetime) -> str:
        """How long ago."""
        return shown.age(self.words, at, self.now)

    def span(self, seconds: float) -> str:
        """A length of time."""
        return shown.span(self.words, seconds)

    def moment(self, at: datetime) -> str:
        """A time."""
        return shown.moment(self.words, at, self.zone, self.now)

    def day(self, at: datetime) -> str:
        """A time with its day, as one plans by."""
        return shown.day(self.words, at, self.zone, self.now)

    def precise(self, at: datetime) -> str:
        """A time to the second."""
        return shown.precise(self.words, at, self.zone, self.now)

    def decimal(self, value: str) -> str:
        """An exact decimal."""
        return shown.decimal(self.words, value)

    def number(self, value: int) -> str:
        """A whole number."""
        return shown.number(self.words, value)

    def said(self, reason: Mapping[str, str] | None) -> str:
        """What a rule or a receipt says, in the reader's language: its own sentence, never another."""
        return reason[self.words.language] if reason is not None else ""

    def switched(self, name: str, value: str) -> str:
        """Where this page is shown in another language or theme."""
        return f"/preferences?{name}={value}&next={quote(self.here, safe='')}"


def reader(request: Request, session: Session | None = None) -> Reader:
    """The reader of a request."""
    context: Context = request.app.state.context
    theme = request.cookies.get(THEME, "")
    query = f"?{request.url.query}" if request.url.query else ""
    return Reader(
        words=words(chosen(request.cookies.get(LANGUAGE), request.headers.get("accept-language", ""))),
        theme=theme if theme in THEMES else THEMES[0],
        zone=context.packs.default.calendar.zone,
        now=context.now,
        here=f"{request.url.path}{query}",
        session=session,
        demonstration=context.packs.default.demonstration,
    )


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs the log, and the house's own key: what was signed can be shown, and checked.

    `checked` holds, for one request or one stream, what was checked in it already.
    """

    notary: Notary
    house: SigningKey
    checked: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked for: by whom, with which parameters of its path."""

    reader: Reader
    context: Context
    of: Mapping[str, str] = field(default_factory=dict)
    signing: Signing | None = None

    @property
    def scope(self) -> str | None:
        """The one client that the reader is confined to; None sees the whole house."""
        return self.reader.who.client
