"""Repositories by the command line, here and elsewhere."""

import os
import subprocess

import pytest


@pytest.fixture
def notes(appliance, say, lab):
    """The path of an empty repository."""
    path = f"{lab}/notes"
    assert say("repo", "create", path, "--home", appliance.home).code == 0
    return path


@pytest.fixture
def source(tmp_path):
    """A folder with a history: two branches and a tag."""
    folder = tmp_path / "source"
    git("init", "--quiet", "--initial-branch=trunk", folder)
    git("-C", folder, "commit", "--quiet", "--allow-empty", "--message=first")
    git("-C", folder, "branch", "second")
    git("-C", folder, "tag", "v1")
    return folder


def git(*words: object):
    who = {"GIT_AUTHOR_NAME": "writer", "GIT_AUTHOR_EMAIL": "writer@lab.example"}
    who |= {"GIT_COMMITTER_NAME": "writer", "GIT_COMMITTER_EMAIL": "writer@lab.example"}
    apart = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    finished = subprocess.run(
        ["git", *map(str, words)],
        env={"PATH": os.environ["PATH"], **who, **apart},
        check=True,
        capture_output=True,
        text=True,
    )
    return finished.stdout


def refs(of):
    return sorted(line.split("\t")[1] for line in git("ls-remote", of).splitlines())


def test_a_repository_is_created_as_it_was_said(codara, lab):
    words = ("--visibility", "internal", "--default-branch", "trunk", "--json")
    made = codara("repo", "create", f"{lab}/notes", *words).json

    assert (made["path"], made["visibility"]) == (f"{lab}/notes", "internal")
    assert made["default_branch"] == "trunk"
    assert codara("repo", "show", f"{lab}/notes", "--json").json == made
    assert codara("repo", "create", f"{lab}/notes").code == 5


def test_a_repository_begins_with_what_was_asked_for(codara, lab):
    words = ("--readme", "--licence", "MIT", "--ignore", "Python")
    assert codara("repo", "create", f"{lab}/begun", *words).code == 0
    odd = codara("repo", "create", f"{lab}/other", "--licence", "odd")
    assert odd.code == 2
    assert "no such licence" in odd.said


def test_a_repository_is_private_on_main_unless_said_otherwise(codara, notes):
    found = codara("repo", "show", notes, "--json").json

    assert (found["visibility"], found["default_branch"]) == ("private", "main")


@pytest.mark.parametrize("path", ["notes", "lab/", "/notes", "lab/notes/more", ""])
def test_a_path_is_an_owner_and_a_name(here, path):
    refused = here("repo", "create", path)

    assert refused.code == 2
    assert "OWNER/NAME, as in lab/notes" in refused.said


def test_lists_are_aligned_and_narrowed(codara, lab, notes):
    assert codara("repo", "create", f"{lab}/much-longer-than-that").code == 0
    lines = codara("repo", "list", "--owner", lab).out.splitlines()
    places = {line.index("private") for line in lines[1:]}
    assert places == {lines[0].index("VISIBILITY")}

    found = codara("repo", "list", "--owner", lab, "--search", "longer", "--json").json
    assert [each["name"] for each in found] == ["much-longer-than-that"]
    assert codara("repo", "list", "--owner", lab, "--archived", "--json").json == []


def test_a_repository_is_changed_renamed_and_transferred(codara, notes, person):
    changed = codara("repo", "change", notes, "--description", "All of it", "--json").json
    assert changed["description"] == "All of it"
    assert codara("repo", "change", notes).code == 2
    renamed = codara("repo", "rename", notes, "papers", "--json").json["path"]
    assert codara("repo", "show", notes, "--json").json["path"] == renamed
    kept = codara("repo", "delete", notes, "--yes")
    assert (kept.code, renamed in kept.said) == (4, True)

    given = codara("repo", "transfer", renamed, person, "--json").json

    assert given["path"] == f"{person}/papers"


