"""The documentation builds into a site that asks nothing of the outside."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ASSET = re.compile(
    r"<(?:script|img|iframe|source|link)\b[^>]*\s(?:src|href)=[\"'](?:https?:)?//[^\"']*"
    r"|url\([\"']?(?:https?:)?//[^)]*|@import\s+[\"'](?:https?:)?//[^\"']*",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as script/docs builds it: a warning is a failure."""
    folder = tmp_path_factory.mktemp("site")
    words = ["--quiet", "--fail-on-warning", "-b", "html", "-d", folder / "trees"]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, ROOT / "docs", folder / "html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder / "html"


def test_the_site_has_its_pages(site):
    for page in ("index", "operator/install", "user/git", "developer/map", "reference/settings"):
        assert "Codara" in (site / f"{page}.html").read_text("utf-8")


def test_no_page_asks_anything_of_the_outside(site):
    found = [
        f"{path.relative_to(site)}: {match.group(0)[:100]}"
        for path in site.rglob("*")
        if path.suffix in {".html", ".css"}
        for match in ASSET.finditer(path.read_text("utf-8", errors="replace"))
    ]

    assert found == []
