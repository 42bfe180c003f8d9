"""Rules are data: each finds what it says and nothing else; a file that cannot be is refused."""

import textwrap
from dataclasses import replace

import pytest

from appliance.places import beside_package
from appliance.scanning.secrets import rules
from appliance.scanning.secrets.matching import KeywordTriggers
from appliance.scanning.secrets.rules import Lane, Ruleset, RulesetError
from appliance.scanning.secrets.scanner import SecretScanner

FOLDER = beside_package("config") / "rules" / "secrets"
GOOD = """\
provider = "Lab"
cure = "Revoke it."

[[rule]]
id = "lab-token"
title = "Token of the lab"
lane = "block"
severity = "high"
pattern = 'lab_[0-9a-z]{20}'
keywords = ["lab_"]
matches = ["lab_¦x7k2m9q4w8e1r5t3y6u0"]
refuses = ["lab_xxxxxxxxxxxxxxxxxxxx"]
"""


@pytest.fixture
def one_file(tmp_path):
    def loaded(text):
        (tmp_path / "lab.toml").write_text(textwrap.dedent(text), "utf-8")
        return rules.load(tmp_path)

    return loaded


def test_there_are_enough_kinds():
    shipped = rules.shipped()

    assert len(shipped.rules) >= 220
    assert len(shipped.only(Lane.BLOCK).rules) >= 220


def test_every_example_is_found_or_not_as_its_rule_says(scanner):
    """By its rule alone where it must match: a more exact one may speak in its place."""
    wrong = []
    for rule in rules.shipped().rules:
        found = SecretScanner(Ruleset((replace(rule, partner=""),)), KeywordTriggers([rule]))
        for example in rule.matches:
            if not found.scan(example.encode("latin-1")).findings:
                wrong.append(f"{rule.id} does not find {example[:80]!r}")
            if not scanner.scan(example.encode("latin-1")).findings:
                wrong.append(f"nothing finds {example[:80]!r} of {rule.id}")
        wrong += [
            f"{rule.id} finds {example[:80]!r}"
            for example in rule.refuses
            if found.scan(example.encode("latin-1")).findings
        ]

    assert wrong == []


def test_each_match_holds_a_keyword_of_its_rule():
    lost = [
        rule.id
        for rule in rules.shipped().rules
        for example in rule.matches
        if rule.keywords != (rules.ANY_KEYWORD,)
        and not any(word in example.lower() for word in rule.keywords)
    ]

    assert lost == []


def test_the_rules_themselves_are_no_finding(scanner):
    """This repository is pushed through the front door when the demonstration is set up."""
    found = [
        (file.name, finding.rule.id)
        for file in sorted(FOLDER.glob("*.toml"))
        for finding in scanner.scan(file.read_bytes(), str(file)).findings
        if finding.lane is Lane.BLOCK
    ]

    assert found == []


def test_a_seam_is_taken_out(one_file):
    assert one_file(GOOD).rules[0].matches == ("lab_x7k2m9q4w8e1r5t3y6u0",)


def test_the_digest_follows_what_decides(one_file):
    first = one_file(GOOD).digest

    assert one_file(GOOD.replace("Token of the lab", "The lab's token")).digest == first
    assert one_file(GOOD.replace("{20}", "{21}")).digest != first
    assert one_file(GOOD.replace("block", "review")).digest != first


@pytest.mark.parametrize(
    ("what", "instead", "said"),
    [
        ('id = "lab-token"', 'id = "Lab Token"', "an id is lower-case words"),
        ('id = "lab-token"', "", "`id` is missing"),
        ('title = "Token of the lab"', "title = 3", "`title` is missing or no text"),
        ('lane = "block"', 'lane = "stop"', "`lane` is one of block, review"),
        ('severity = "high"', 'severity = "9"', "`severity` is one of"),
        ("lab_[0-9a-z]{20}", "lab_(?=x)", "RE2 does not take"),
        ("lab_[0-9a-z]{20}", "(lab", "RE2 does not take"),
        ("lab_[0-9a-z]{20}", "(lab)?", "is found in an empty text"),
        ("lab_[0-9a-z]{20}", "lab_[0-9a-z]+", "say `reach`"),
        ('keywords = ["lab_"]', 'keywords = ["l"]', "`keywords` are words"),
        ('keywords = ["lab_"]', "", "`keywords` are words"),
        ('keywords = ["lab_"]', 'keywords = ["lab_"]\nchecksum = "adler"', "no checksum 'adler'"),
        ('keywords = ["lab_"]', 'keywords = ["lab_"]\nentropy = 9', "`entropy` is bits"),
        ('keywords = ["lab_"]', 'keywords = ["lab_"]\nwhole = 1', "`whole` is true or false"),
        ('keywords = ["lab_"]', 'keywords = ["lab_"]\nspeed = 1', "nobody knows speed"),
        (
            'keywords = ["lab_"]',
            'keywords = ["lab_"]\npartner = "else"',
            "no partner for lab-token",
        ),
        ('keywords = ["lab_"]', 'keywords = ["lab_"]\nassigned = {value = "x"}', "say either"),
        ('refuses = ["lab_xxxxxxxxxxxxxxxxxxxx"]', "", "`refuses` has no example"),
        ('provider = "Lab"', "", "`provider` is missing"),
        ('provider = "Lab"', 'provider = "Lab"\nowner = "x"', "nobody knows owner"),
        ("[[rule]]", "[rule]", "it has no [[rule]]"),
        ("[[rule]]", "[[rule", "lab.toml"),
    ],
)
def test_what_cannot_be_is_refused_with_the_place(one_file, what, instead, said):
    assert what in GOOD
    with pytest.raises(RulesetError) as refused:
        one_file(GOOD.replace(what, instead, 1))

    assert said in str(refused.value)


def test_two_rules_of_one_name_are_refused(one_file):
    with pytest.raises(RulesetError, match="two rules lab-token"):
        one_file(GOOD + GOOD[GOOD.index("[[rule]]") :])


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(RulesetError, match="there are no rules"):
        rules.load(tmp_path)
