"""What services say is there for translators, and pages say it in the reader's language."""

from __future__ import annotations

import ast

import pytest

from appliance.domain.permissions import OrganisationRole, Role
from appliance.errors import ConflictError, sentence, together
from script.sentences import SOURCES, is_for_people, spoken
from tests.world import PASSWORD

GERMAN = {"Accept-Language": "de"}
SAYS_A_SENTENCE = {"sentence", "_", "gettext", "ngettext"}
GIVES_A_SENTENCE = {"who_may", "_who_may", "_too_long_or_no_text", "RequestTimeout"}
PASSED_ON = {"message", "words", "taken", "weakness", "lacking", "error"}
"""Names under which a few functions hand on what their callers said."""


def unmarked() -> list[str]:
    return [
        f"{path.relative_to(SOURCES)}:{call.lineno}: {ast.unparse(said)[:60]}"
        for path in sorted(SOURCES.rglob("*.py"))
        if is_for_people(path)
        for tree in [ast.parse(path.read_text("utf-8"))]
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for said in [spoken(call)]
        if said is not None and not is_marked(said, tree)
    ]


def is_marked(said: ast.expr, tree: ast.Module) -> bool:
    match said:
        case ast.Constant():
            return True
        case ast.IfExp():
            return is_marked(said.body, tree) and is_marked(said.orelse, tree)
        case ast.Call():
            name = said.func.attr if isinstance(said.func, ast.Attribute) else said.func.id
            return name in SAYS_A_SENTENCE | GIVES_A_SENTENCE | {"_problem", "together"}
        case ast.Subscript():
            return is_marked(said.value, tree)
        case ast.Name():
            return said.id in PASSED_ON or is_bound_to_sentences(said.id, tree)
    return False


def is_bound_to_sentences(name: str, tree: ast.Module) -> bool:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and name in {each.name for each in node.names}:
            return True  # Looked at where it is defined.
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            return all(isinstance(each, ast.Call) and is_marked(each, tree) for each in values)
    return False


def test_every_sentence_of_an_error_is_there_for_translators():
    assert unmarked() == []


def test_a_sentence_is_the_text_it_reads():
    error = ConflictError(sentence("%(path)s is archived already.", path="lab/notes"))
    assert str(error) == error.message == "lab/notes is archived already."
    assert error.message.template == "%(path)s is archived already."
    assert sentence("100 % plain") == "100 % plain"


def test_sentences_go_together():
    assert together([sentence("One."), sentence("%(number)s more.", number=2)]) == "One. 2 more."


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_refusal_reads_german_on_a_german_page_and_english_in_the_api(world):
    world.user("owner", password=PASSWORD)
    world.organisation("lab")
    world.join("owner", "lab", OrganisationRole.OWNER)
    world.repository("lab/notes")
    form = {"confirm": "lab"}
    page = world.browser("owner", elevated=True).post(
        "/lab/-/settings/delete", data=form, headers=GERMAN
    )
    assert page.status_code == 409
    assert "lab hat Repositorys." in page.text
    answer = world.client("owner").delete("/api/v1/orgs/lab", headers=GERMAN)
    assert answer.json["detail"] == "lab has repositories. Transfer or delete them first."


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_roles_and_titles_of_errors_are_german_too(world):
    world.user("reader", role=Role.READER, on=world.repository("lab/notes").path)
    page = world.browser("reader", elevated=True).get("/lab/notes/settings", headers=GERMAN)
    assert page.status_code == 403
    assert "die Rolle Betreuer" in page.text
    assert "You may not do that" not in page.text
    assert "Hier ist nichts" in world.browser("reader").get("/none/here", headers=GERMAN).text
