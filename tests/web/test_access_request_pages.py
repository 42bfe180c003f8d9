"""Asking for access in the portal and over the API: it tells nothing, is given, and ends."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.access_requests import AccessRequest, TemporaryRight
from appliance.domain.access_requests import Thing, Wish
from appliance.domain.permissions import OrganisationRole, Role, Scope
from appliance.services import access_requests
from tests.permissions.seen import as_seen

DIFFERS = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|<time.*?</time>|hue-\d+"
    r"|\d{4}-\d\d-\d\d[T ][\d:.]+(\+00:00|Z)"
)
"""What differs with every request: ids, times, and the colour of a person's name."""
WHY = "for the audit"
OWN, ALL = "/api/v1/user/access-requests", "/api/v1/access-requests"


@pytest.fixture
def lab(world):
    world.administrator()
    world.repository("lab/notes")
    world.team("lab/core")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("asker")
    return world


def ask(world, name="lab/notes", who="asker", role=Role.WRITER):
    wish = Wish(Thing.REPOSITORY, name, role, 8, WHY)
    with world.begin(world.actor(who)) as work:
        return access_requests.ask(work, wish, now=datetime.now(UTC)).request


def plain(answer, *names: str):
    """All that can be told from an answer, but for what differs always, and what was typed."""
    status, text, headers = as_seen(answer, *names)
    return status, DIFFERS.sub("", text), headers


@pytest.mark.promise("P53")
@pytest.mark.parametrize(
    ("thing", "there", "nowhere"),
    [
        ("repository", "lab/notes", "lab/other"),
        ("team", "lab/core", "lab/gone"),
        ("organisation", "zebra", "okapi"),
    ],
)
def test_the_portal_answers_alike_whether_there_is_such_a_thing(lab, thing, there, nowhere):
    lab.organisation("zebra")
    seen = []
    for who, name in (("pilot1", there), ("pilot2", nowhere)):
        lab.user(who)
        browser = lab.browser(who)
        form = {"thing": thing, "name": name, "role": "writer", "span": "8h", "reason": WHY}
        answers = [
            browser.post("/settings/access-requests/new", data=form),
            browser.get("/settings/access-requests"),
            browser.get(f"/settings/access-requests/{request_of(lab, who).id}"),
            browser.post("/settings/access-requests/new", data=form),
            browser.get("/inbox"),
            browser.get("/settings/access-requests?format=json"),
        ]
        seen.append([plain(each, name, who) for each in answers])
    for one, other in zip(*seen, strict=True):
        assert one == other


@pytest.mark.promise("P53")
def test_the_api_answers_alike_whether_there_is_such_a_thing(lab):
    client = lab.client("asker")
    seen = []
    for name in ("lab/notes", "lab/other"):
        wish = {"thing": "repository", "name": name, "role": "owner", "hours": 8000, "reason": "r"}
        made = client.post(OWN, json=wish)
        assert made.status_code == 201
        one = f"{ALL}/{made.json['id']}"
        answers = [made, client.get(one), client.post(OWN, json=wish)]
        answers += [client.post(f"{one}/approve", json={}), client.post(f"{one}/end", json={})]
        answers.append(client.delete(f"{OWN}/{made.json['id']}"))
        answers.append(client.get(one))
        seen.append([plain(each, name) for each in answers])
    for one, other in zip(*seen, strict=True):
        assert one == other


@pytest.mark.promise("P53")
def test_pages_that_are_not_there_offer_to_ask_for_them_all_alike(lab):
    browser = lab.browser("asker")
    hidden, missing = (browser.get(f"/lab/{name}") for name in ("notes", "plans"))
    assert hidden.status_code == 404
    assert "/settings/access-requests/new?thing=repository&amp;name=lab/notes" in hidden.text
    assert plain(hidden, "notes") == plain(missing, "plans")


