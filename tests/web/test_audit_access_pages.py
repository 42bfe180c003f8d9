"""The page and the API that say who could do what on a day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.domain.permissions import OrganisationRole, Role, Scope
from appliance.services import organisation_members, organisations, repository_access
from appliance.services import repositories as repositories_service
from appliance.services.repositories import NewRepository

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def lab(world):
    boss, now = world.administrator("boss"), datetime.now(UTC)
    world.user("writer")
    world.user("owner")
    store = world.wiring.repositories
    with world.begin(boss) as work:
        organisations.create(work, name="lab", now=now)
    with world.begin(boss) as work:
        organisation_members.set_role(work, "lab", "owner", OrganisationRole.OWNER, now=now)
    with world.begin(boss) as work:
        repositories_service.create(work, "lab/notes", NewRepository(), repositories=store, now=now)
    with world.begin(boss) as work:
        repository_access.give(work, "lab/notes", "writer", Role.WRITER, now=now)
    world.keep_log()
    return world


def query(about, name):
    return f"about={about}&name={name}&on={datetime.now(UTC).isoformat()[:19]}Z"


@pytest.mark.promise("P49")
def test_the_page_names_each_right_and_the_events_it_rests_on(lab):
    browser = lab.browser("owner")
    page = browser.get(f"/lab/-/audit/access?{query('repository', 'lab/notes')}")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "writer" in text
    assert "given directly" in text
    [granted] = lab.recorded("repo.role_granted")
    assert f"/lab/-/audit/events/{granted.header['id']}" in text
    assert lab.recorded("audit.access_read")


@pytest.mark.promise("P49")
def test_hidden_is_not_there_and_strangers_are_not_told(lab):
    stranger = lab.browser("writer")
    assert stranger.get("/lab/-/audit/access").status_code in {403, 404}
    assert stranger.get("/administration/audit/access").status_code in {403, 404}
    client = lab.client("writer", Scope.AUDIT_READ)
    on = datetime.now(UTC).date().isoformat()
    assert client.get(f"/api/v1/audit/access?on={on}&repo=lab/notes").status_code in {403, 404}


def test_the_api_says_the_same(lab):
    client = lab.client("boss", Scope.AUDIT_READ)
    on = datetime.now(UTC).date().isoformat()
    found = client.get(f"/api/v1/audit/access?on={on}&repo=lab/notes").json
    mine = [line for line in found["lines"] if line["user"] == "writer"]
    assert [(line["role"], line["source"]) for line in mine] == [("writer", "direct")]
    assert mine[0]["rests_on"][0]["action"] == "repo.role_granted"
    assert client.get("/api/v1/audit/access?on=never&repo=lab/notes").status_code == 422
    assert client.get(f"/api/v1/audit/access?on={on}").status_code == 422


def test_a_form_that_is_not_understood_says_why(lab):
    browser = lab.browser("boss", elevated=True)
    page = browser.get("/administration/audit/access?about=user&name=writer&on=2999-01-01")
    assert page.status_code == 422
    assert "That is in the future." in page.get_data(as_text=True)
    page = browser.get(f"/administration/audit/access?{query('user', 'no-one')}")
    assert page.status_code == 404
