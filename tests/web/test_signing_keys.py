"""OpenPGP keys and verified work as a browser, a program and the command line meet them."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa

from appliance.db.credentials import SshKey
from appliance.db.signing_keys import OpenPgpKey
from appliance.db.users import EmailAddress
from appliance.domain.permissions import Role
from appliance.domain.signatures import KeyUse
from appliance.services import ssh_keys
from tests.signing import Signer
from tests.world import NOON

REPOSITORY = "lab/notes"


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def writer(world):
    world.repository(REPOSITORY)
    return world.user("writer", role=Role.WRITER, on=REPOSITORY)


@pytest.fixture
def verified(world, writer, signer):
    """A signed commit and a signed tag of the writer's, whose address is known to be theirs."""
    address = sa.update(EmailAddress).values(is_verified=True)
    with world.wiring.database._writing() as session, session.begin():
        session.execute(address)
    with world.begin(writer) as work:
        ssh_keys.add(work, text=signer.ssh_key(), now=NOON)
    oid = signer.commit()
    signer.tag("v1")
    signer.put_into(world.folder(world._repository(REPOSITORY)))
    return oid


def test_a_key_is_added_listed_and_removed_in_the_settings(world, writer, signer):
    browser = world.browser("writer", elevated=True)
    text = signer.pgp_key()

    assert browser.post("/settings/gpg-keys/new", data={"key": text}).status_code == 303
    page = browser.get("/settings/gpg-keys").text
    assert signer.fingerprint in page
    assert "Writer &lt;writer@codara.test&gt;" in page
    assert browser.post("/settings/gpg-keys/new", data={"key": text}).status_code == 303
    href = re.search(r'"(/settings/gpg-keys/[^"/]+/remove)"', page)[1]
    assert browser.post(href).status_code == 303
    assert world.events() == ["gpg_key.added", "gpg_key.changed", "gpg_key.removed"]


def test_what_is_no_key_is_said_at_the_field(world, writer):
    answer = world.browser("writer", elevated=True).post(
        "/settings/gpg-keys/new", data={"key": "no key"}
    )

    assert answer.status_code == 422
    assert 'id="key-error"' in answer.text


def test_nobody_removes_anothers_key(world, writer, signer):
    world.user("other")
    world.client("writer").post("/api/v1/user/gpg-keys", json={"key": signer.pgp_key()})
    key_id = world.one(sa.select(OpenPgpKey.id))
    other = world.client("other")

    assert other.delete(f"/api/v1/user/gpg-keys/{key_id}").status_code == 404
    browser = world.browser("other", elevated=True)
    assert browser.post(f"/settings/gpg-keys/{key_id}/remove").status_code == 404
    assert world.one(sa.select(OpenPgpKey.id)) == key_id


def test_a_program_adds_lists_and_removes_a_key(world, writer, signer):
    client = world.client("writer")

    made = client.post("/api/v1/user/gpg-keys", json={"key": signer.pgp_key()})
    again = client.post("/api/v1/user/gpg-keys", json={"key": signer.public()})
    listed = client.get("/api/v1/user/gpg-keys").json["items"]
    gone = client.delete(f"/api/v1/user/gpg-keys/{made.json['id']}")

    assert (made.status_code, again.status_code, gone.status_code) == (201, 200, 204)
    assert listed == [made.json]
    assert made.json["fingerprint"].upper() == signer.fingerprint
    assert made.json["revoked"] is False


def test_what_an_ssh_key_is_for_is_chosen_when_it_is_added(world, writer, signer):
    line = signer.ssh_key()
    browser = world.browser("writer", elevated=True)
    browser.post("/settings/keys/new", data={"key": line, "usage": "signing"})

    assert world.one(sa.select(SshKey.usage)) is KeyUse.SIGNING
    assert "Signing work only" in browser.get("/settings/keys").text
    assert world.client("writer").get("/api/v1/user/keys").json["items"][0]["usage"] == "signing"
    assert '"usage":"signing"' in world.recorded("ssh_key.added")[0].text


def test_pages_say_verified_and_how_they_know(world, verified):
    browser = world.browser("writer")

    page = browser.get(f"/{REPOSITORY}/commit/{verified}").text
    history = browser.get(f"/{REPOSITORY}/commits").text
    tags = browser.get(f"/{REPOSITORY}/tags").text

    assert "Verified" in page
    assert world.one(sa.select(SshKey.fingerprint)) in page.replace("&#43;", "+")
    assert 'href="/writer' in page
    assert ">Verified<" in re.sub(r"<svg.*?</svg>", "", history)
    assert "Verified" in tags


def test_pages_say_why_something_is_unverified(world, verified):
    with world.begin(world.actor("writer")) as work:
        ssh_keys.remove(work, world.one(sa.select(SshKey.id)))

    page = world.browser("writer").get(f"/{REPOSITORY}/commit/{verified}").text

    assert "Unverified" in page
    assert "Unknown key." in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "page", ["", "commits", "tree/main", "blob/main/notes.txt", "blame/main/notes.txt", "tags"]
)
def test_every_page_with_a_signature_says_that_it_is_unverified(world, verified, page):
    with world.begin(world.actor("writer")) as work:
        ssh_keys.remove(work, world.one(sa.select(SshKey.id)))

    answer = world.browser("writer").get(f"/{REPOSITORY}/{page}".rstrip("/"))

    assert answer.status_code == 200
    assert "Unverified" in answer.text
    assert "Unknown key." in answer.text


def test_an_unsigned_commit_shows_nothing_of_the_kind(world, writer, signer):
    signer.ssh_key()
    oid = signer.commit("notes.txt", "--no-gpg-sign")
    signer.put_into(world.folder(world._repository(REPOSITORY)))
    browser = world.browser("writer")

    for page in (f"commit/{oid}", "commits"):
        assert "erified" not in browser.get(f"/{REPOSITORY}/{page}").text


def test_programs_learn_the_same_of_commits_and_tags(world, verified):
    client = world.client("writer")
    place = f"/api/v1/repos/{REPOSITORY}"

    commit = client.get(f"{place}/commits/{verified}").json
    listed = client.get(f"{place}/commits").json["items"][0]
    tag = client.get(f"{place}/tags").json["items"][0]

    assert commit["is_signed"] is True
    assert listed == commit
    assert commit["signature"] == tag["signature"]
    assert commit["signature"] == {
        "verified": True,
        "finding": "verified",
        "form": "ssh",
        "key": world.one(sa.select(SshKey.fingerprint)),
        "owner": "writer",
        "signed_at": None,
        "by_appliance": False,
        "by_organisation": False,
    }
    assert json.dumps(commit)
