"""Forms that act: each role, another session's form, another tenant; made from the routes, so that none can hide."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from fastapi.routing import iter_route_contexts

from controlplane.access.roles import Permission, Role, may
from controlplane.orders.context import OrderSettings
from controlplane.web.deps import Acts, Views
from tests.controlplane.desk_clerk import LONG_AGO, Clerk
from tests.controlplane.web.visitor import Visitor

PAGE = "/c/situation"
READERS = [role for role in Role if may(role, Permission.PAGES_READ)]
OPEN = {("GET", "/"), ("GET", "/login"), ("POST", "/login"), ("GET", "/login/once/{code}"), ("GET", "/preferences")}
OPEN_FILES = {("GET", "/static/{digest}/{name}")}


def routes(clerk: Clerk) -> Iterator[tuple[str, str, list[object]]]:
    for context in iter_route_contexts(clerk.app.routes):
        dependant = getattr(context, "dependant", None)
        calls: list[object] = [d.call for d in dependant.dependencies] if dependant is not None else []
        for method in sorted((context.methods or set()) - {"HEAD"}):
            if not str(context.path).startswith(("/api/", "/healthz")):
                yield method, str(context.path), calls


def forms(clerk: Clerk) -> list[tuple[str, Permission]]:
    return [(p, c.permission) for m, p, calls in routes(clerk) if m == "POST" for c in calls if isinstance(c, Acts)]


def fields() -> dict[str, str]:
    """A form that holds whatever any of them asks for."""
    return {"reason": "burst main", "version": "1", "next": PAGE}


def filled(path: str, **named: str) -> str:
    """A form's address; what is not named is nobody's."""
    return re.sub(r"{(\w+)}", lambda found: named.get(found.group(1), "none_x"), path)


def held(clerk: Clerk) -> dict[str, str]:
    """An order that is held, with its hold."""
    order = entered(clerk, Role.OPERATOR)
    hold = clerk.made(f"/supply-points/{order['supply_point']}/holds", {"reason": "dispute"})
    return {"order": str(order["id"]), "hold": str(hold["id"])}


def waiting(clerk: Clerk) -> dict[str, object]:
    """An order that waits for a second person."""
    return entered(clerk, Role.OPERATOR)


def entered(clerk: Clerk, who: str) -> dict[str, object]:
    notice = {"received_on": LONG_AGO, "channel": "post"}
    return clerk.made("/orders", {"supply_point": clerk.point(), "kind": "suspend", "notice": notice}, who)


@pytest.fixture
def clerk(database: str) -> Iterator[Clerk]:
    made = Clerk(database, settings=OrderSettings(client_per_hour=0))
    yield made
    made.close()


def test_every_page_and_form_declares_what_it_needs(clerk: Clerk) -> None:
    seen = 0
    for method, path, calls in routes(clerk):
        if (method, path) in OPEN | OPEN_FILES:
            continue
        kinds = [type(call) for call in calls if isinstance(call, Views | Acts)]
        assert kinds == [Acts if method == "POST" else Views], f"{method} {path}"
        assert path.startswith("/c/"), f"{path} is outside what the gate asks a session for"
        seen += 1
    assert seen >= 6
    assert len(forms(clerk)) >= 4


def test_a_role_gets_through_exactly_where_the_table_lets_it(clerk: Clerk) -> None:
    order = str(waiting(clerk)["id"])
    for role, (path, permission) in product(READERS, forms(clerk)):
        visitor = Visitor(clerk).enter(role)
        named = held(clerk) if "{hold}" in path else {"order": order}
        answer = visitor.post(filled(path, **named), fields())
        assert (answer.status_code == 403) is not may(role, permission), f"{role} {path}: {answer.status_code}"
        assert answer.status_code < 500


def test_a_role_that_may_not_act_sees_no_button(clerk: Clerk) -> None:
    pages = (PAGE, *(f"/c/orders/{order}" for order in (waiting(clerk)["id"], held(clerk)["order"])))
    clerk.post(Role.OPERATOR, "/freeze", {"reason": "x"})
    visitors = {role: Visitor(clerk).enter(role) for role in READERS}
    texts = {role: "".join(each.get(page).text for page in pages) for role, each in visitors.items()}
    for (role, text), (path, permission) in product(texts.items(), forms(clerk)):
        shown = re.search(f'action="{re.sub("{.*?}", "[^/]+", path)}"', text) is not None
        assert shown is may(role, permission), f"{role} {path}"


def test_without_a_session_no_form_does_anything(clerk: Clerk) -> None:
    before = len(clerk.news())
    for path, _ in forms(clerk):
        assert Visitor(clerk).post(filled(path), fields(), csrf=False).status_code == 401
    assert len(clerk.news()) == before


def test_another_sessions_form_is_refused_in_words(clerk: Clerk) -> None:
    other = Visitor(clerk).enter(Role.ADMIN).csrf
    order = str(waiting(clerk)["id"])
    before = len(clerk.news())
    visitor = Visitor(clerk).enter(Role.ADMIN)
    for path, _ in forms(clerk):
        for wrong in ({}, {"csrf": ""}, {"csrf": other}, {"csrf": "é"}):
            answer = visitor.post(filled(path, order=order), {**fields(), **wrong}, csrf=False)
            assert answer.status_code == 403
            assert "Questo modulo non è della tua sessione" in answer.text
    assert len(clerk.news()) == before
    assert visitor.get(PAGE).status_code == 200


def test_stop_closings_freezes_and_its_end_takes_two_persons(clerk: Clerk) -> None:
    Visitor(clerk).enter(Role.OPERATOR).post("/c/freeze", {"reason": "burst <main>", "next": PAGE})
    first, second = Visitor(clerk).enter(Role.SUPERVISOR), Visitor(clerk).enter("second")
    text = first.get(PAGE).text
    assert "Ogni chiusura è ferma" in text
    assert "Motivo: burst &lt;main&gt;" in text
    assert first.post("/c/freeze/lift", {"next": PAGE}).status_code == 303
    assert "supervisor ha già chiesto di riprendere: serve una seconda persona." in first.get(PAGE).text
    assert first.post("/c/freeze/lift", {"next": PAGE}).status_code == 303
    assert "Ogni chiusura è ferma" in first.get(PAGE).text
    second.post("/c/freeze/lift", {"next": PAGE})
    assert "Ogni chiusura è ferma" not in second.get(PAGE).text
    answer = second.post("/c/freeze/lift", {"next": PAGE})
    assert answer.status_code == 409
    assert "le chiusure sono già riprese" in answer.text


def test_a_token_that_is_nobodys_does_not_count_as_a_second_person(clerk: Clerk) -> None:
    clerk.post(Role.OPERATOR, "/freeze", {"reason": "x"})
    nobody = Visitor(clerk).enter("nobody")
    assert "Il tuo token non nomina una persona" in nobody.get(PAGE).text
    answer = nobody.post("/c/freeze/lift")
    assert answer.status_code == 403
    assert "chiedi a un amministratore un token con il tuo nome" in answer.text


def test_stopping_asks_why(clerk: Clerk) -> None:
    visitor = Visitor(clerk).enter(Role.OPERATOR)
    before = len(clerk.news())
    for reason in ("", "   ", "a\nb", "x" * 201):
        answer = visitor.post("/c/freeze", {"reason": reason, "next": PAGE})
        assert answer.status_code == 422
        assert "Scrivi perché, in una riga" in answer.text
        assert 'role="alert"' in answer.text
    assert len(clerk.news()) == before


def test_a_second_person_approves_what_was_on_the_page_and_nothing_newer(clerk: Clerk) -> None:
    order = waiting(clerk)
    visitor = Visitor(clerk).enter(Role.SUPERVISOR)
    path = f"/c/orders/{order['id']}/approve"
    stale = visitor.post(path, {"version": "1", "next": PAGE})
    assert stale.status_code == 412
    assert "Hai letto la versione 1; ora è la 2. Non è stato fatto niente." in stale.text
    assert visitor.post(path, {"version": "x", "next": PAGE}).status_code == 412
    assert visitor.post(path, {"version": str(order["version"]), "next": PAGE}).status_code == 303
    told = clerk.get(Role.ADMIN, f"/orders/{order['id']}").json()
    assert told["approved_by"] == "supervisor"
    assert visitor.post(path, {"version": str(told["version"]), "next": PAGE}).status_code == 409


def test_nobody_approves_an_order_of_ones_own(clerk: Clerk) -> None:
    order = entered(clerk, Role.SUPERVISOR)
    visitor = Visitor(clerk).enter(Role.SUPERVISOR)
    assert "approve" not in visitor.get(PAGE).text
    answer = visitor.post(f"/c/orders/{order['id']}/approve", {"version": str(order["version"])})
    assert answer.status_code == 403
    assert "Questo ordine lo hai chiesto tu" in answer.text


def test_what_is_not_there_is_a_page_in_words(clerk: Clerk) -> None:
    visitor = Visitor(clerk).enter(Role.SUPERVISOR)
    for path in ("/c/nothing", "/c/situation/nothing"):
        answer = visitor.get(path)
        assert answer.status_code == 404
        assert "Qui non c&#39;è niente con questo nome" in answer.text
    assert visitor.post("/c/orders/ord_none/approve", {"version": "1"}).status_code == 404
