"""Addresses of pages: how one is put together is compiled when the first of it is asked for.

The library compiles that for each of hundreds of rules, twice, before the first request, which was
most of what making the application took. And it is done once: another application of the same
process, of which tests make thousands, has its rules from the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

from appliance.web.late_description import Describing

Builder = Callable[..., tuple[str, str]]
COMPILED = ("_parts", "_trace", "_converters", "arguments")
BUILDERS = ("_build", "_build_unknown")
_known: dict[object, dict[str, Any]] = {}
"""What came of compiling a rule: by its words, and by what a map makes of the types in them."""


class LateRule(Rule):
    """A rule like any other, whose builders are compiled late."""

    def compile(self) -> None:
        """Find out how addresses are matched and put together, unless that is known."""
        words = self._words()
        if words not in _known:
            super().compile()
            found = {name: getattr(self, name) for name in COMPILED}
            _known[words] = found | {name: getattr(self, name).__func__ for name in BUILDERS}
        for name, kept in _known[words].items():
            setattr(self, name, kept.__get__(self) if name in BUILDERS else kept)

    def _words(self) -> object:
        place = self.rule, self.subdomain, self.host, self.merge_slashes, self.map.host_matching
        return place, repr(self.defaults), tuple(self.map.converters.items())

    def _compile_builder(self, append_unknown: bool = True) -> Builder:  # noqa: FBT001, FBT002 — the library's own signature.
        compile_now = super()._compile_builder
        made: list[Builder] = []

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compile_now(append_unknown))
            return made[0](rule, **values)

        return build


class Application(Describing):
    """The library's application, with rules of ours."""

    url_rule_class = LateRule
