"""Accessible, by axe-core's rules, in both themes and languages, wide and at 360 pixels; nothing scrolls sideways."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.web.conftest import PICTURES, WIDE, enter
from tests.web.served import Served

pytestmark = pytest.mark.needs("chromium")
AXE = Path(__file__).resolve().parents[2] / "front" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TARGET = 24
NARROW = {"width": 360, "height": 800}


def violations(page: Page) -> list[str]:
    """What axe finds, one line each. Its script enters past the page's own policy, as the browser's user may."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    assert len(found["passes"]) > 15
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def settled(page: Page, name: str) -> None:
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    assert violations(page) == [], name
    assert sideways <= 0, name


def test_the_situation(page: Page, house: Served) -> None:
    house.order(house.points[2], token=house.operator)
    house.api("/freeze", {"reason": "look first"}, token=house.operator)
    enter(page, house, house.supervisor)
    for language, theme in product(("it", "en"), ("light", "dark")):
        page.goto(f"{house.base}/preferences?language={language}&theme={theme}&next=/c/situation")
        page.wait_for_selector("#lamp.live")
        for size, width in ((WIDE, "wide"), (NARROW, "360")):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            settled(page, f"situation-{language}-{theme}-{width}")
    for token in (house.supervisor, house.person(f"Eva Bruni {house.port}", "supervisor")):
        house.api("/freeze", None, "DELETE", token=token)


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_open_dialogue_the_sheet_and_the_other_pages(page: Page, house: Served, size: dict[str, int]) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(f"{house.base}/login")
    settled(page, f"login-{size['width']}")
    page.goto(f"{house.base}/login/once/x")
    settled(page, f"login-used-{size['width']}")
    enter(page, house, house.operator)
    page.locator(".top .stop").click()
    settled(page, f"stop-{size['width']}")
    page.keyboard.press("Escape")
    page.locator(".who summary").click()
    settled(page, f"who-{size['width']}")
    page.goto(f"{house.base}/c/nothing")
    settled(page, f"refused-{size['width']}")


def test_it_can_be_walked_by_keyboard_and_the_focus_is_seen(page: Page, house: Served) -> None:
    enter(page, house, house.supervisor)
    seen = []
    for _ in range(9):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " const name = e === document.body ? '' : e.textContent.trim().slice(0, 20);"
            " return [name, s.outlineStyle, e.getBoundingClientRect().height]; })()"
        )
        if told[0]:
            seen.append(told)
    assert seen[0][0] == "Vai al contenuto"
    assert any("Ferma le chiusure" in name for name, _, _ in seen)
    assert [told for told in seen if told[1] == "none"] == []
    assert [told for told in seen if told[2] < TARGET] == []
