"""Service accounts over HTTP: the API, the portal, and that ending one ends it everywhere."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import OrganisationRole, Role
from tests.permissions.people import public_key

FETCH = "/lab/notes.git/info/refs?service=git-upload-pack"
BATCH = "/lab/notes.git/info/lfs/objects/batch"
OF_LAB = "/api/v1/orgs/lab/service-accounts"
ONE = "/api/v1/service-accounts/builder"
TOKENS = "/api/v1/user/tokens"


@pytest.fixture
def lab(world):
    """An organisation with an owner and a repository."""
    world.repository("lab/notes")
    world.user("boss", member=OrganisationRole.OWNER, of="lab")
    return world


def asked(world, token):
    """What the API, Git and LFS answer to a token."""
    client = world.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    body = {"operation": "download", "objects": []}
    return [
        client.get("/api/v1/user").status_code,
        client.get(FETCH).status_code,
        client.post(BATCH, json=body).status_code,
    ]


@pytest.mark.promise("P57")
@pytest.mark.parametrize("end", ["suspend", "delete"])
def test_a_machine_works_until_its_owner_ends_it(lab, end):
    client = lab.client("boss")
    made = client.post(OF_LAB, json={"name": "builder", "title": "Builds"})
    assert (made.status_code, made.json["organisation"]) == (201, "lab")
    lab.grant("builder", Role.READER, "lab/notes")
    wanted = {"name": "ci", "scopes": ["repo:read", "user"], "expires_in_days": 3}
    token = client.post(TOKENS, json=wanted | {"user": "builder"}).json["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    short = lab.app.test_client().post("/api/v1/auth/token", headers=bearer).json["token"]
    assert asked(lab, token) == asked(lab, short) == [200, 200, 200]
    if end == "suspend":
        assert client.patch(ONE, json={"suspended": True}).json["state"] == "suspended"
    else:
        assert client.delete(ONE).status_code == 204
    assert asked(lab, token) == asked(lab, short) == [401, 401, 401]
    if end == "suspend":
        assert client.patch(ONE, json={"suspended": False}).json["tokens"] == 1
        assert asked(lab, token) == [200, 200, 200]
        changed = client.patch(ONE, json={"title": "CI", "name": "runner"}).json
        assert (changed["name"], changed["title"]) == ("runner", "CI")


def test_lists_say_who_is_a_machine(lab):
    client = lab.client("boss")
    client.post(OF_LAB, json={"name": "builder"})
    key = client.post("/api/v1/user/keys", json={"key": public_key(), "user": "builder"})
    assert key.status_code == 201
    lab.team("lab/robots", "builder")
    lab.grant("builder", Role.READER, "lab/notes")
    for place, name in (
        ("/api/v1/users", "name"),
        ("/api/v1/orgs/lab/members", "name"),
        ("/api/v1/orgs/lab/teams/robots/members", "name"),
        ("/api/v1/repos/lab/notes/grants", "name"),
    ):
        items = client.get(place).json["items"]
        assert {each[name] for each in items if each["is_machine"]} == {"builder"}, place
    for place in (
        "/lab/-/members",
        "/lab/-/teams/robots",
        "/builder",
        "/lab/notes/settings/access",
    ):
        assert "Service account" in lab.browser("boss").get(place).text, place
    assert client.get(OF_LAB).json["items"][0]["keys"] == 1


@pytest.mark.promise("P58")
def test_a_machine_cannot_sign_in(lab):
    lab.client("boss").post(OF_LAB, json={"name": "builder"})
    browser = lab.app.test_client()
    lab.app.config["WTF_CSRF_ENABLED"] = False
    for password in ("", "builder", "None"):
        form = {"name": "builder", "password": password, "next": "/"}
        assert browser.post("/sign-in", data=form).status_code in {401, 422, 429}
    administrator = lab.administrator()
    asked_for = lab.client(administrator.label).post("/api/v1/users/builder/password-reset")
    assert (asked_for.status_code, "service account" in asked_for.json["detail"]) == (409, True)


def test_the_portal_makes_shows_and_ends_machines(lab):
    browser = lab.browser("boss", elevated=True)
    place = "/lab/-/settings/service-accounts"
    assert "No service accounts" in browser.get(place).text
    refused = browser.post(place, data={"name": "boss"})
    assert (refused.status_code, 'id="name-error"' in refused.text) == (409, True)
    made = browser.post(place, data={"name": "builder", "title": "Builds"})
    assert made.headers["Location"] == "/accounts/builder"
    assert "builder" in browser.get(f"{place}?format=csv").text
    form = {"name": "ci", "scopes": "repo:read", "days": "30"}
    shown = browser.post("/accounts/builder/tokens", data=form)
    assert "cod_" in shown.text
    wrong = browser.post("/accounts/builder/tokens", data={"name": "ci", "days": "30"})
    assert (wrong.status_code, 'id="scopes-error"' in wrong.text) == (422, True)
    assert browser.post("/accounts/builder/keys", data={"key": public_key()}).status_code == 303
    client = lab.client("boss")
    (token,) = client.get(f"{TOKENS}?user=builder").json["items"]
    (key,) = client.get("/api/v1/user/keys?user=builder").json["items"]
    for path in (f"tokens/{token['id']}/revoke", f"keys/{key['id']}/remove", "suspend"):
        assert browser.post(f"/accounts/builder/{path}").status_code == 303
    several = {"act": "reinstate", "chosen": "builder"}
    assert browser.post(f"{place}/several", data=several).status_code == 303
    assert client.get(ONE).json["state"] == "active"
    assert browser.post("/accounts/builder/delete").status_code == 422
    gone = browser.post("/accounts/builder/delete", data={"confirm": "builder"})
    assert gone.headers["Location"] == place
    assert client.get(ONE).status_code == 404


def test_administrators_see_all_and_make_those_of_the_appliance(lab):
    lab.client("boss").post(OF_LAB, json={"name": "builder"})
    lab.administrator()
    browser = lab.browser("administrator", elevated=True)
    place = "/administration/service-accounts"
    made = browser.post(place, data={"name": "operator"})
    assert made.headers["Location"] == "/accounts/operator"
    page = browser.get(place).text
    assert "builder" in page
    assert "operator" in page
    several = {"act": "suspend", "chosen": ["builder", "operator"], "confirmed": "yes"}
    assert browser.post(f"{place}/several", data=several).status_code == 303
    listed = lab.client("administrator").get("/api/v1/service-accounts").json["items"]
    assert {each["name"]: each["state"] for each in listed} == {
        "builder": "suspended",
        "operator": "suspended",
    }
    assert lab.client("boss").get("/api/v1/service-accounts").status_code == 403
    assert lab.client("boss").get("/api/v1/service-accounts/operator").status_code == 403
