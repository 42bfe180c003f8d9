"""When a browser first shows something of the files of a pull request of 3,000 files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

import requests
from playwright.sync_api import Page

from appliance.web.requests import SESSION_COOKIE
from tests.peers.chromium import start_chromium

from . import repositories
from .product import Product, prepared, serving
from .rows import Row

PATH = "lab/reviewed"
VISITS, PATIENCE_SECONDS = 8, 60
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def run() -> list[Row]:
    """The first visit, and those after it."""
    with (
        tempfile.TemporaryDirectory(prefix="codara-bench-") as name,
        prepared(Path(name)) as product,
    ):
        product.add(PATH, repositories.reviewed())
        with serving(product):
            cold, *warm = _visits(product, _asked(product))
    what = "first paint of 3,000 files"
    return [Row(f"{what}, cold", "ms", cold, 0), Row(f"{what}, warm", "ms", median(warm), 0)]


def _asked(product: Product) -> int:
    """Ask that the large change be merged; gives the number."""
    answer = requests.post(
        f"{product.url}/api/v1/repos/{PATH}/pulls",
        json={"title": "Large", "head": "large", "base": "main"},
        headers={"Authorization": f"Bearer {product.token}"},
        timeout=PATIENCE_SECONDS,
    )
    answer.raise_for_status()
    return int(answer.json()["number"])


def _visits(product: Product, number: int) -> list[float]:
    with start_chromium() as chromium:
        context = chromium.new_context(base_url=product.url)
        context.add_cookies([{"name": SESSION_COOKIE, "value": product.cookie, "url": product.url}])
        page = context.new_page()
        return [_visit(page, f"/{PATH}/pulls/{number}/files") for _ in range(VISITS)]


def _visit(page: Page, where: str) -> float:
    page.goto(where)
    return float(page.evaluate(FIRST_PAINT))
