"""Sentences in the language of who is written to: a letter is made where no page is."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations

import appliance
from appliance.access.gate import open_to_everyone
from appliance.errors import Sentence

CATALOGS = Path(appliance.__file__).parent / "web" / "translations"


@open_to_everyone(because="it spells what the caller was given")
def said(words: Sentence, locale: str, **values: Any) -> str:
    """A sentence in a language, with what is put into it; in English where there is no other."""
    text = _catalog(locale).ugettext(words.template)
    return text % {**words.values, **values} if words.values or values else text


@cache
def _catalog(locale: str) -> NullTranslations:
    known = {each.name for each in CATALOGS.iterdir() if each.is_dir()}
    if locale not in known:
        return NullTranslations()
    return Translations.load(CATALOGS, [locale])
