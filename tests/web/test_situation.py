"""The situation in a browser: live, honest when it is not, still under the pointer, in words and signs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import PICTURES, enter
from tests.web.served import Served

pytestmark = pytest.mark.needs("chromium")
SILENT_WITHIN_MS = 13_000
SOON_MS = 4_000
LIVE = "**/c/situation/live*"


@contextmanager
def silenced(page: Page) -> Iterator[None]:
    """What a page asks of its stream stays without an answer, and the stream that it has ends."""

    def nothing(route: Route) -> None:
        route.abort()

    page.route(LIVE, nothing)
    page.evaluate("document.getElementById('stream')._htmx.sse.reader.cancel()")
    yield
    page.unroute(LIVE, nothing)


def row(page: Page, order: str) -> str:
    return page.locator(f"#orders tr#{order}").inner_text()


def test_an_order_is_followed_live_without_a_reload(page: Page, house: Served) -> None:
    enter(page, house, house.supervisor)
    page.evaluate("window.unbroken = true")
    point = house.place()
    order = house.order(point)["id"]
    expect(page.locator(f"#{order}")).to_contain_text("Pianificato", timeout=SOON_MS)
    house.api(f"/supply-points/{point}/holds", {"reason": "dispute"})
    expect(page.locator(f"#{order}")).to_contain_text("Trattenuto", timeout=SOON_MS)
    assert "È in sospeso." in row(page, order)
    house.pay(point)
    expect(page.locator(f"#{order}")).to_contain_text("Fermato in tempo", timeout=SOON_MS)
    assert "Il cliente ha pagato." in row(page, order)
    assert page.evaluate("window.unbroken") is True


def test_signs_words_and_ages_of_meters_say_what_was_seen_and_no_more(page: Page, house: Served) -> None:
    enter(page, house, house.operator)
    said = {line.split()[0]: line for line in page.locator("#meters tbody tr").all_inner_texts()}
    for meter, words in (
        ("cellar-2", "Vista chiusa"),
        ("cellar-3", "Pronta da aprire sul posto"),
        ("cellar-4", "Limitata"),
        ("cellar-5", "Guasta"),
        ("cellar-8", "Non si sa"),
    ):
        assert words in said[meter]
    assert "vecchio" in said["cellar-7"]
    assert "vecchio" not in said["cellar-1"]
    assert "mai vista" in said["cellar-8"]
    signs = page.locator("#meters .sign use").evaluate_all("all => all.map(each => each.getBoundingClientRect().width)")
    assert len(signs) == 8
    assert min(signs) > 0


def test_what_needs_a_person_is_sorted_by_time_left_and_says_what_to_do(page: Page, house: Served) -> None:
    enter(page, house, house.operator)
    needs = page.locator("#needs-list > li")
    expect(needs.nth(0)).to_contain_text("Sospetta perdita di gas")
    assert "Manda un tecnico: solo il suo rapporto lo riapre." in needs.nth(0).inner_text()
    assert needs.nth(0).locator("svg").get_attribute("aria-label") == "Priorità 1"
    expect(needs.nth(1)).to_contain_text("Valvola che trafila, o contatore sbagliato")
    assert re.match(r"\(\d+\) Situazione", page.title())


def test_a_cut_stream_is_told_stops_closings_buttons_and_comes_back_with_what_was_missed(
    page: Page, house: Served
) -> None:
    waiting = house.order(house.points[7], token=house.operator)["id"]
    enter(page, house, house.supervisor)
    approve = page.locator(f"#wait-{waiting} button")
    expect(approve).to_be_enabled(timeout=SOON_MS)
    with silenced(page):
        expect(page.locator("#lost")).to_contain_text("Non in diretta dalle ", timeout=SILENT_WITHIN_MS)
        assert re.search(r"\d\d:\d\d:\d\d", page.locator("#lost").inner_text())
        expect(approve).to_be_disabled()
        assert page.locator(".top .stop").is_enabled()
        house.pay(house.points[7])
        assert page.locator(f"#wait-{waiting}").count() == 1
        page.screenshot(path=PICTURES / "not-live.png")
    expect(page.locator("#lost")).to_have_text("Di nuovo in diretta.", timeout=2 * SOON_MS)
    expect(page.locator(f"#wait-{waiting}")).to_have_count(0, timeout=SOON_MS)
    expect(page.locator(f"#{waiting}")).to_contain_text("Fermato in tempo")
    expect(page.locator("#lost")).to_have_text("", timeout=2 * SOON_MS)


def test_U9_nothing_moves_under_the_pointer(page: Page, house: Served) -> None:
    enter(page, house, house.operator)
    first = page.locator("#orders tbody tr").first
    first.hover()
    known, top = first.get_attribute("id"), first.bounding_box()
    order = house.order(house.place())["id"]
    pill = page.locator("#orders .pill")
    expect(pill).to_have_text("1 nuovi, mostra", timeout=SOON_MS)
    assert page.locator(f"#{order}").count() == 0
    assert page.locator("#orders tbody tr").first.get_attribute("id") == known
    assert page.locator("#orders tbody tr").first.bounding_box() == top
    pill.click()
    expect(page.locator("#orders tbody tr").first).to_have_attribute("id", order)


def test_closings_are_stopped_in_two_steps_and_two_persons_let_them_go_on(page: Page, house: Served) -> None:
    enter(page, house, house.operator)
    page.locator(".top .stop").click()
    page.locator("#stop-reason").fill("Falda in Via Verdi")
    page.locator("#stop").get_by_role("button", name="Ferma ora").click()
    banner = page.locator(".banner.barred")
    expect(banner).to_contain_text("Ogni chiusura è ferma. Motivo: Falda in Via Verdi")
    expect(banner.get_by_role("button")).to_have_count(0)
    for token, left in ((house.supervisor, 1), (house.person("Ada Rossi", "supervisor"), 0)):
        page.context.clear_cookies()
        enter(page, house, token)
        page.locator(".banner.barred button").click()
        expect(banner).to_have_count(left)


def test_forms_work_without_javascript(house: Served, page: Page) -> None:
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, locale="en-GB")
    bare = plain.new_page()
    bare.goto(f"{house.base}/c/situation")
    bare.fill("#token", house.operator)
    bare.get_by_role("button", name="Log in").click()
    expect(bare.locator("#needs-title")).to_contain_text("Needs a person")
    expect(bare.locator("#lamp")).to_contain_text("Read at")
    bare.locator(".top .stop").click()
    bare.locator("#stop-reason").fill("no script")
    bare.get_by_role("button", name="Stop now").click()
    expect(bare.locator(".banner.barred")).to_contain_text("Reason: no script")
    plain.close()
    for token in (house.supervisor, house.person(f"Lia Verdi {house.port}", "supervisor")):
        house.api("/freeze", None, "DELETE", token=token)


def test_a_session_that_has_ended_is_told_with_the_way_back(page: Page, house: Served) -> None:
    token = house.person(f"Ida Gallo {house.port}", "operator")
    enter(page, house, token)
    house.api(f"/tokens/{token.split('.')[0]}", None, "DELETE")
    house.order(house.place())
    expect(page.locator("#lost")).to_have_text("La sessione è finita: accedi di nuovo. Accedi", timeout=SOON_MS)
    page.locator("#lost a").click()
    expect(page.locator("#token")).to_be_visible()
