"""Addresses of pages: how one is put together is compiled when the first of it is asked for.

The library compiles that for each of hundreds of rules, twice, before the first request, which was
most of what making the application took. And it is done once: another application of the same
process, of which tests make thousands, has its addresses from the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from werkzeug.routing import Map, Rule

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


@dataclass
class _Asked:
    """A rule as the library asks for it."""

    words: tuple[str, str | None, Any, bool | None]
    options: dict[str, Any]


@dataclass(frozen=True)
class _Made:
    """The addresses of an application of this process, and what they were made of."""

    asked: list[_Asked]
    url_map: Map


class Application(Describing):
    """The library's application, with rules of ours. Its state is those it was asked for so far."""

    url_rule_class = LateRule
    _made: ClassVar[_Made | None] = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._asked: list[_Asked] | None = None
        super().__init__(*arguments, **options)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,  # noqa: FBT001 - the library's own signature.
        **options: Any,
    ) -> None:
        """Add a rule; within `all_at_once` at its end."""
        words = rule, endpoint, view_func, provide_automatic_options
        if self._asked is None:
            super().add_url_rule(*words, **options)
        else:
            self._asked.append(_Asked(words, options))

    @contextmanager
    def all_at_once(self) -> Iterator[None]:
        """Add what is asked for in this block together; what was made of the same serves again."""
        asked = self._asked = []
        yield
        self._asked = None
        made = Application._made
        if made is not None and made.asked == asked:
            said = (each.words for each in asked)
            self.url_map = made.url_map
            self.view_functions.update({str(endpoint): act for _, endpoint, act, _ in said})
            return
        for each in asked:
            super().add_url_rule(*each.words, **each.options)
        Application._made = _Made(asked, self.url_map)
