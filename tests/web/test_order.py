"""An order's page in a browser: followed live from dispatched to executed, honest when it is not live, accessible."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.conftest import PICTURES, WIDE, enter
from tests.web.served import Served
from tests.web.test_axe import NARROW, settled
from tests.web.valve import Valve

pytestmark = pytest.mark.needs("chromium")
SOON_MS, SILENT_WITHIN_MS = 4_000, 13_000
LIVE = "**/c/orders/*/live*"


@pytest.fixture(scope="module")
def valve(house: Served) -> Iterator[Valve]:
    made = Valve.at(house)
    yield made
    made.taken_away()


def shown(page: Page, house: Served, order: str) -> None:
    page.goto(f"{house.base}/c/orders/{order}")
    page.wait_for_selector("#lamp.live")


def test_an_order_is_followed_from_dispatched_to_executed(page: Page, house: Served, valve: Valve) -> None:
    order = valve.enter()
    enter(page, house, house.supervisor)
    page.locator(f"#orders a[href='/c/orders/{order.id}']").click()
    page.wait_for_selector("#lamp.live")
    page.evaluate("window.unbroken = true")
    expect(page.locator("#state")).to_have_text("Inviato")
    expect(page.locator("#valve-seen")).to_contain_text("Non si sa")
    opened = page.locator("#history details").filter(has_text="comando").first
    opened.locator("summary").first.click()
    valve.permit(order)
    expect(page.locator("#state")).to_have_text("Permesso", timeout=SOON_MS)
    page.mouse.move(0, 0)
    valve.close(order)
    expect(page.locator("#state")).to_have_text("Completato", timeout=SOON_MS)
    expect(page.locator("#valve-seen")).to_contain_text("Vista chiusa")
    expect(page.locator("#verdict")).to_have_attribute("data-state", "holds", timeout=SOON_MS)
    assert "Il gateway cellar ha mosso la valvola del contatore A" in page.locator("#proof").inner_text()
    assert opened.get_attribute("open") is not None, "what was unfolded stays so"
    assert page.evaluate("window.unbroken") is True
    page.screenshot(path=PICTURES / "order-executed.png", full_page=True)


def test_a_cut_stream_is_told_and_what_was_missed_comes_with_it(page: Page, house: Served) -> None:
    point = house.place()
    order = house.order(point)["id"]
    enter(page, house, house.operator)
    shown(page, house, order)

    def nothing(route: Route) -> None:
        route.abort()

    page.route(LIVE, nothing)
    page.evaluate("document.getElementById('stream')._htmx.sse.reader.cancel()")
    page.locator("#head").get_by_role("button", name="Trattieni").click()
    page.locator("#hold-reason").fill("Controversia in cor")
    expect(page.locator("#lost")).to_contain_text("Non in diretta dalle ", timeout=SILENT_WITHIN_MS)
    house.pay(point)
    expect(page.locator("#state")).to_have_text("Pianificato")
    page.unroute(LIVE, nothing)
    expect(page.locator("#state")).to_have_text("Fermato in tempo", timeout=2 * SOON_MS)
    expect(page.locator("#why-sentence")).to_contain_text("Il cliente ha pagato.")
    expect(page.locator("#hold-reason")).to_have_value("Controversia in cor")


def test_an_order_is_held_in_two_steps_and_says_why(page: Page, house: Served) -> None:
    point = house.place()
    order = house.order(point)["id"]
    enter(page, house, house.operator)
    shown(page, house, order)
    page.locator("#head").get_by_role("button", name="Trattieni").click()
    page.locator("#hold-reason").fill("Controversia")
    page.locator("#hold").get_by_role("button", name="Trattieni ora").click()
    expect(page.locator("#why-title")).to_have_text(re.compile("Trattenuto Perché è fermo?"))
    expect(page.locator("#why-sentence")).to_have_text("È in sospeso.")
    page.locator("#why summary").click()
    page.locator("#why .field").fill("Accordo tro")
    house.api(f"/supply-points/{point}/holds", {"reason": "second"})
    expect(page.locator("#why .stops li")).to_have_count(2, timeout=SOON_MS)
    expect(page.locator("#why details[open] .field")).to_have_value("Accordo tro")
    page.screenshot(path=PICTURES / "order-stops.png", full_page=True)


def test_withdrawn_without_javascript_and_reviewed_where_it_has_changed(page: Page, house: Served) -> None:
    order = house.order(house.place())
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, locale="en-GB")
    bare = plain.new_page()
    bare.goto(house.base + house.api("/login-links", None, token=house.operator)["path"])
    bare.goto(f"{house.base}/c/orders/{order['id']}")
    house.api(f"/supply-points/{order['supply_point']}/holds", {"reason": "dispute"})
    bare.locator("#head").get_by_role("button", name="Withdraw").click()
    bare.get_by_role("button", name="Withdraw the order").click()
    expect(bare.locator("#again")).to_contain_text("You read version 2; it is 3 now.")
    bare.screenshot(path=PICTURES / "order-stale.png", full_page=True)
    assert bare.url.endswith("/withdraw")
    bare.get_by_role("button", name="Reviewed: withdraw all the same").click()
    expect(bare.locator("#state")).to_have_text("Stopped in time")
    plain.close()


@pytest.mark.usefixtures("valve")
def test_a_form_that_was_refused_is_a_page_that_can_be_fetched_anew(page: Page, house: Served) -> None:
    order = house.order(house.place())["id"]
    enter(page, house, house.operator)
    shown(page, house, order)
    page.evaluate("document.querySelector('[name=version]').value = '1'")
    page.locator("#head").get_by_role("button", name="Ritira").click()
    page.get_by_role("button", name="Ritira l'ordine").click()
    expect(page.locator("#again")).to_contain_text("Hai letto la versione 1; ora è la 2.")
    page.wait_for_selector("#lamp.live")
    page.evaluate("htmx.trigger(document.getElementById('stream'), 'resync')")
    expect(page.locator("#again")).to_have_count(0, timeout=SOON_MS)
    expect(page.locator("#state")).to_have_text("Pianificato")


def test_it_is_accessible_in_both_themes_and_languages(page: Page, house: Served) -> None:
    house.order(house.points[5], token=house.operator)
    enter(page, house, house.supervisor)
    items = house.api("/orders?limit=100", None, "GET")["items"]
    of = {each["state"]: each["id"] for each in items}
    for language, theme in product(("it", "en"), ("light", "dark")):
        for state in ("held", "completed") if language == "it" else ("planned", "awaiting_approval"):
            there = f"/c/orders/{of[state]}"
            page.goto(f"{house.base}/preferences?language={language}&theme={theme}&next={there}")
            page.wait_for_selector("#lamp.live")
            for each in page.locator("#main details").all():
                each.evaluate("one => one.open = true")
            for size, width in ((WIDE, "wide"), (NARROW, "360")):
                page.set_viewport_size(size)  # type: ignore[arg-type]
                settled(page, f"order-{state}-{language}-{theme}-{width}")
    page.locator("#head").get_by_role("button", name="Hold").click()
    settled(page, "order-hold")
