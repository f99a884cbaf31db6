"""A browser (Debian's Chromium, headless) and a control plane that runs, for all tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.servers import obtain
from tests.web.served import Served, served

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
WIDE = {"width": 1440, "height": 900}
THRESHOLDS = "[orders]\ngateway_per_hour = 4\n"
"""The town's own orders reach it: the next one at that gateway waits for a second person."""
PICTURES = Path(__file__).with_name("pictures")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = obtain("chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(program), args=[*FLAGS])
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A town with orders in many states."""
    with served(tmp_path_factory.mktemp("plane"), THRESHOLDS) as made:
        made.town()
        for n in (0, 1, 3, 4):
            made.order(made.points[n])
        made.pay(made.points[3])
        made.api(f"/supply-points/{made.points[4]}/holds", {"reason": "dispute"})
        made.operator, made.supervisor = made.person("Maria Conti", "operator"), made.person("Paolo Neri", "supervisor")
        yield made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without cookies. Whatever it asks of anybody but loopback is a failure."""
    made = browser.new_context(viewport=WIDE, locale="it-IT")  # type: ignore[arg-type]
    foreign: list[str] = []

    def watched(url: str) -> None:
        if not url.startswith("http://127.0.0.1:"):
            foreign.append(url)

    made.on("request", lambda request: watched(request.url))
    yield made
    made.close()
    assert foreign == []


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that may say nothing to its console: no error, and nothing that the policy has stopped."""
    made = context.new_page()
    said: list[str] = []
    made.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    made.on("pageerror", lambda error: said.append(str(error)))
    yield made
    cut = ("net::ERR", "Failed to fetch", "Failed to load resource")
    assert [line for line in said if not any(word in line for word in cut)] == []


def enter(page: Page, house: Served, token: str) -> None:
    """Log in with a link, and wait until the page is live."""
    page.goto(house.base + house.api("/login-links", None, token=token)["path"])
    page.wait_for_selector("#lamp.live")
