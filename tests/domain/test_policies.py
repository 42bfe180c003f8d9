"""Policies about contents: what each finds, where, and what it leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain import policies
from appliance.domain.policies import Policy, look

P = Policy
BEGINS = "-----BEGIN "
ONE = b"a\n<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n"


@pytest.mark.parametrize(
    ("policy", "path", "content", "line"),
    [
        (P.CONFLICT_MARKERS, "a.py", ONE, 2),
        (P.CONFLICT_MARKERS, "a.py", ONE.replace(b"\n", b"\r\n"), 2),
        (P.CONFLICT_MARKERS, "a.py", ONE.replace(b"<<<<<<< ours\n", b""), None),
        (P.CONFLICT_MARKERS, "a.md", b"Title\n=======\n", None),
        (P.CONFLICT_MARKERS, "a.md", b">>>>>>> quoted\n<<<<<<< again\n", None),
        (P.CONFLICT_MARKERS, "a.bin", b"\0" + ONE, None),
        (P.LINE_ENDINGS, "a", b"one\ntwo\r\n", 2),
        (P.LINE_ENDINGS, "a", b"one\r\ntwo\r\n", None),
        (P.LINE_ENDINGS, "a", b"one\ntwo\n", None),
        (P.PRIVATE_KEYS, "id", f"x\n{BEGINS}OPENSSH PRIVATE KEY-----\n".encode(), 2),
        (P.PRIVATE_KEYS, "id", f"{BEGINS}PRIVATE KEY-----\n".encode(), 1),
        (P.PRIVATE_KEYS, "id", f"{BEGINS}PGP PRIVATE KEY BLOCK-----\n".encode(), 1),
        (P.PRIVATE_KEYS, "id", f"{BEGINS}PUBLIC KEY-----\n".encode(), None),
        (P.VALID_SYNTAX, "a.json", b"{\n  a: 1}", 2),
        (P.VALID_SYNTAX, "a.JSON", b"{}", None),
        (P.VALID_SYNTAX, "a.json", b"[" * 100_000, 1),
        (P.VALID_SYNTAX, "a.json", b"\xff", 1),
        (P.VALID_SYNTAX, "tsconfig.json", b"{ // why\n}", None),
        (P.VALID_SYNTAX, ".vscode/settings.json", b"{ // why\n}", None),
        (P.VALID_SYNTAX, "a.toml", b"a = 1\nb = \n", 2),
        (P.VALID_SYNTAX, "a.toml", b"a = 1\n", None),
        (P.VALID_SYNTAX, "a.yml", b"a: 1\nb: [\n", 3),
        (P.VALID_SYNTAX, "a.yaml", b"a: !strange {b: &c 1, d: *c}\n---\nx\n", None),
        (P.VALID_SYNTAX, "a.txt", b"{", None),
    ],
)
def test_what_a_policy_finds(policy, path, content, line):
    found = look([policy], path.encode(), content)

    assert [each.line for each in found] == ([] if line is None else [line])
    for each in found:
        assert f"{path} " in policies.said(each)
        assert str(line) in policies.said(each)


@given(st.binary(max_size=300), st.sampled_from(["a.json", "b.toml", "c.yml", "d"]))
def test_no_content_brings_a_policy_down(content, path):
    for each in look(Policy, path.encode(), content):
        assert 1 <= each.line <= content.count(b"\n") + 1 or path == "c.yml"


def test_what_counts_is_said_once_and_not_of_exempt_files():
    found = [policies.PolicyFinding(P.PRIVATE_KEYS, path, 1) for path in (b"a", b"a", b"test/b")]
    every = frozenset(Policy)

    assert [each.path for each in policies.counting(found, every, ("/test/",))] == [b"a"]
    assert policies.counting(found, frozenset({P.LINE_ENDINGS}), ()) == []
