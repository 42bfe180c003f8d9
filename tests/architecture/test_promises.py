"""Every promise in SECURITY.md has a test that carries its mark, and no mark stands for nothing."""

import ast
import re

from tests.architecture.sources import ROOT, files, parse, read

MARK = "pytest.mark.promise"


def promised():
    page = ROOT / "SECURITY.md"
    return set(re.findall(r"\*\*(P\d+)\b", read(page))) if page.exists() else set()


def kept():
    """The numbers in every `@pytest.mark.promise("P7")` of our tests."""
    return {
        word.value
        for path in files("tests", suffix=".py")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == MARK
        for word in node.args
        if isinstance(word, ast.Constant)
    }


def test_every_promise_has_a_test():
    assert sorted(promised() - kept()) == []


def test_every_mark_names_a_promise():
    assert sorted(kept() - promised()) == []


def test_promises_are_numbered_without_gaps():
    numbers = sorted(int(promise[1:]) for promise in promised())

    assert numbers == list(range(1, len(numbers) + 1))
