"""Headless Chromium from the distribution, driven by Playwright; it reaches nothing outside."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

from tests.peers.server import find_program

FLAGS = [
    "--no-sandbox",  # The tests may run as root in a container, where it has no namespaces.
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MILLISECONDS = 30_000  # As for an act; what is awaited may need a busy machine's answer.


@contextmanager
def start_chromium() -> Generator[Browser]:
    """Run a browser; every test opens its own context in it."""
    program = find_program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()
