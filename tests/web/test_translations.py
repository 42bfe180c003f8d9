"""Every text of the portal is there in German, with the same places for names and numbers."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo

from appliance.web.app import create_app
from script import translations

GERMAN = translations.PLACE / "de" / "LC_MESSAGES"
HOW = """.venv/bin/python -m script.translations
(write the missing German texts, and run it again)"""
PLACES = re.compile(r"%\(\w+\)s")


@pytest.fixture(scope="module")
def german() -> Catalog:
    return translations.read(GERMAN / "messages.po")


def test_no_text_is_missing_and_none_is_left_over(german):
    known = {message.id for message in german if message.id and all(_strings(message))}
    wanted = {message.id for message in translations.template_of_sources() if message.id}
    assert wanted - known == set(), HOW
    assert known - wanted == set(), HOW


def test_no_translation_is_a_guess(german):
    assert [message.id for message in german if message.id and message.fuzzy] == []


def test_names_and_numbers_stand_in_both_languages(german):
    differing = [
        message.id
        for message in german
        if message.id
        for english, other in zip(_ids(message), _strings(message), strict=True)
        if set(PLACES.findall(english)) != set(PLACES.findall(other))
    ]
    assert differing == []


def test_the_file_is_written_so_that_two_changes_seldom_meet(german):
    assert (GERMAN / "messages.po").read_bytes() == translations.written(german), HOW


def test_the_compiled_file_says_the_same(german):
    with (GERMAN / "messages.mo").open("rb") as file:
        compiled = _said(read_mo(file))
    assert compiled == _said(german), HOW


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_browser_that_asks_for_german_gets_it(world):
    client = create_app(world.wiring).test_client()
    page = client.get("/sign-in", headers={"Accept-Language": "de-DE,de;q=0.9"}).text
    assert '<html lang="de"' in page
    assert "Anmelden" in page
    assert "Sign in" not in page


def _said(catalog: Catalog) -> list[tuple[list[str], list[str]]]:
    return sorted((_ids(message), _strings(message)) for message in catalog if message.id)


def _ids(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, list | tuple) else [message.id]


def _strings(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, list | tuple) else [message.string]