def test_what_exists_is_asked_of_its_owners_and_what_does_not_of_nobody(lab):
    ask(lab)
    ask(lab, "lab/other")
    inbox = lab.browser("owner").get("/inbox").text
    assert "asker requests access to lab/notes" in inbox
    assert "lab/other" not in inbox
    assert "requests access" not in lab.browser("administrator").get("/inbox").text


def test_a_refused_page_offers_to_ask_for_the_role_that_is_needed(lab):
    lab.grant("asker", Role.READER, "lab/notes")
    refused = lab.browser("asker").get("/lab/notes/settings/access")
    assert refused.status_code == 403
    place = "/settings/access-requests/new?thing=repository&amp;name=lab/notes&amp;role=maintainer"
    assert place in refused.text
    form = lab.browser("asker").get(place.replace("&amp;", "&")).text
    assert 'value="lab/notes"' in form
    assert '<option value="maintainer" selected>' in form


def test_it_is_given_prolonged_and_ended_in_the_portal(lab):
    request = ask(lab)
    place = f"/settings/access-requests/{request.id}"
    owner, asker = lab.browser("owner"), lab.browser("asker")
    assert asker.get(place).status_code == 200
    page = owner.get(place).text
    assert "They cannot see it" in page
    too_much = owner.post(f"{place}/approve", data={"role": "owner", "span": "as_asked"})
    assert too_much.status_code == 422
    made = owner.post(f"{place}/approve", data={"role": "reader", "span": "4h", "reason": "yes"})
    assert made.status_code == 303
    assert asker.get("/lab/notes").status_code == 200
    assert "You were given access to lab/notes" in asker.get("/inbox").text
    assert "Temporary" in owner.get("/lab/notes/settings/access").text
    listed = owner.get("/lab/-/settings/access-requests").text
    assert "asker" in listed
    assert owner.post(f"{place}/prolong", data={"span": "3d", "reason": "r"}).status_code == 303
    assert owner.post(f"{place}/end", data={"reason": ""}).status_code == 422
    assert owner.post(f"{place}/end", data={"reason": "done"}).status_code == 303
    assert asker.get("/lab/notes").status_code == 404


def test_several_are_withdrawn_refused_and_ended_at_once(lab):
    lab.user("other")
    requests = [ask(lab), ask(lab, who="other")]
    owner = lab.browser("owner")
    chosen = [str(each.id) for each in requests]
    nothing_said = owner.post("/inbox/access", data={"act": "refuse", "chosen": chosen})
    assert nothing_said.status_code == 303
    assert "not done" in owner.get("/inbox/access").text
    owner.post("/inbox/access", data={"act": "approve", "chosen": chosen})
    several = {"act": "end", "chosen": chosen, "confirmed": "yes", "reason": "r"}
    assert owner.post("/lab/-/settings/access-requests/several", data=several).status_code == 303
    assert lab.one(sa.select(TemporaryRight)) is None
    again = ask(lab)
    lab.browser("asker").post(
        "/settings/access-requests", data={"act": "withdraw", "chosen": str(again.id)}
    )
    assert lab.events()[-1] == "role.access_withdrawn"
    other = ask(lab, who="other")
    told = {"act": "refuse", "chosen": str(other.id), "reason": "not you"}
    owner.post("/inbox/access", data=told)
    assert "not you" in owner.get(f"/settings/access-requests/{other.id}").text
    lab.browser("asker").post(f"/settings/access-requests/{ask(lab).id}/withdraw")


def test_the_rule_is_set_in_the_portal(lab):
    owner = lab.browser("owner")
    form = {"is_open": "yes", "approvers": "maintainers", "longest_days": "0.5"}
    assert owner.post("/lab/-/settings/access-requests", data=form).status_code == 303
    rule = lab.client("owner").get("/api/v1/orgs/lab/access-rule").json
    assert (rule["longest_hours"], rule["approvers"]) == (12, "maintainers")
    assert (
        owner.post("/lab/-/settings/access-requests", data={"longest_days": "0"}).status_code == 422
    )