def test_archiving_and_its_reverse(codara, notes):
    assert codara("repo", "archive", notes, "--json").json["is_archived"] is True
    assert codara("repo", "archive", notes).code == 5
    assert codara("repo", "unarchive", notes, "--json").json["is_archived"] is False


def test_what_was_deleted_comes_back(codara, notes):
    assert codara("repo", "delete", notes, "--dry-run", "--json").json == {"would_delete": notes}
    assert codara("repo", "delete", notes, stdin="n\n").code == 1
    assert codara("repo", "show", notes).code == 0
    assert codara("repo", "delete", notes, stdin="y\n").code == 0
    assert codara("repo", "show", notes).code == 4

    assert codara("repo", "restore", notes, "--name", "again", "--json").json["name"] == "again"


def test_the_bin_is_listed_and_emptied(codara, lab, notes):
    assert codara("repo", "purge", notes, "--yes").code == 4
    assert codara("repo", "delete", notes, "--yes").code == 0
    there = codara("repo", "list", "--deleted", "--owner", lab, "--json").json
    assert [each["path"] for each in there] == [notes]
    assert notes in codara("repo", "list", "--deleted").out
    assert notes not in codara("repo", "list").out
    assert codara("repo", "list", "--deleted", "--archived").code == 2

    assert codara("repo", "purge", notes, "--dry-run", "--json").json == {"would_purge": notes}
    assert codara("repo", "purge", notes, stdin="n\n").code == 1
    assert codara("repo", "purge", notes, "--yes", "--json").json == {"purged": notes}
    assert codara("repo", "list", "--deleted", "--owner", lab, "--json").json == []
    assert codara("repo", "restore", notes).code == 4


def test_of_two_with_one_path_the_one_to_purge_is_named(codara, lab, notes):
    assert codara("repo", "delete", notes, "--yes").code == 0
    assert codara("repo", "create", notes).code == 0
    assert codara("repo", "delete", notes, "--yes").code == 0
    first = codara("repo", "list", "--deleted", "--owner", lab, "--json").json[1]["id"]

    refused = codara("repo", "purge", notes, "--yes")
    assert (refused.code, "--id" in refused.said) == (5, True)
    assert codara("repo", "purge", notes, "--yes", "--id", first).code == 0
    left = codara("repo", "list", "--deleted", "--owner", lab, "--json").json
    assert first not in [each["id"] for each in left]
    assert len(left) == 1


def test_a_mistyped_path_names_the_one_that_was_meant(codara, notes):
    refused = codara("repo", "show", notes.replace("notes", "note"))

    assert refused.code == 4
    assert f"Did you mean {notes}?" in refused.said


def test_roles_are_given_explained_and_taken_back(codara, lab, notes, person):
    assert codara("team", "create", f"{lab}/writers").code == 0
    given = codara("repo", "grant", notes, "--user", person, "--role", "writer", "--json").json
    assert (given["name"], given["role"]) == (person, "writer")
    words = ("--team", f"{lab}/writers", "--role", "reader")
    assert codara("repo", "grant", notes, *words).code == 0
    assert len(codara("repo", "grants", notes, "--json").json) == 2
    assert f"{person} is writer of {notes}" in codara("repo", "access", notes, person).out

    assert codara("repo", "revoke", notes, "--user", person, "--yes").code == 0
    assert codara("repo", "revoke", notes, "--user", person, "--yes").code == 4
    assert "has no role" in codara("repo", "access", notes, person).out
    assert codara("repo", "revoke", notes, "--team", f"{lab}/writers", "--yes").code == 0
    assert codara("repo", "grants", notes, "--json").json == []


@pytest.mark.parametrize("words", [(), ("--user", "admin", "--team", "lab/writers")])
def test_a_role_is_for_one_user_or_one_team(here, words):
    refused = here("repo", "grant", "lab/notes", "--role", "writer", *words)

    assert refused.code == 2
    assert "one of them" in refused.said


