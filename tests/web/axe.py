"""Asks axe what is wrong with a page that is open in a browser."""

from __future__ import annotations

import json
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = ["color-contrast"]
"""The only rule that other colours can change."""
DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


def problems(page: Page) -> list[str | tuple[str, str]]:
    """What is wrong with an open page: for axe, light and dark; in width, on a desk and on a phone.

    The page's context should prefer reduced motion: a colour on its way to another is no contrast.
    """
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    found: list[str | tuple[str, str]] = [*violations(page, STANDARDS)]
    page.emulate_media(color_scheme="dark")
    found += violations(page, CONTRAST)
    found += ["too wide on a desk"] if page.evaluate(TOO_WIDE) else []
    page.set_viewport_size(PHONE)
    found += ["too wide on a phone"] if page.evaluate(TOO_WIDE) else []
    return found


def violations(page: Page, rules: list[str]) -> list[tuple[str, str]]:
    """Each rule that is broken, by its id, with the first piece of the page that breaks it."""
    kind = "rule" if rules == CONTRAST else "tag"
    # Without the second option all that is well comes back too, which takes longer than to look.
    options: dict[str, Any] = {
        "runOnly": {"type": kind, "values": rules},
        "resultTypes": ["violations"],
    }
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate(f"axe.run({json.dumps(options)}).then(results => results.violations)")
    return [(each["id"], each["nodes"][0]["html"]) for each in found]
