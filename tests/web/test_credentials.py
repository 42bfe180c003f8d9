"""The inventory of tokens and keys, over HTTP: who sees which, and ends which."""

from __future__ import annotations

import csv
import io

import pytest

from appliance.domain.permissions import InstanceRole, OrganisationRole, Role, Scope
from tests.permissions.people import public_key

ALL, OF_LAB = "/api/v1/credentials", "/api/v1/orgs/lab/credentials"


@pytest.fixture
def lab(world):
    """An organisation with everybody who may see something, and credentials of all kinds."""
    world.repository("lab/notes")
    world.repository("works/notes")
    world.administrator()
    world.user("inspector", instance=InstanceRole.AUDITOR)
    roles = (("boss", "owner"), ("officer", "security_officer"), ("member", "member"))
    for name, role in roles:
        world.user(name, member=OrganisationRole(role), of="lab")
    world.user("outside")
    world.user("guest")
    world.grant("guest", Role.READER, "lab/notes")
    world.token("member", Scope.REPOSITORY_READ)
    world.token("guest", Scope.REPOSITORY_READ, repositories=["lab/notes"])
    world.grant("guest", Role.READER, "works/notes")
    world.token("guest", Scope.REPOSITORY_WRITE, repositories=["works/notes"])
    world.token("outside", Scope.REPOSITORY_READ)
    boss, owner = (
        world.browser("boss", elevated=True),
        world.browser("administrator", elevated=True),
    )
    boss.post("/api/v1/orgs/lab/service-accounts", json={"name": "builder"})
    world.token("builder", Scope.REPOSITORY_WRITE)
    for user in ("member", "outside"):
        body = {"key": public_key(), "title": f"key of {user}", "user": user}
        assert owner.post("/api/v1/user/keys", json=body).status_code == 201
    for path in ("lab/notes", "works/notes"):
        body = {"key": public_key(), "title": f"key of {path}"}
        assert owner.post(f"/api/v1/repos/{path}/keys", json=body).status_code == 201
    body = {"key": public_key(), "title": "authority"}
    assert owner.post("/api/v1/ssh-authorities", json=body).status_code == 201
    return world


def seen(client, place=ALL, **query: str):
    answer = client.get(place, query_string={"limit": 100, **query})
    assert answer.status_code == 200, answer.json
    return sorted((each["kind"], each["owner"]) for each in answer.json["items"])


IN_LAB = [
    ("deploy_key", "lab/notes"),
    ("ssh_key", "member"),
    ("token", "builder"),
    ("token", "guest"),
    ("token", "member"),
]
EVERYWHERE = sorted([
    *IN_LAB, ("deploy_key", "works/notes"), ("ssh_key", "outside"), ("token", "guest"),
    ("token", "outside"), ("ssh_authority", ""),
])  # fmt: skip


@pytest.mark.promise("P62")
def test_who_sees_which(lab):
    for name in ("administrator", "inspector"):
        assert seen(lab.browser(name)) == EVERYWHERE
    for name in ("administrator", "inspector", "boss", "officer"):
        assert seen(lab.browser(name), OF_LAB) == IN_LAB
    for name, place, status in (
        ("boss", ALL, 403),
        ("member", OF_LAB, 403),
        ("guest", OF_LAB, 403),
        ("outside", OF_LAB, 404),
    ):
        assert lab.browser(name).get(place).status_code == status


def test_it_is_filtered_sorted_and_goes_on_where_a_page_ends(lab):
    client = lab.browser("administrator")
    assert seen(client, kind="deploy_key") == [
        ("deploy_key", "lab/notes"),
        ("deploy_key", "works/notes"),
    ]
    assert seen(client, OF_LAB, holder="machine") == [
        ("deploy_key", "lab/notes"),
        ("token", "builder"),
    ]
    assert seen(client, OF_LAB, q="memb") == [("ssh_key", "member"), ("token", "member")]
    assert seen(client, OF_LAB, unused_days="1", kind="token") != []
    assert seen(client, OF_LAB, unused_days="3650") == []
    for order in ("created", "-created", "used", "-used", "expires", "-expires", "name", "-name"):
        found, cursor = [], ""
        while cursor is not None:
            query = {"limit": 3, "sort": order, **({"cursor": cursor} if cursor else {})}
            page = client.get(ALL, query_string=query).json
            found += [each["id"] for each in page["items"]]
            cursor = page["next"]
        assert (len(found), len(set(found))) == (len(EVERYWHERE), len(EVERYWHERE)), order
    assert client.get(ALL, query_string={"sort": "colour"}).status_code == 422


