"""Says what services say in the language of who reads the page. The API speaks English."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import get_locale, gettext

from appliance.domain.jobs import JobState
from appliance.domain.permissions import OrganisationRole, Role, Visibility
from appliance.errors import Sentence
from appliance.web import stored_sentences
from appliance.web.pages import words

NAMED: Mapping[type[StrEnum], Mapping[Any, Any]] = {
    Role: words.ROLES,
    OrganisationRole: words.ORGANISATION_ROLES,
    Visibility: words.VISIBILITIES,
    JobState: words.JOB_STATES,
}
"""Values that have words of their own; English sentences keep their plain names."""


def said(text: str) -> str:
    """A sentence in the reader's language; what is no sentence of ours stays as it is."""
    if not text:
        return ""
    if not isinstance(text, Sentence):
        return _said_plain(text)
    return str(gettext(text.template, **{key: _value(each) for key, each in text.values.items()}))


def _said_plain(text: str) -> str:
    """The same of what was stored: a text that no longer knows how it was put together."""
    whole = str(gettext(text))
    locale = get_locale()
    if whole != text or locale is None or locale.language == "en":
        return whole
    found = stored_sentences.recognised(text)
    return text if found is None else said(found)


def _value(value: Any) -> Any:
    if isinstance(value, Sentence):
        return said(value)
    named = NAMED.get(type(value))
    locale = get_locale()
    if named is None or locale is None or locale.language == "en":
        return value
    return named[value]
