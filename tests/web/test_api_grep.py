"""Grep by the API, on the search page and on the command line."""

from __future__ import annotations

import json

import pytest

from appliance.cli.__main__ import main
from appliance.domain.permissions import Role
from tests.peers.appliance import serve
from tests.web.code_pages import Browser, build

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
GREP = "/api/v1/repos/lab/odd/grep"
FILES = {b"a.py": b"def one():\n    return 1\n", b"src/caf\xe9.txt": b"one\n"}


@pytest.fixture
def odd(world):
    """A repository with two files, and a reader."""
    build(world, "lab/odd", FILES)
    world.user("reader", role=Role.READER, on="lab/odd")
    world.user("outsider")
    return world


def found(world, **body: object):
    answer = world.client("reader").post(GREP, json=body)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_programs_find_lines(odd):
    everything = found(odd, pattern=r"\bone\b", around=1)
    first, second = everything["items"]
    assert (first["path"], first["line"], first["column"], first["end"]) == ("a.py", 1, 5, 8)
    assert (first["before"], first["after"]) == ([], ["    return 1"])
    assert second["path_base64"] is not None
    assert (everything["is_cut"], everything["files"], everything["skipped"]) == (False, 2, 0)
    assert len(found(odd, pattern="one", globs=["*.py"])["items"]) == 1
    assert found(odd, pattern="one", path="src", ignore_case=True)["files"] == 1
    assert found(odd, pattern="one", limit=1)["is_cut"] is True
    assert odd.events() == []


@pytest.mark.parametrize(
    "body", [{"pattern": "("}, {"pattern": ""}, {"pattern": "a", "around": 99}]
)
def test_what_is_none_is_refused(odd, body):
    assert odd.client("reader").post(GREP, json=body).status_code == 422


def test_what_is_hidden_is_not_searched(odd):
    body = {"pattern": "one"}
    assert odd.client("outsider").post(GREP, json=body).status_code == 404
    assert odd.client("reader").post(GREP, json={**body, "ref": "nothing"}).status_code == 404


def test_an_empty_repository_has_no_lines(odd):
    odd.repository("lab/new")
    odd.grant("reader", Role.READER, "lab/new")
    answer = odd.client("reader").post(GREP.replace("odd", "new"), json={"pattern": "x"})
    assert answer.json["items"] == []


def test_the_page_takes_the_same_expressions(odd):
    browser = Browser(odd.browser("reader"))
    assert "/blob/main/a.py#L1" in browser.page("/lab/odd/search?q=%5Cbdef%5Cs&regex=1")
    assert "no expression of RE2" in browser.page("/lab/odd/search?q=(&regex=1")


def test_the_command_line_shows_lines(odd, capsys, monkeypatch):
    with serve(odd) as served:
        monkeypatch.delenv("CODARA_HOME", raising=False)
        monkeypatch.setenv("CODARA_URL", served.url)
        monkeypatch.setenv("CODARA_TOKEN", odd.token("reader"))
        words = ["repo", "grep", "lab/odd", "return", "--around", "1"]
        assert main(words) == 0
        assert capsys.readouterr().out == "a.py-1-def one():\na.py:2:    return 1\n--\n"
        assert main([*words, "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)["items"]) == 1
