"""The texts: both languages have every key, with the same blanks; templates ask for keys that exist, none is idle."""

import re
from pathlib import Path

import pytest

from controlplane import web
from controlplane.access.roles import Role
from controlplane.orders.schemas import Wanted
from controlplane.orders.states import OrderState
from controlplane.web.needs import PRIORITIES
from controlplane.web.words import LANGUAGES, chosen, words
from protocols.types import ValvePosition
from tests.controlplane.desk_clerk import Clerk
from tests.controlplane.web.visitor import Visitor

FOLDER = Path(web.__file__).parent
ROOT = FOLDER.parents[1]
BLANK = re.compile(r"(?<!{){(\w+)}(?!})")
KEY = re.compile(r"""\bt\(\s*'([a-z0-9_.]+)'\s*[,)]|"(login\.[a-z_]+)\"""")
MADE = ("page.", "frame.auto", "frame.light", "frame.dark", "refused.", "need.", "loads.client", "loads.gateway")
OF_ORDERS = ("why.", "proof.", "order.station_", "order.crew_", "order.frames_", "order.by_", "weekday.")
OF = {
    "scope.",
    "window.",
    "kind.",
    "state.",
    "grade.",
    "medium.",
    "valve.",
    "event.",
    "happened.",
    "paper.",
    "shot.",
    "stop_kind.",
}


def sources() -> str:
    files = [*FOLDER.rglob("*.html"), *FOLDER.glob("*.py")]
    return "\n".join(path.read_text() for path in files)


def test_both_languages_say_everything_with_the_same_blanks() -> None:
    first, *others = (words(language).texts for language in LANGUAGES)
    for other in others:
        assert set(other) == set(first)
        for key, text in first.items():
            assert set(BLANK.findall(text)) == set(BLANK.findall(other[key])), key


def test_every_key_that_a_template_asks_for_is_there_and_none_is_idle() -> None:
    texts = set(words("it").texts)
    used = {found for pair in KEY.findall(sources()) for found in pair if found}
    used -= {"login.html"}
    used |= set(re.findall(r"(?:words|self\.words)\(\s*f?\"([a-z_.]+)\"", sources()))
    assert used <= texts, used - texts
    idle = {key for key in texts - used if not key.startswith((*MADE, *OF_ORDERS, *OF, "span.", "name", "other"))}
    idle -= {"gateways.meters", "gateways.meters_one", "needs.left", "stop.lift", "stop.lift_second", "needs.many"}
    assert not idle


def test_every_word_of_the_house_has_a_name_in_both_languages() -> None:
    for language in LANGUAGES:
        known = words(language).texts
        for kind, names in (("state", OrderState), ("valve", ValvePosition), ("kind", Wanted)):
            for name in names:
                assert f"{kind}.{name}" in known
        for code in PRIORITIES:
            assert f"need.{code}.title" in known
            assert f"need.{code}.action" in known


def test_every_alarm_that_the_house_tells_is_a_row_of_data() -> None:
    told: set[str] = set()
    for path in (ROOT / "controlplane").rglob("*.py"):
        text = path.read_text()
        told |= set(re.findall(r"_alarm\(db, context, [\w.]+, \"(\w+)\"", text))
        if '"alarm"' in text:
            told |= set(re.findall(r'"code": "(\w+)"', text))
    told -= {"report_doubted", "device_enrolled"}
    assert len(told) >= 8
    assert told <= set(PRIORITIES), told - set(PRIORITIES)


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "", "it"),
        (None, "de-DE,de;q=0.9", "it"),
        (None, "en-GB,en;q=0.9,it;q=0.8", "en"),
        (None, "en;q=0.2,it;q=0.8", "it"),
        (None, "en;q=x", "it"),
        ("en", "it", "en"),
        ("xx", "en", "en"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_browsers(cookie: str | None, accepted: str, language: str) -> None:
    assert chosen(cookie, accepted) == language


def test_a_page_has_no_key_for_a_text(clerk: Clerk) -> None:
    clerk.order(clerk.point())
    for language in LANGUAGES:
        visitor = Visitor(clerk, {"curbstop_language": language}).enter(Role.SUPERVISOR)
        text = re.sub(r"<[^>]*>", " ", visitor.get("/c/situation").text)
        assert not re.search(r"\b(needs|orders|meters|loads|gateways|frame|stop)\.[a-z_]+\b", text)
