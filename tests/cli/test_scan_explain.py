"""`codara scan explain`: why something is a secret, or is not, without an appliance."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from appliance.cli.__main__ import main
from appliance.scanning.secrets.reasons import Note, Reason
from tests.scanning.tokens import github_token

WRONG = github_token(1)[:-1] + ("0" if github_token(1)[-1] != "0" else "1")


def said(capsys, *words: str, status=0):
    capsys.readouterr()
    code = main(["scan", "explain", *words])
    captured = capsys.readouterr()
    assert code == status, captured.err
    return captured.out


def found(capsys, *words: str):
    return json.loads(said(capsys, *words, "--json"))["candidates"]


def test_what_is_a_secret_is_told_with_its_line_and_masked(tmp_path, capsys):
    token = github_token()
    file = tmp_path / "settings.py"
    file.write_text(f"one = 1\nkey = '{token}'\n")
    (each,) = [one for one in found(capsys, str(file)) if one["lane"]]

    assert (each["rule"], each["line"], each["lane"]) == ("github-token-classic", 2, "block")
    assert {why["code"] for why in each["why"]} == {"checksum-fits"}
    assert token not in said(capsys, str(file))


def test_what_is_turned_down_has_its_reason_and_meaning(tmp_path, capsys):
    file = tmp_path / "settings.py"
    file.write_text("password = '${DATABASE_PASSWORD}'\n")
    told = said(capsys, str(file))

    assert "not flagged" in told
    assert "template: It is a variable that is filled in elsewhere." in told


def test_a_wrong_checksum_is_less_and_says_so(tmp_path, capsys):
    file = tmp_path / "settings.py"
    file.write_text(f"key = '{WRONG}'\n")
    (each,) = [one for one in found(capsys, str(file)) if one["rule"] == "github-token-classic"]

    assert (each["lane"], each["confidence"]) == ("review", "low")
    assert "checksum-differs" in {why["code"] for why in each["why"]}


def test_the_name_in_the_repository_counts_and_layers_are_named(tmp_path, capsys):
    file = tmp_path / "x"
    wrapped = b64encode(f"key = '{github_token()}'".encode()).decode()
    file.write_text(f"data: {wrapped}\n")
    (plain,) = [one for one in found(capsys, str(file)) if one["lane"]]
    (named,) = [
        one for one in found(capsys, str(file), "--name", "tests/fixtures/x.yaml") if one["lane"]
    ]

    assert plain["layers"] == ["base64"]
    assert "decoded" in {why["code"] for why in plain["why"]}
    assert "test-path" in {why["code"] for why in named["why"]}


def test_every_code_can_be_looked_up_and_nothing_is_said_of_nothing(tmp_path, capsys):
    listed = {each["code"] for each in json.loads(said(capsys, "--codes", "--json"))["codes"]}

    assert listed == {*map(str, Reason), *map(str, Note)}
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert "Nothing in it looks like a secret." in said(capsys, str(empty))


@pytest.mark.parametrize("words", [(), ("no-such-file",)])
def test_without_a_file_it_says_what_it_wants(capsys, words):
    said(capsys, *words, status=2)
