"""Rules whose builders are compiled late say the same as the library's own."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from werkzeug.routing import (
    BaseConverter,
    BuildError,
    Map,
    Rule,
    RuleFactory,
    UnicodeConverter,
)

from appliance.web.late_rules import Application, LateRule

PLACES: list[tuple[str, str, dict[str, str], dict[str, object]]] = [
    ("/sign-in", "sign_in", {}, {}),
    ("/sign-in", "sign_in", {}, {"next": "/lab", "rule": "x", "self": "y"}),
    ("/<owner>/<name>", "show", {}, {"owner": "lab", "name": "n\u00f6tes & more"}),
    ("/<owner>/tree/<path:tail>", "tree", {}, {"owner": "lab", "tail": "a/b c", "page": "2"}),
    ("/keys/<uuid:id>", "key", {}, {"id": "01a22ba4-ce72-7341-a1a7-d4472ac76ed2"}),
    ("/jobs/", "jobs", {"page": "1"}, {"page": "1"}),
]


def built(kind: type[Rule], place: str, endpoint: str, defaults: object, values: object) -> str:
    rules: list[RuleFactory] = [kind(place, endpoint=endpoint, defaults=defaults)]
    adapter = Map(rules).bind("codara.test")
    return " ".join(adapter.build(endpoint, dict(values)) for _ in range(2))


@pytest.mark.parametrize(("place", "endpoint", "defaults", "values"), PLACES)
def test_an_address_is_the_same(place, endpoint, defaults, values):
    ours, theirs = (
        built(kind, place, endpoint, defaults or None, values) for kind in (LateRule, Rule)
    )

    assert ours == theirs


@pytest.mark.parametrize(("place", "endpoint", "defaults", "values"), PLACES)
def test_what_another_map_has_compiled_matches_and_builds_the_same(
    place, endpoint, defaults, values
):
    first, again = (built(LateRule, place, endpoint, defaults or None, values) for _ in range(2))
    rules: list[RuleFactory] = [LateRule(place, endpoint=endpoint, defaults=defaults or None)]
    there = Map(rules).bind("codara.test")
    path = there.build(endpoint, dict(values)).partition("?")[0]

    assert first == again
    assert there.match(unquote(path))[0] == endpoint


def test_a_type_of_the_same_name_in_another_map_is_another():
    class Digits(BaseConverter):
        regex = "[0-9]+"

    def matches(path: str, **converters: type[BaseConverter]) -> bool:
        rules: list[RuleFactory] = [LateRule("/<some:thing>", endpoint="show")]
        return Map(rules, converters=converters).bind("codara.test").test(path)

    assert matches("/word", some=UnicodeConverter)
    assert not matches("/word", some=Digits)
    assert matches("/12", some=Digits)


def test_without_what_it_needs_there_is_no_address():
    with pytest.raises(BuildError):
        built(LateRule, "/<owner>", "show", None, {})


def application(*pages: Callable[[], str]) -> Application:
    app = Application("somewhere")
    with app.all_at_once():
        for page in pages:
            app.add_url_rule(f"/{page.__name__}", page.__name__, page)
    return app


def test_addresses_of_the_same_pages_are_made_once_and_of_others_anew():
    def one() -> str:
        return "1"

    def two() -> str:
        return "2"

    first, again, other = application(one), application(one), application(one, two)

    assert first.url_map is again.url_map
    assert [app.test_client().get("/one").text for app in (first, again, other)] == ["1"] * 3
    assert [app.test_client().get("/two").status_code for app in (again, other)] == [404, 200]


def test_every_page_has_rules_of_ours(world):
    assert {type(rule) for rule in world.app.url_map.iter_rules()} == {LateRule}
