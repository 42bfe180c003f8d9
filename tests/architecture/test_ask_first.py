"""Every verb asks who may before it does anything: its first statement, or a decorator, says so."""

import ast

import pytest

from tests.architecture.sources import files, name, nodes, parse

DATABASE = {"Session", "Connection", "Engine", "sessionmaker"}
DOORS = (
    *(
        "fetch.",
        "fetch_stream.",
        "fetch_hook.",
        "fetch_push_blocks.",
        "fetch_log.",
        "fetch_provider.",
        "fetch_addresses.",
    ),
    *("fetch_scim.", "fetch_person.", "fetch_requests.", "fetch_reviews.", "fetch_credentials."),
    *("fetch_conversations.", "fetch_pulls.", "fetch_checks.", "visible_conversations."),
    *("fetch_rulesets.", "fetch_commit_talk.", "fetch_wiki.", "fetch_alerts.", "fetch_activity."),
    *("visible.", "visible_alerts.", "visible_logs.", "visible_requests.", "gate."),
)


def verbs():
    """Every public function of a service that is given a unit of work, and so can do something."""
    for path in files("appliance/services", suffix=".py"):
        for node in parse(path).body:
            if isinstance(node, ast.FunctionDef) and is_verb(node):
                yield pytest.param(node, id=f"{path.stem}.{node.name}")


def is_verb(node: ast.FunctionDef) -> bool:
    arguments = [each.arg for each in node.args.posonlyargs + node.args.args]
    return not node.name.startswith("_") and "work" in arguments


@pytest.mark.parametrize("verb", list(verbs()))
def test_asks_first(verb):
    body = verb.body[1:] if ast.get_docstring(verb) else verb.body
    asked = ast.unparse(body[0])
    opened = any("open_to_everyone" in ast.unparse(each) for each in verb.decorator_list)

    assert verb.args.args[0].arg == "work", "a verb's first argument is the unit of work"
    assert opened or any(door in asked for door in DOORS), asked


def test_being_open_to_everyone_has_a_reason():
    silent = [
        f"{name(path)}: {node.name}"
        for path in files("appliance/services", suffix=".py")
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef)
        for each in node.decorator_list
        if "open_to_everyone" in ast.unparse(each) and "because=" not in ast.unparse(each)
    ]

    assert silent == []


def test_only_a_unit_of_work_reaches_the_database():
    found = [
        f"{name(path)}: {node.name}"
        for path in files("appliance/services", suffix=".py")
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef)
        for each in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if ast.unparse(each.annotation or ast.Constant("")).rpartition(".")[2] in DATABASE
    ]

    assert found == []
