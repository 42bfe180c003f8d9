"""Pages hold no script and no style of their own, so that the CSP may forbid all of it."""

import re

import pytest

from tests.architecture.sources import files, name, read

INLINE = {
    "a script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "a style": re.compile(r"<style\b|\sstyle\s*=\s*[\"'{]", re.IGNORECASE),
    "a handler": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"'{]", re.IGNORECASE),
    "a javascript: address": re.compile(r"[\"']\s*javascript:", re.IGNORECASE),
    "an outside asset": re.compile(
        r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*\s(?:src|href)\s*=\s*[\"'](?:https?:)?//",
        re.IGNORECASE,
    ),
    "unescaped output": re.compile(r"\|\s*safe\b|autoescape\s+false", re.IGNORECASE),
}
POST = re.compile(r"<form\b[^>]*method=[\"']?(?:post|\{\{).*?</form>", re.IGNORECASE | re.DOTALL)


def templates():
    return files("appliance/web/templates", suffix=".html")


@pytest.mark.parametrize("what", sorted(INLINE))
def test_no_template_holds(what):
    found = [
        f"{name(path)}: {match.group(0)[:60]}"
        for path in templates()
        for match in INLINE[what].finditer(read(path))
    ]

    assert found == []


TO_ANOTHER_HOST = frozenset({"leave_by_form.html"})
"""Forms that must not carry it: whoever is there would have it."""


def test_every_form_that_changes_something_carries_the_token():
    """Most go through `_form.html`, which does; a form written out calls its `token()`."""
    found = [
        f"{name(path)}: {form[:60]}"
        for path in templates()
        for form in POST.findall(read(path))
        if "token()" not in form and path.name not in TO_ANOTHER_HOST
    ]

    assert found == []


def test_scripts_reach_nothing_outside():
    found = [
        f"{name(path)}: {match.group(0)}"
        for path in files("appliance/web/static")
        if path.suffix in {".js", ".css"}
        for match in re.finditer(
            r"(?:https?:)?//[\w-]+\.[\w.-]+/|\beval\(|innerHTML\s*=", read(path)
        )
    ]

    assert found == []
