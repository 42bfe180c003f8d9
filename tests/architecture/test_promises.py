"""Every promise in SECURITY.md has a test that carries its mark, and no mark stands for nothing."""

import ast
import re

from tests.architecture.sources import ROOT, calls, files, read

MARK = "pytest.mark.promise"


def stated():
    """The number of every promise where it is stated."""
    return re.findall(r"^- \*\*(P\d+)\*\*", read(ROOT / "SECURITY.md"), re.MULTILINE)


def promised():
    return set(stated())


def kept():
    """The numbers in every `@pytest.mark.promise("P7")` of our tests."""
    return {
        word.value
        for path in files("tests", suffix=".py")
        for node, called in calls(path)
        if called == MARK
        for word in node.args
        if isinstance(word, ast.Constant)
    }


def test_every_promise_has_a_test():
    assert sorted(promised() - kept()) == []


def test_every_mark_names_a_promise():
    assert sorted(kept() - promised()) == []


def test_promises_are_numbered_without_gaps_and_each_number_once():
    numbers = sorted(int(promise[1:]) for promise in stated())

    assert numbers == list(range(1, len(numbers) + 1))
