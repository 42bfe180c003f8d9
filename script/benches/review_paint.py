"""When a browser first shows something of the files of a pull request of 3,000 files, beside a page
that is there already and holds nothing but the same text.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread

import requests
from markupsafe import escape
from playwright.sync_api import Page

from appliance.web.requests import SESSION_COOKIE
from tests.peers.chromium import start_chromium

from . import repositories
from .product import Product, prepared, serving
from .rows import Row

PATH = "lab/reviewed"
VISITS, PATIENCE_SECONDS = 8, 60
MOST_OF_TEXT = 15.0
"""How many times as long as a page of text it may take: what changed is looked up, compared, and
coloured, and the page has 12,000 elements.
"""
FIRST_PAINT = """new Promise((say) => new PerformanceObserver((list) => {
  const found = list.getEntriesByName("first-contentful-paint")[0];
  if (found) say(found.startTime);
}).observe({ type: "paint", buffered: true }))"""


def run() -> list[Row]:
    """The first visit, and those after it."""
    with (
        tempfile.TemporaryDirectory(prefix="codara-bench-") as name,
        prepared(Path(name)) as product,
    ):
        product.add(PATH, repositories.reviewed())
        with serving(product):
            (cold, text), *others = _visits(product, _asked(product))
    warm, texts = (median(side) for side in zip(*others, strict=True))
    what = "first paint of 3,000 files"
    return [
        Row(f"{what}, cold", "ms", cold, 0, reference=text),
        Row(f"{what}, warm", "ms", warm, MOST_OF_TEXT, reference=texts),
    ]


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


def _visits(product: Product, number: int) -> list[tuple[float, float]]:
    """The page, and the text of it alone, in turn."""
    where = f"/{PATH}/pulls/{number}/files"
    with start_chromium() as chromium:
        context = chromium.new_context(base_url=product.url)
        context.add_cookies([{"name": SESSION_COOKIE, "value": product.cookie, "url": product.url}])
        page = context.new_page()
        first = _visit(page, where)
        with _plain(page.inner_text("body")) as url:
            visits = [(first, _visit(page, url))]
            return visits + [(_visit(page, where), _visit(page, url)) for _ in range(VISITS)]


def _visit(page: Page, where: str) -> float:
    page.goto(where)
    return float(page.evaluate(FIRST_PAINT))


@contextmanager
def _plain(text: str) -> Iterator[str]:
    """A server with one page: a text; gives its address."""
    body = f"<!doctype html><title>Text</title><pre>{escape(text)}</pre>".encode()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name.
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
