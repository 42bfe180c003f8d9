"""Changes go through the unit of work, and the tables have one line of history."""

import ast
import re

import pytest

from tests.architecture.sources import calls, files, name, parse

CHANGES = re.compile(r"^\s*(UPDATE|INSERT|DELETE|ALTER|DROP|TRUNCATE)\b", re.IGNORECASE)


def test_no_change_is_written_as_text():
    """The unit of work sees ORM changes only, so text would pass unrecorded."""
    found = [
        f"{name(path)}:{call.lineno}"
        for path in files("appliance", suffix=".py")
        for call, called in calls(path)
        if called.rpartition(".")[2] in {"text", "exec_driver_sql"}
        and any(
            isinstance(word, ast.Constant) and CHANGES.match(str(word.value)) for word in call.args
        )
    ]

    assert found == []


def revision_of(path):
    """What a migration says it is and what it follows."""
    values = {}
    for node in parse(path).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(
                getattr(node, "value", None), ast.Constant
            ):
                values[target.id] = node.value.value
    return values.get("revision"), values.get("down_revision")


def migrations():
    return files("migrations/versions", suffix=".py")


def test_migrations_are_one_line_of_numbers():
    numbers = [path.name[:4] for path in migrations()]
    history = [revision_of(path) for path in migrations()]

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert [revision for revision, _ in history] == numbers
    assert [before for _, before in history] == [None, *numbers][: len(numbers)]


@pytest.mark.parametrize("path", migrations(), ids=name)
def test_a_migration_says_why_it_is_safe(path):
    assert len((ast.get_docstring(parse(path)) or "").splitlines()) > 1


def test_relationships_never_load_by_themselves():
    found = [
        f"{name(path)}:{call.lineno}"
        for path in files("appliance/db", suffix=".py")
        for call, called in calls(path)
        if called == "relationship"
        and not any(
            word.arg == "lazy" and ast.unparse(word.value) == "'raise'" for word in call.keywords
        )
    ]

    assert found == []
