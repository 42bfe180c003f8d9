"""Every rule finds its bad examples and none of its good ones: all in one run of semgrep."""

from __future__ import annotations

import time

import pytest

from appliance.scanning.code import rules
from appliance.scanning.code.files import Skipped, SourceFile
from appliance.scanning.code.program import CodeProgram, NoProgramError
from appliance.scanning.code.results import sightings
from script import code_scanner

RULES = rules.built_in()
SUFFIX = {
    "python": "x.py",
    "javascript": "x.js",
    "java": "x.java",
    "go": "x.go",
    "ruby": "x.rb",
    "dockerfile": "Dockerfile",
    "yaml": "x.yaml",
    "terraform": "x.tf",
}


def examples():
    """Rule, whether it must find, and the code; in files of their own."""
    return [
        (rule.id, is_bad, f"{rule.id}/{is_bad}{number}/".encode() + name_of(rule), code)
        for rule in RULES.rules
        for is_bad, group in ((True, rule.bad), (False, rule.good))
        for number, code in enumerate(group)
    ]


def name_of(rule):
    return (rule.file_name or SUFFIX[rule.languages[0]]).encode()


@pytest.fixture(scope="module")
def program():
    return CodeProgram(code_scanner.make(), RULES)


def test_there_are_rules_for_all_languages():
    counts = {
        language: sum(rule.id.startswith(language) for rule in RULES.rules)
        for language in ("python", "javascript", "java-", "go-", "ruby")
    }

    assert len(RULES.rules) >= 90
    assert counts["python"] >= 24
    assert counts["javascript"] >= 20
    assert counts["java-"] >= 16
    assert counts["go-"] >= 14
    assert counts["ruby"] >= 10


def test_rules_find_their_bad_examples_and_not_their_good_ones(program):
    wanted = examples()
    sources = [SourceFile(path, "0" * 40, code.encode()) for _rule, _bad, path, code in wanted]
    # One that no parser can follow hides nothing of the others.
    hostile = SourceFile(b"deep.py", "1" * 40, b"(" * 400 + b")" * 400)

    result = program.look([*sources, hostile], until=time.monotonic() + 500)

    hits = {(each.rule, each.file.path) for each in result.found}
    wrong = [
        f"{path.decode()}: {'missed' if is_bad else 'found'}"
        for rule, is_bad, path, _code in wanted
        if ((rule, path) in hits) is not is_bad
    ]
    assert wrong == []
    assert set(result.skipped) <= {b"deep.py"}
    seen = sightings(result.found, RULES.by_id)
    assert len({each.identity for each in seen}) == len(seen)


def test_what_fails_is_told_and_never_clean(program, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 2\n")
    broken.chmod(0o755)
    files = [SourceFile(b"%d.py" % number, "0" * 40, b"x = 1\n") for number in range(3)]

    result = CodeProgram(broken, RULES).look(files, until=time.monotonic() + 60)

    assert result.skipped == dict.fromkeys((b"0.py", b"1.py", b"2.py"), Skipped.PROGRAM_FAILED)
    late = program.look(files, until=time.monotonic() - 1)
    assert set(late.skipped.values()) == {Skipped.NO_MORE_TIME}
    with pytest.raises(NoProgramError):
        CodeProgram(tmp_path / "nowhere", RULES).look(files, until=0)
