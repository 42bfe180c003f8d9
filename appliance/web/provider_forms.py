"""What a protocol can be told, read from a form that was drawn from the protocol's own list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import flask

if TYPE_CHECKING:
    from appliance.services.provider_kinds import SettingField

Value = str | int | bool | list[str]
PREFIX = "setting-"


def settings(fields: Iterable[SettingField]) -> dict[str, Value]:
    """What this form says, in the kinds of values that the protocol takes. What is not a number
    stays a text, for whoever checks to say what is wrong.
    """
    given = flask.request.form
    found: dict[str, Value] = {}
    for field in fields:
        text = given.get(f"{PREFIX}{field.name}", "").strip()
        if field.kind == "yes_or_no":
            found[field.name] = text == "yes"  # A box that is not ticked is not sent.
        elif field.kind == "lines":
            found[field.name] = [line.strip() for line in text.splitlines() if line.strip()]
        elif text or field.kind not in {"secret", "number", "choice"}:
            found[field.name] = text
    return found


def lines(value: Value) -> str:
    """A value as a field of text holds it."""
    return "\n".join(value) if isinstance(value, list) else str(value)