def test_branches_are_protected_and_released(codara, notes):
    made = codara("repo", "protect", notes, "release/*", "--push-role", "maintainer", "--json").json
    assert (made["push_role"], made["allow_force"]) == ("maintainer", False)
    assert made["pattern"] in codara("repo", "protections", notes).out

    assert codara("repo", "unprotect", notes, "release/*", "--yes").code == 0
    assert codara("repo", "protections", notes, "--json").json == []


def test_addresses_to_clone_from(codara, notes, appliance):
    assert codara("repo", "clone-url", notes).out == f"{appliance.url}/{notes}.git\n"
    assert codara("repo", "clone-url", notes, "--ssh").out.startswith("ssh://")


def test_deploy_keys(codara, notes, public_key):
    added = codara("repo", "key", "add", notes, public_key, "--may-write", "--json").json
    assert added["may_write"] is True
    assert added["fingerprint"] in codara("repo", "key", "list", notes).out

    assert codara("repo", "key", "delete", notes, added["id"], "--yes").code == 0
    assert codara("repo", "key", "list", notes, "--json").json == []


def test_a_folder_is_imported_with_all_its_refs_and_exported_again(here, lab, source, tmp_path):
    made = here("repo", "import", source, f"{lab}/copy", "--visibility", "internal", "--json").json
    assert (made["content"], made["visibility"]) == ("ready", "internal")
    assert made["default_branch"] == "trunk"
    bundle = tmp_path / "copy.bundle"
    told = here("repo", "export", f"{lab}/copy", "--out", bundle, "--json").json

    assert told["size_bytes"] == bundle.stat().st_size
    assert refs(bundle) == refs(source)
    assert sorted(each.name for each in tmp_path.glob("*copy*")) == ["copy.bundle"]
    assert here("repo", "import", bundle, f"{lab}/again", "--json").json["content"] == "ready"


def test_an_export_is_the_same_from_elsewhere(appliance, codara, say, lab, source, tmp_path):
    words = ("repo", "import", source, f"{lab}/copy", "--home", appliance.home)
    assert say(*words).code == 0

    assert codara("repo", "export", f"{lab}/copy", "--out", tmp_path / "copy").code == 0
    assert refs(tmp_path / "copy") == refs(source)


def test_an_import_that_is_not_waited_for(here, lab, source):
    made = here("repo", "import", source, f"{lab}/copy", "--no-wait", "--json").json

    assert made["content"] == "importing"


def test_an_import_that_fails_says_why(here, lab, tmp_path):
    (tmp_path / "empty").mkdir()

    failed = here("repo", "import", tmp_path / "empty", f"{lab}/copy")

    assert failed.code == 1
    assert f"{lab}/copy did not get its content." in failed.said
    assert here("repo", "show", f"{lab}/copy", "--json").json["content"] == "failed"


@pytest.mark.parametrize("address", ["ftp://codara.example/x", "https://127.0.0.1/x", "/nowhere"])
def test_sources_that_are_none(here, lab, address):
    refused = here("repo", "import", address, f"{lab}/copy")

    assert (refused.code, refused.out) == (2, "")


def test_a_folder_is_not_imported_from_elsewhere(say, appliance, source, monkeypatch):
    monkeypatch.setenv("CODARA_URL", appliance.url)
    monkeypatch.setenv("CODARA_TOKEN", appliance.token)

    refused = say("repo", "import", source, "admin/copy")

    assert refused.code == 3
    assert "git push --mirror" in refused.said


def test_nothing_is_left_of_an_export_that_failed(codara, notes, tmp_path):
    failed = codara("repo", "export", notes, "--out", tmp_path / "notes.bundle")

    assert failed.code == 5
    assert list(tmp_path.glob("*notes*")) == []
    assert codara("repo", "export", notes, "--out", tmp_path / "no" / "where").code == 2


def test_a_fork_begins_as_its_parent_is(here, lab, source):
    assert here("repo", "import", source, f"{lab}/copy").code == 0

    made = here("repo", "fork", f"{lab}/copy", "--into", "admin", "--json").json

    assert made["content"] == "ready"
    assert here("repo", "delete", made["path"], "--yes").code == 0