def test_what_a_token_reaches_is_shown_as_far_as_it_is_theirs(lab):
    lab.token("guest", Scope.REPOSITORY_READ, repositories=["lab/notes", "works/notes"])
    items = lab.browser("boss").get(OF_LAB, query_string={"q": "guest"}).json["items"]
    assert {tuple(each["repositories"]) for each in items} == {("lab/notes",)}


@pytest.mark.promise("P62")
def test_owners_end_what_is_the_organisations_and_keep_out_what_is_not(lab):
    boss = lab.browser("boss", elevated=True)
    items = boss.get(OF_LAB).json["items"]
    status = {}
    for each in items:
        place = f"{OF_LAB}/{each['kind']}/{each['id']}"
        status[each["kind"], each["owner"]] = boss.delete(place).status_code
    assert status == dict.fromkeys(IN_LAB, 204)
    assert seen(boss, OF_LAB) == []
    # A person's tokens and keys are there still, and reach nothing here.
    assert seen(lab.browser("administrator"), q="member") == [
        ("ssh_key", "member"),
        ("token", "member"),
    ]
    (key,) = lab.client("member").get("/api/v1/user/keys").json["items"]
    assert key["kept_out"] == ["lab"]
    assert "lab no longer accepts this key" in lab.browser("member").get("/settings/keys").text
    foreign = lab.browser("administrator").get(ALL, query_string={"q": "outside"}).json["items"]
    for each in foreign:
        assert boss.delete(f"{OF_LAB}/{each['kind']}/{each['id']}").status_code == 404
        assert boss.delete(f"{ALL}/{each['kind']}/{each['id']}").status_code == 403
    officer = lab.browser("officer", elevated=True)
    assert officer.delete(f"{OF_LAB}/token/{foreign[0]['id']}").status_code == 403


def test_administrators_end_anything(lab):
    browser = lab.browser("administrator", elevated=True)
    for each in browser.get(ALL).json["items"]:
        answer = browser.delete(f"{ALL}/{each['kind']}/{each['id']}")
        assert answer.status_code == 204, answer.json
    assert seen(browser) == []


def test_the_portal_lists_filters_exports_and_ends(lab):
    browser = lab.browser("administrator", elevated=True)
    page = browser.get("/administration/credentials?kind=token&sort=-used").text
    assert "builder" in page
    assert "key of member" not in page
    file = browser.get("/administration/credentials?format=csv&kind=deploy_key")
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert {row["owner"] for row in rows} == {"lab/notes", "works/notes"}
    chosen = [f"deploy_key.{row['id']}" for row in rows]
    form = {"act": "end", "chosen": chosen}
    assert "This cannot be undone" in browser.post("/administration/credentials", data=form).text
    done = browser.post("/administration/credentials", data=form | {"confirmed": "yes"})
    assert done.status_code == 303
    assert seen(browser, kind="deploy_key") == []
    boss = lab.browser("boss", elevated=True)
    page = boss.get("/lab/-/credentials?holder=machine").text
    assert "builder" in page
    assert "guest" not in page
    items = boss.get(OF_LAB, query_string={"q": "builder"}).json["items"]
    form = {"act": "end", "chosen": f"token.{items[0]['id']}", "confirmed": "yes"}
    assert boss.post("/lab/-/credentials", data=form).status_code == 303
    assert seen(boss, OF_LAB, q="builder") == []
    officer = lab.browser("officer").get("/lab/-/credentials")
    assert (officer.status_code, 'name="chosen"' in officer.text) == (200, False)
    assert "No matches" in boss.get("/lab/-/credentials?unused=365").text
