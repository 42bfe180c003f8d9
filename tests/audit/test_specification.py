"""The examples in SPEC.md are computed, and each vector has the verdict that it names."""

import base64
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import audit
from audit import entry, merkle, note, permissions, trust
from audit.verify import verify
from tests.audit import exports

FOLDER = Path(audit.__file__).parent
PAGE = (FOLDER / "SPEC.md").read_text("utf-8")
VECTORS = sorted((FOLDER / "vectors").glob("*.json"))


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
    return found


def test_the_example_of_an_entry_is_one():
    text = block("header").encode()

    assert entry.read(text).members["b"] in PAGE.partition("```header")[0]
    assert merkle.leaf_hash(text).hex() == block("leaf")


def test_the_example_of_a_checkpoint_is_signed_with_the_example_of_a_key():
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    origin = block("vkey").split("+")[0]
    key = note.Key(origin, note.Kind.ED25519, private.public_key().public_bytes_raw())
    leaf = bytes.fromhex(block("leaf"))
    text = str(note.Checkpoint(origin, 2, merkle.root_of([leaf, leaf])))
    line = note.Signature(origin, key.id, private.sign(text.encode()))

    assert str(key) == block("vkey")
    assert f"{text}\n{line}" == block("checkpoint")
    assert note.signed_by(note.parse(block("checkpoint").encode() + b"\n"), [key]) == [(key, None)]


def test_the_example_of_a_heartbeat_is_what_is_signed():
    words = re.findall(r"<(\w+)>", block("heartbeat"))
    text = block("heartbeat") + "\n"
    for number, word in enumerate(words):
        text = text.replace(f"<{word}>", str(number))

    from audit.heartbeats import signed_text  # noqa: PLC0415

    assert words == ["log", "node", "boot", "up_to", "committed", "unknown"]
    assert signed_text("0", ("1", "2"), (3, 4, 5)) == text.encode()


def test_the_example_of_a_permission_is_signed_with_the_example_of_a_key():
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    lines = block("permission").split("\n")
    header, body = json.loads(lines[2]), json.loads(lines[3])

    text = permissions.signed_text(lines[1], header | {"b": "s1:any"}, body | {"signature": "any"})

    assert text == f"{block('permission')}\n".encode()
    assert exports.base64url(private.sign(text)) == block("permission-signature")


def test_the_example_of_a_certificate_is_signed_with_the_example_of_a_key():
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    _, log, node, boot, key = block("node").split("\n")
    public = base64.urlsafe_b64decode(key + "=")

    text = permissions.node_text(log, (node, boot), public)

    assert text == f"{block('node')}\n".encode()
    assert exports.base64url(private.sign(text)) == block("node-signature")


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_each_vector_has_its_verdict(path, tmp_path):
    said = json.loads(path.read_bytes())
    files = {name: base64.b64decode(data) for name, data in said["files"].items()}
    known = {
        each.origin: each
        for each in (note.checkpoint(note.parse(head.encode()).text) for head in said["known"])
    }

    found = verify(exports.write(files, tmp_path), trust.read(trust_file(said["trust"])), known)

    assert found.verdict == said["code"]
    assert {each.check for each in found.problems} == set(said["checks"])


def trust_file(members):
    return json.dumps(members).encode()


def test_the_verdicts_of_the_vectors_are_those_of_the_specification():
    """Written by hand, so that no change of the verifier can change them unseen."""
    assert {path.stem: json.loads(path.read_bytes())["code"] for path in VECTORS} == {
        "body-left-out": 30,
        "earlier-checkpoint-of-a-fork": 20,
        "entries-swapped": 10,
        "entry-changed": 10,
        "entry-changed-and-sealed": 10,
        "erasure-not-signed": 10,
        "erasure-repeated": 10,
        "file-added": 10,
        "forked": 20,
        "good": 0,
        "headers-are-no-entries": 50,
        "heartbeat-key-exchanged": 10,
        "last-entry-missing": 10,
        "manifest-changed": 10,
        "pruning-not-signed": 10,
        "pruning-signed-for-another-log": 10,
        "rebuilt-with-another-key": 40,
        "rolled-back": 20,
        "root-from-another-log": 10,
        "tombstone-missing": 30,
        "value-left-out": 30,
        "witness-missing": 40,
    }