def test_the_api_gives_prolongs_ends_refuses_and_lists(lab):
    owner, asker = lab.client("owner"), lab.client("asker")
    wish = {"thing": "repository", "name": "lab/notes", "role": "writer", "hours": 8, "reason": WHY}
    made = asker.post(OWN, json=wish).json
    one = f"{ALL}/{made['id']}"
    assert [each["user"] for each in owner.get(ALL).json["items"]] == ["asker"]
    given = owner.post(f"{one}/approve", json={"hours": 2}).json
    assert (given["state"], given["is_in_force"], given["decided_by"]) == (
        "approved",
        True,
        "owner",
    )
    assert asker.get("/api/v1/repos/lab/notes").status_code == 200
    assert owner.post(f"{one}/prolong", json={"hours": 9, "reason": "r"}).status_code == 200
    held = owner.get("/api/v1/orgs/lab/temporary-access").json["items"]
    assert [(each["user"], each["role"]) for each in held] == [("asker", "writer")]
    assert owner.get("/api/v1/repos/lab/notes/access/asker").json["reasons"][0]["until"]
    assert asker.post(f"{one}/end", json={}).json["is_in_force"] is False
    assert asker.get("/api/v1/repos/lab/notes").status_code == 404
    second = asker.post(OWN, json=wish).json["id"]
    refused = owner.post(f"{ALL}/{second}/refuse", json={"reason": "no"})
    assert (refused.status_code, refused.json["answer"]) == (200, "no")
    # They cannot see it, so that for them it waits still.
    assert asker.post(OWN, json=wish).status_code == 409
    assert asker.delete(f"{OWN}/{second}").status_code == 204
    states = [each["state"] for each in asker.get(OWN).json["items"]]
    assert sorted(states) == ["approved", "withdrawn"]
    narrow = lab.client("owner", Scope.REPOSITORY_READ)
    assert narrow.get(ALL).json["items"] == []


def test_others_see_and_do_nothing_with_a_request(lab):
    lab.user("other")
    one = f"{ALL}/{ask(lab).id}"
    other, browser = lab.client("other"), lab.browser("other")
    for verb in ("approve", "end"):
        assert other.post(f"{one}/{verb}", json={}).status_code == 404
    for verb in ("refuse", "prolong"):
        body = {"reason": "r"} | ({"hours": 3} if verb == "prolong" else {})
        assert other.post(f"{one}/{verb}", json=body).status_code == 404
    assert other.get(one).status_code == 404
    assert (
        browser.get(one.replace("/api/v1/access-requests", "/settings/access-requests")).status_code
        == 404
    )
    assert lab.browser("owner").get("/inbox/access?format=csv").text.count(WHY) == 1


@pytest.mark.promise("P52")
def test_the_moment_it_ends_every_door_is_closed(lab):
    with_token = lab.client("asker", Scope.REPOSITORY_READ)
    request = ask(lab)
    lab.browser("owner").post(f"/settings/access-requests/{request.id}/approve", data={})
    browser = lab.browser("asker")
    fetch = "/lab/notes.git/info/refs?service=git-upload-pack"
    batch = {"operation": "download", "objects": []}

    def doors():
        return [
            browser.get("/lab/notes").status_code,
            with_token.get("/api/v1/repos/lab/notes").status_code,
            with_token.get(fetch, buffered=True).status_code,
            with_token.post("/lab/notes.git/info/lfs/objects/batch", json=batch).status_code,
        ]

    assert doors() == [200] * 4
    with lab.wiring.database._writing() as session, session.begin():
        past = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(sa.update(TemporaryRight).values(expires_at=past))
        session.info.clear()
    assert doors() == [404] * 4


def request_of(world, who):
    query = sa.select(AccessRequest).where(AccessRequest.user_id == world._user(who).id)
    return world.one(query)
