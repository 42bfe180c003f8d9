"""Doors of rulesets: those that the tables describe, what they record, and those with own tests."""

from __future__ import annotations

TESTS = "web/test_ruleset_doors.py"
REPOSITORY, ORGANISATION = "/api/v1/repos/<owner>/<name>", "/api/v1/orgs/<org>"
READ, MAINTAIN = "..+++++.+++++", "..---++.--+-+"
RULE, ADMINISTER = "..--------+-+", "?-----------+"
NEW = {"name": "gone-N", "includes": ["gone-N/*"], "rules": [{"kind": "linear_history"}]}
PLACES = {REPOSITORY: (READ, MAINTAIN), ORGANISATION: (RULE, RULE), "/api/v1": (ADMINISTER,) * 2}
API_TABLE = [
    ("GET", f"{REPOSITORY}/rules", READ, None),
    ("GET", f"{REPOSITORY}/properties", READ, None),
    ("GET", f"{ORGANISATION}/codeowners", RULE, None),
    ("PUT", f"{REPOSITORY}/properties", "..-----.--+-+", {"properties": {"tier": "inner"}}),
    ("GET", f"{ORGANISATION}/properties", "..-----++++++", None),
    ("GET", f"{ORGANISATION}/property-values", RULE, None),
    *(
        row
        for place, (reading, changing) in PLACES.items()
        for row in (
            ("GET", f"{place}/rulesets", reading, None),
            ("POST", f"{place}/rulesets", changing, NEW),
            ("POST", f"{place}/rulesets/try", reading if place != REPOSITORY else MAINTAIN, NEW),
        )
    ),
]
API_ELSEWHERE = {
    (method, f"{place}/rulesets/<uuid:id>{rest}"): TESTS
    for place in PLACES
    for method, rest in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/report"))
}
API_ELSEWHERE |= {
    (method, f"{ORGANISATION}/properties/<key>"): "web/test_repository_properties.py"
    for method in ("PUT", "DELETE")
}
API_ELSEWHERE[("GET", f"{REPOSITORY}/codeowners")] = TESTS
NOTHING = {f"POST {place}/rulesets/try": "judges past pushes; nothing is set" for place in PLACES}
SET = "branch_rule.ruleset_changed branch_rule.exempted"
CHANGES = {
    f"{method} {place}/rulesets{rest}": actions
    for place in PLACES
    for (method, rest), actions in {
        ("POST", ""): SET,
        ("PUT", "/<uuid:id>"): SET,
        ("DELETE", "/<uuid:id>"): "branch_rule.ruleset_removed",
    }.items()
} | {
    f"PUT {REPOSITORY}/properties": "repo.properties_changed",
    f"PUT {ORGANISATION}/properties/<key>": "org.property_defined",
    f"DELETE {ORGANISATION}/properties/<key>": "org.property_removed",
}

COMMANDS = [
    ("org property list lab-N", "-.-----++++++"),
    ("org property define lab-N tier-N", "-.--------+-+"),
    ("repo property list lab-N/notes", "-.+++++.+++++"),
    ("repo property set lab-N/notes tier=inner", "-.-----.--+-+"),
]
COMMANDS_ELSEWHERE = {"org property remove": "web/test_repository_properties.py"}
PAGES_TESTS = "web/test_ruleset_pages.py"
OF_PORTAL = {
    "/<owner>/<name>/settings": (MAINTAIN, MAINTAIN),
    "/<owner>/-/settings": (RULE, "?.--------+-+"),
    "/administration": (ADMINISTER, ADMINISTER),
}
FORM = {
    "name": "gone-N",
    "enforcement": "active",
    "includes": "gone-N/*",
    "rule": "linear_history",
}
PAGES = tuple(
    (f"{place}/rulesets{rest}", expected)
    for place, both in OF_PORTAL.items()
    for rest, expected in zip(("", "/new"), both, strict=True)
)
PROPERTIES = "/<owner>/-/settings/properties"
PAGES += ((PROPERTIES, RULE), ("/<owner>/-/settings/codeowners", RULE))
FORMS = [(f"{place}/rulesets/new", expected, FORM) for place, (_, expected) in OF_PORTAL.items()]
ELSEWHERE = {
    (method, f"{place}/rulesets/<uuid:ruleset_id>{rest}"): PAGES_TESTS
    for place in OF_PORTAL
    for method, rest in (("GET", ""), ("POST", ""), ("POST", "/remove"))
}
FORMS.append((PROPERTIES, RULE, {"repository": "notes", "properties": "tier=inner"}))
OWN_PROPERTIES = "/<owner>/<name>/settings/properties"
PAGES += ((OWN_PROPERTIES, MAINTAIN),)
FORMS.append((f"{PROPERTIES}/define", RULE, {"key": "tier-N"}))
ELSEWHERE |= {
    ("POST", f"{PROPERTIES}/remove"): "web/test_repository_properties.py",
    ("POST", OWN_PROPERTIES): "web/test_repository_properties.py",
}
CHANGES |= {
    f"POST {PROPERTIES}": "repo.properties_changed",
    f"POST {PROPERTIES}/define": "org.property_defined",
    f"POST {PROPERTIES}/remove": "org.property_removed",
    f"POST {OWN_PROPERTIES}": "repo.properties_changed",
}
CHANGES |= {
    f"POST {place}/rulesets{rest}": actions
    for place in OF_PORTAL
    for rest, actions in {
        "/new": SET,
        "/<uuid:ruleset_id>": SET,
        "/<uuid:ruleset_id>/remove": "branch_rule.ruleset_removed",
    }.items()
}
RECORDED_ELSEWHERE = dict.fromkeys(
    (
        *(f"{method} {ORGANISATION}/properties/<key>" for method in ("PUT", "DELETE")),
        *(f"POST {place}" for place in (f"{PROPERTIES}/remove", OWN_PROPERTIES)),
    ),
    "web/test_repository_properties.py: something has to be defined",
)
