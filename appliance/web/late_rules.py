"""Addresses of pages: how one is put together is compiled when the first of it is asked for.

The library compiles that for each of hundreds of rules, twice, before the first request, which was
most of what making the application took.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_openapi3.openapi import OpenAPI
from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]


class LateRule(Rule):
    """A rule like any other, whose builders are compiled late."""

    def _compile_builder(self, append_unknown: bool = True) -> Builder:  # noqa: FBT001, FBT002 — the library's own signature.
        compile_now = super()._compile_builder
        made: list[Builder] = []

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compile_now(append_unknown))
            return made[0](rule, **values)

        return build


class Application(OpenAPI):
    """The library's application, with rules of ours."""

    url_rule_class = LateRule
