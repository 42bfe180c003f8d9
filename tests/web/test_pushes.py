"""Pushes as they are shown: by real clients over HTTPS, found again at the portal, API and CLI."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.pushes import Push
from appliance.domain.permissions import OrganisationRole, Role
from appliance.services import ssh_keys
from tests.signing import Signer
from tests.web.git_client import token
from tests.world import NOON

REPOSITORY = "lab/notes"
PLACE = f"/api/v1/repos/{REPOSITORY}/pushes"
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def pushed(world, served, signer):
    """A signed push of main, an unsigned one of a tag, and a change in the portal."""
    world.organisation("lab")
    world.repository(REPOSITORY)
    writer = world.user("writer", role=Role.WRITER, on=REPOSITORY)
    world.user("reader", role=Role.READER, on=REPOSITORY)
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    remote = served.remote(REPOSITORY, token(world, writer))
    with world.begin(world.actor("writer")) as work:
        ssh_keys.add(work, text=signer.ssh_key(), now=NOON)
    head = signer.commit()
    signer.git("push", "--signed=true", remote, "main", at=signer.copy)
    signer.git("tag", "v1", at=signer.copy)
    signer.git("push", remote, "v1", at=signer.copy)
    made = world.client("writer").put(
        f"/api/v1/repos/{REPOSITORY}/write/a.txt", json={"content": "x", "branch": "main"}
    )
    assert made.status_code == 200, made.text
    return head, made.json["commit"]


def test_programs_list_pushes_and_find_them_by_ref_person_and_signature(world, pushed):
    head, made = pushed
    client = world.client("reader")

    every = client.get(PLACE).json["items"]

    assert [each["protocol"] for each in every] == ["api", "https", "https"]
    assert [each["ref_count"] for each in every] == [1, 1, 1]
    assert every[0]["refs"][0] == {
        "ref": "refs/heads/main",
        "old": head,
        "new": made,
        "movement": "fast_forward",
        "moved": True,
    }
    assert every[2]["signature"]["verified"] is True
    assert every[2]["user"] == "writer"

    def count(**query: str):
        return len(client.get(PLACE, query_string=query).json["items"])

    assert count(ref="main") == 2
    assert count(ref="refs/tags/v1") == 1
    assert count(person="Writer") == 3
    assert count(person="reader") == 0
    assert [count(signed=each) for each in ("verified", "unverified", "unsigned")] == [1, 0, 2]
    assert client.get(PLACE, query_string={"signed": "perhaps"}).status_code == 422


def test_pages_of_the_list_follow_each_other(world, pushed):
    client = world.client("reader")
    first = client.get(PLACE, query_string={"limit": 2}).json

    rest = client.get(PLACE, query_string={"limit": 2, "cursor": first["next"]}).json

    ids = [each["id"] for each in [*first["items"], *rest["items"]]]
    assert len(set(ids)) == 3
    assert rest["next"] is None


def test_addresses_are_for_oneself_and_for_who_may_read_the_log(world, pushed):
    def address(name):
        return world.client(name).get(PLACE).json["items"][1]["address"]

    assert address("reader") is None
    assert address("writer") == "127.0.0.1"
    assert address("owner") == "127.0.0.1"


def test_who_may_not_read_the_repository_finds_no_push(world, pushed):
    world.user("nobody")
    push_id = world.one(sa.select(Push.id).limit(1))
    browser = world.browser("nobody")
    for rest in ("", f"/{push_id}", f"/{push_id}/certificate"):
        assert world.client("nobody").get(f"{PLACE}{rest}").status_code == 404
        assert browser.get(f"/{REPOSITORY}/pushes{rest}").status_code == 404
    world.repository("lab/other")
    world.grant("nobody", Role.READER, "lab/other")
    assert browser.get(f"/lab/other/pushes/{push_id}").status_code == 404
    assert browser.get(f"/lab/other/pushes/{push_id}/certificate").status_code == 404


def test_pages_show_a_push_and_what_was_signed(world, pushed):
    head, made = pushed
    browser = world.browser("reader")
    listing = browser.get(f"/{REPOSITORY}/pushes").text
    signed = world.one(sa.select(Push).where(Push.certificate.is_not(None)))
    own = world.one(sa.select(Push).where(Push.protocol == "api"))

    page = browser.get(f"/{REPOSITORY}/pushes/{signed.id}").text
    change = browser.get(f"/{REPOSITORY}/pushes/{own.id}").text
    file = browser.get(f"/{REPOSITORY}/pushes/{signed.id}/certificate")

    assert listing.count("data-row") == 3
    assert f"/pushes/{signed.id}" in listing
    assert "Verified" in page
    assert signed.certificate_digest in page
    assert f"compare/{head}..{made}" in change
    assert "This push was not signed." in change
    assert file.data == signed.certificate
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert browser.get(f"/{REPOSITORY}/pushes/{own.id}/certificate").status_code == 404
    assert f"/{REPOSITORY}/pushes" in browser.get(f"/{REPOSITORY}/branches").text
    filtered = browser.get(f"/{REPOSITORY}/pushes?signed=unverified").text
    assert "No matching pushes" in filtered


def test_the_event_of_a_push_leads_to_it(world, pushed):
    world.keep_log()
    signed = world.one(sa.select(Push).where(Push.certificate.is_not(None)))
    browser = world.browser("owner", elevated=True)
    listing = browser.get("/lab/-/audit?q=action:git.pushed").text
    event_id = world.recorded("git.pushed")[0].header["id"]

    page = browser.get(f"/lab/-/audit/events/{event_id}").text

    assert str(event_id) in listing
    assert f'href="/{REPOSITORY}/pushes/{signed.id}"' in page
