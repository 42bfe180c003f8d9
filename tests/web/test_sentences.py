"""What services say is there for translators, and pages say it in the reader's language."""

from __future__ import annotations

import ast

import pytest

from appliance.domain.permissions import OrganisationRole, Role
from appliance.errors import ConflictError, sentence, together
from appliance.git.inspect import Inspection, LargeFile
from appliance.services import push_rules
from appliance.settings import Settings
from appliance.web import stored_sentences
from script.sentences import SOURCES, is_for_people, spoken
from tests.git.builder import Builder
from tests.web.test_dashboard_page import dead_job
from tests.world import PASSWORD

GERMAN = {"Accept-Language": "de"}
SAYS_A_SENTENCE = {"sentence", "_", "gettext", "ngettext"}
GIVES_A_SENTENCE = {
    *("who_may", "_who_may", "_too_long_or_no_text", "RequestTimeout"),
    *("_problem", "_rolled_back", "together", "_words", "_by_provider", "only_owners", "complaint"),
}
KEPT = {"why"}
PASSED_ON = {
    *("message", "words", "taken", "weakness", "lacking", "error", "reason", "text", "alarm"),
}
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
            return name in SAYS_A_SENTENCE | GIVES_A_SENTENCE
        case ast.Subscript():
            return is_marked(said.value, tree)
    return is_known_by_name(said, tree)


def is_known_by_name(said: ast.expr, tree: ast.Module) -> bool:
    match said:
        case ast.Attribute():
            # Constants and stored sentences are looked at where they are made.
            return said.attr.isupper() or said.attr in KEPT
        case ast.Name():
            return said.id in PASSED_ON or is_bound_to_sentences(said.id, tree)
    return False


def is_bound_to_sentences(name: str, tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and name in {each.name for each in node.names}:
            return True  # Looked at where it is defined.
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            if all(isinstance(each, ast.Call) and is_marked(each, tree) for each in values):
                return True
    return False


def test_every_sentence_of_an_error_is_there_for_translators():
    assert unmarked() == []


def test_a_sentence_is_the_text_it_reads():
    error = ConflictError(sentence("%(path)s is already archived.", path="lab/notes"))
    assert str(error) == error.message == "lab/notes is already archived."
    assert error.message.template == "%(path)s is already archived."
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
    assert "You do not have permission for this" not in page.text
    assert "Hier ist nichts" in world.browser("reader").get("/none/here", headers=GERMAN).text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("stored", "german"),
    [
        ("It took too long.", "Es hat länger gedauert, als es darf."),
        (
            "lab/notes is archived. Unarchive it first.",
            "lab/notes ist archiviert. Heben Sie das zuerst auf.",
        ),
        (
            "Something went wrong. The log says more at 0199aaaa-0000.",
            "Etwas ist schiefgegangen. Das Protokoll sagt mehr unter 0199aaaa-0000.",
        ),
        ("What another server said.", "What another server said."),
    ],
)
def test_what_a_job_failed_with_long_ago_reads_german_too(world, stored, german):
    job = dead_job(world.administrator().id)
    job.error = stored
    world.add(job)
    browser = world.browser("administrator", elevated=True)
    for path in (f"/jobs/{job.id}", "/administration/jobs"):
        assert german in browser.get(path, headers=GERMAN).text
        assert stored in browser.get(path, headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_protected_branch_says_so_in_german(world):
    builder = Builder(world.folder(world.repository("lab/notes")))
    oid = builder.commit({b"a.txt": b"1"}, branch=b"topic")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    world.protect("lab/notes", "refs/heads/topic")
    form = {"branch": "topic", "expected": oid}
    page = world.browser("writer").post("/lab/notes/branches/delete", data=form, headers=GERMAN)
    assert page.status_code == 403
    assert "Es wurde nichts geändert." in page.text
    assert "Nothing was changed." not in page.text


def test_what_is_too_large_or_too_deep_for_a_push_is_a_sentence():
    large = LargeFile("1" * 40, 9 * 1024 * 1024, b"large.bin")
    found = Inspection(0, (large,), (b"a/b/c/d",), ())
    rules = Settings(limits={"file_size_bytes": 2 * 1024 * 1024, "path_depth": 3})
    large, deep = push_rules.over_limits(found, rules)
    assert (large.values["path"], large.values["most"]) == ("large.bin", "2 MiB")
    assert (deep.values["path"], deep.values["folders"]) == ("a/b/c/d", 3)


def test_a_stored_text_is_found_again_only_where_it_is_ours():
    said = together(
        [sentence("lab/notes is archived. Unarchive it first."), "Nothing was changed."]
    )
    assert stored_sentences.recognised("x" * 5000) is None
    assert stored_sentences.recognised("%(path)s") is None
    assert stored_sentences.recognised("fatal: unable to access: 403") is None
    found = stored_sentences.recognised("lab/notes is archived. Unarchive it first.")
    assert found is not None
    assert (found.template, found.values["path"]) == (
        "%(path)s is archived. Unarchive it first.",
        "lab/notes",
    )
    assert str(stored_sentences.recognised(str(said)) or said) == str(said)
