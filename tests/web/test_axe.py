"""What looks at the pages finds what is wrong with one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.web import axe

PAGE = """<!doctype html><html lang="en"><title>A page</title>
<style>@media (prefers-color-scheme: dark) { p { color: #444; background: #222; } }</style>
<main><h1>A page</h1><p>Hard to read at night.</p>%s</main></html>"""

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", []),
        ("<img src='data:,'>", ["image-alt"]),
        ("<div style='width: 600px'>Wide</div>", ["too wide on a phone"]),
        (
            "<div style='width: 1600px'>Very wide</div>",
            ["too wide on a desk", "too wide on a phone"],
        ),
    ],
)
def test_each_fault_is_found(chromium: Browser, more: str, found: list[str]):
    page = chromium.new_page(reduced_motion="reduce")
    page.set_content(PAGE % more)
    names = [each if isinstance(each, str) else each[0] for each in axe.problems(page)]
    page.close()

    assert sorted(names) == sorted(["color-contrast", *found])
