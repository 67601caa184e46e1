"""A browser, the scripted server, and a page of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.web.desk import Desk, Running

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served() -> Iterator[Running]:
    with Running(Desk()) as running:
        yield running


@pytest.fixture
def desk(served: Running) -> Desk:
    served.desk.reset()
    return served.desk


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, served: Running, desk: Desk) -> Iterator[Visit]:
    """Opens a page in a browser profile of its own. What it complains about (CSP, errors) fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(path: str = "/", **options: Any) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": 900, "height": 820}, "reduced_motion": "reduce", **options}
        context = browser.new_context(permissions=["microphone", "camera"], **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(served.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [one for one in complaints if "WebSocket connection" not in one] == []
