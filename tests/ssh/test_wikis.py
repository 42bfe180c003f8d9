"""Wikis over SSH with a real client, at OpenSSH and at the embedded server."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import Role
from tests.ssh.test_signed_pushes import person, writer
from tests.web.test_wikis import PAGES, switch, write

__all__ = ["person", "writer"]
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def test_a_wiki_is_cloned_and_pushed_to_over_ssh(world, person, tmp_path):
    world.user("maintainer", role=Role.MAINTAINER, on="lab/notes")
    wiki = person.address.replace("notes.git", "notes.wiki.git")
    assert "no repository" in person.git("ls-remote", wiki, at=tmp_path, succeeds=False)
    switch(world)
    write(world, "Home", "one\n")

    person.git("clone", "-q", wiki, "copy", at=tmp_path)
    copy = tmp_path / "copy"
    (copy / "Home.md").write_text("two\n")
    person.git("commit", "-q", "-a", "-m", "Over SSH", at=copy)
    person.git("push", "-q", "origin", "main", at=copy)

    assert world.client("writer").get(f"{PAGES}/Home").json["content"] == "two\n"
