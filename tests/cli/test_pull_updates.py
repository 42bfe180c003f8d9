"""Updating a pull request's branch by the command line."""

from __future__ import annotations

import pytest

from tests.services.pulling import NOTES

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_branch_is_updated_by_a_rebase(as_maintainer, tmp_path):
    say = as_maintainer
    head = say("pr", "show", NOTES, "1")["head"]["commit"]
    say("pr", "update", NOTES, "1", status=5)
    source = tmp_path / "else"
    source.write_text("else\n")
    say("repo", "file", "write", NOTES, "else", str(source))
    say("pr", "update", NOTES, "1", "--head", "a" * 40, status=5)

    done = say("pr", "update", NOTES, "1", "--rebase", "--head", head)

    assert (done["before"], done["method"]) == (head, "rebase")
    shown = say("pr", "show", NOTES, "1")
    assert (shown["head"]["commit"], shown["patch_set"]) == (done["commit"], 2)
