"""What the situation shows: its own tenant's alone, whatever names say; the numbers of thresholds; both databases."""

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from controlplane.access.roles import Role
from controlplane.news import tell
from controlplane.orders.models import positions
from controlplane.web.needs import P1, P2, RESPOND, Need, of_alarms, sorted_needs
from tests.controlplane.desk_clerk import Clerk
from tests.controlplane.dialects import both
from tests.controlplane.house import MONDAY
from tests.controlplane.web.visitor import Visitor

PAGE = "/c/situation"
HOSTILE = ("<script>alert(1)</script>", "\"'><img src=x onerror=1>", "{{ 7*7 }}{% raw %}", "</td></table>", "&lt;b&gt;")


class Tags(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.handlers: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def looked(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


def put(clerk: Clerk, name: str) -> str:
    """An order at a point that is called so."""
    body = {"client": clerk.mine, "code": name, "medium": "water", "zone": ""}
    return str(clerk.order(clerk.made("/supply-points", body)["id"])["id"])


@both
def test_every_query_of_the_page_works_on_both_databases(clerk: Clerk) -> None:
    point = clerk.point()
    meter = clerk.meter(point, clerk.gateway())
    clerk.order(point)
    with clerk.engine.begin() as db:
        row = {"meter": meter, "position": "closed", "at": clerk.clock.now() - timedelta(hours=25)}
        db.execute(insert(positions).values(**row, source="gw", grade="read_back"))
        tell(db, clerk.clock.now(), "alarm", meter, {"code": "passing_valve"}, None)
    for role in (Role.OPERATOR, Role.CLIENT_VIEWER):
        text = Visitor(clerk).enter(role).get(PAGE).text
        assert "Vista chiusa" in text
        assert "vecchio" in text
        assert ("Valvola che trafila" in text) is (role is Role.OPERATOR)
        assert ("Gateway gw-" in text) is (role is Role.OPERATOR), "a gateway's load tells of other clients too"


def test_I10_another_tenant_sees_nothing_of_it(clerk: Clerk) -> None:
    order = put(clerk, "Via Segreta 1")
    clerk.meter(clerk.point(), clerk.gateway())
    clerk.post(Role.OPERATOR, f"/supply-points/{clerk.fixed}/holds", {"reason": "x"})
    mine = Visitor(clerk).enter(Role.CLIENT_VIEWER).get(PAGE).text
    other = Visitor(clerk).enter("other-client_viewer").get(PAGE).text
    assert order in mine
    assert "Via Segreta 1" in mine
    assert "Acqua, in un" in mine
    for secret in (order, "Via Segreta", "meter-", "gw-", "Acqua"):
        assert secret not in other, secret
    assert "Nessun ordine ancora" in other


def test_hostile_names_stay_words(clerk: Clerk) -> None:
    usual = looked(Visitor(clerk).enter(Role.SUPERVISOR).get(PAGE).text).found
    for name in HOSTILE:
        put(clerk, name)
    clerk.post(Role.OPERATOR, "/freeze", {"reason": HOSTILE[1]})
    visitor = Visitor(clerk).enter(Role.SUPERVISOR)
    text = visitor.get(PAGE).text
    tags = looked(text)
    assert tags.handlers == []
    assert tags.found - usual <= {
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ol",
        "ul",
        "li",
        "b",
        "br",
        "svg",
        "use",
    }
    for name in HOSTILE:
        assert name in unescape("".join(tags.text)) or name in "".join(tags.text)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_any_name_at_all_stays_words(clerk: Clerk, name: str) -> None:
    reason = f"x{name}"
    visitor = Visitor(clerk).enter(Role.OPERATOR)
    found = []
    for said in ("x", reason):
        assert clerk.post(Role.OPERATOR, "/freeze", {"reason": said}).status_code == 200
        tags = looked(visitor.get(PAGE).text)
        assert tags.handlers == []
        found.append(tags.found)
    assert found[0] == found[1]
    assert f"Motivo: {reason}" in "".join(tags.text)


def test_needs_are_sorted_by_the_time_that_is_left_and_told_once_each() -> None:
    class Row:
        def __init__(self, id_: int, minutes: int, code: str | None, subject: str) -> None:
            self.id, self.at, self.subject, self.type = id_, MONDAY - timedelta(minutes=minutes), subject, "alarm"
            self.data = {"code": code} if code else {}

    rows = [Row(5, 1, "gas_leak_check", "m1"), Row(4, 5, "passing_valve", "m1"), Row(3, 50, "passing_valve", "m1")]
    needs = sorted_needs(of_alarms([*rows, Row(2, 9, "never_heard_of", "m2"), Row(1, 1, None, "m3")]))
    assert [(n.code, n.count) for n in needs] == [
        ("passing_valve", 2),
        ("gas_leak_check", 1),
        ("never_heard_of", 1),
        ("alarm", 1),
    ]
    assert needs[0].at == MONDAY - timedelta(minutes=50), "the first time is kept"
    late = Need("x", "x", P1, "m", MONDAY - RESPOND[P1] - timedelta(seconds=30))
    assert late.left_s(MONDAY) == -30
    assert Need("x", "x", P2, "m", MONDAY).left_s(MONDAY) == RESPOND[P2].total_seconds()


def test_held_orders_are_counted_by_their_own_sentence(clerk: Clerk) -> None:
    for point in (clerk.point(), clerk.point()):
        clerk.order(point)
        clerk.post(Role.OPERATOR, f"/supply-points/{point}/holds", {"reason": "dispute"})
    text = re.sub(r"\s+", " ", Visitor(clerk).enter(Role.OPERATOR).get(PAGE).text)
    assert '<b class="num">2</b><p class="small">È in sospeso.' in text
