"""An organisation's own patterns are tried before use, and refused with a reason."""

from dataclasses import replace

import pytest

from appliance.errors import InvalidError
from appliance.scanning.secrets import rules
from appliance.scanning.secrets.own_patterns import OwnPattern, rule
from appliance.scanning.secrets.rules import Lane, Ruleset
from appliance.scanning.secrets.scanner import SecretScanner

GOOD = OwnPattern(
    name="badge",
    expression=r"badge-[0-9a-f]{16}",
    matches=["badge-4f9c2a7be1d05836"],
    refuses=["badge-4f9c2a7b"],
    lane=Lane.BLOCK,
)


def test_a_good_one_joins_the_others():
    own = rule(GOOD, organisation="lab")
    scanner = SecretScanner(Ruleset(rules.shipped().rules[:3]).with_more([own]))

    found = scanner.scan(b"door: badge-4f9c2a7be1d05836").findings

    assert [(each.rule.id, each.lane) for each in found] == [("own-lab-badge", Lane.BLOCK)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expression": "badge-("}, "is not a valid regular expression (RE2)"),
        ({"expression": r"(?<=badge)x"}, "is not a valid regular expression (RE2)"),
        ({"expression": r"(badge)\1"}, "is not a valid regular expression (RE2)"),
        ({"expression": r"(?:badge)*"}, "is not a valid regular expression (RE2)"),
        ({"expression": "x{1000}{1000}"}, "is not a valid regular expression (RE2)"),
        ({"expression": ""}, "A pattern has 1 to 500 characters"),
        ({"expression": "b" * 501}, "A pattern has 1 to 500 characters"),
        ({"matches": []}, "Give 1 to 20 examples"),
        ({"matches": ["badge-4f9c2a7be1d05836"] * 21}, "Give 1 to 20 examples"),
        ({"matches": ["x" * 2001]}, "An example has at most 2000 characters"),
        ({"matches": ["badge-?"]}, "It does not find badge-?"),
        ({"refuses": ["badge-4f9c2a7be1d05836"]}, "It finds badge-4f9c2a7be1d05836, which"),
        ({"expression": r"\w{4,}", "refuses": []}, "It finds too much in ordinary code"),
    ],
)
def test_a_bad_one_is_refused_with_the_reason(change, said):
    with pytest.raises(InvalidError) as refused:
        rule(replace(GOOD, **change), organisation="lab")

    assert said in str(refused.value)


@pytest.mark.parametrize("expression", [r"(a+)+b", r"(a|aa)+b", r"(a*)*b", r"([a-z]+)+\d"])
def test_what_would_backtrack_elsewhere_is_as_quick_as_any(expression):
    """Refused or used, it never holds a push up: this would take years by backtracking."""
    own = replace(GOOD, expression=expression, matches=["a" * 40 + "b"], refuses=[])
    try:
        made = rule(own, organisation="lab")
    except InvalidError:
        return

    SecretScanner(Ruleset((made,))).scan(b"a" * 50_000)
