"""Access reviews in the portal and over the API."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.access_reviews import AccessReview, ReviewedRight
from appliance.db.credentials import SshKey
from appliance.domain.permissions import OrganisationRole, Role, Scope
from tests.permissions.people import public_key

REVIEWS = "/api/v1/reviews"


@pytest.fixture
def lab(world):
    world.administrator()
    world.repository("lab/notes")
    for name, role in (
        ("owner", OrganisationRole.OWNER),
        ("officer", OrganisationRole.SECURITY_OFFICER),
        ("member", OrganisationRole.MEMBER),
    ):
        world.user(name, member=role, of="lab")
    world.user("guest", role=Role.WRITER, on="lab/notes")
    return world


def day(days):
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def begin(world, who="owner", **changes: object):
    form = {
        "name": "Spring",
        "rights": ["membership", "repository"],
        "reviewers": "owners",
        "due": day(7),
        "at_due": "keep",
    } | changes
    answer = world.browser(who).post("/lab/-/reviews/new", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def right_of(world, name):
    return world.one(sa.select(ReviewedRight).where(ReviewedRight.subject_name == name))


def test_a_review_is_begun_decided_and_ended_in_the_portal(lab):
    place = begin(lab)
    owner = lab.browser("owner")
    assert "rights wait for your decision in “Spring”" in owner.get("/inbox").text
    assert "Spring" in owner.get("/inbox/reviews").text
    page = owner.get(place).text
    for words in ("given by a person", "member", "guest", "unknown"):
        assert words in page
    guest, member = right_of(lab, "guest"), right_of(lab, "member")
    nothing_said = {"act": "revoke", "chosen": str(guest.id), "confirmed": "yes"}
    owner.post(place, data=nothing_said)
    assert "not done" in owner.get(place).text
    asks = owner.post(place, data={"act": "revoke", "chosen": str(guest.id), "reason": "left"})
    assert "They lose these permissions immediately" in asks.text
    assert "guest: lab/notes" in asks.text
    owner.post(place, data=nothing_said | {"reason": "left"})
    assert lab.browser("guest").get("/lab/notes").status_code == 404
    owner.post(
        place, data={"act": "keep", "chosen": [str(member.id), str(right_of(lab, "owner").id)]}
    )
    assert "your own permissions" in owner.get(place).text
    assert owner.post(f"{place}/close").status_code == 303
    closed = owner.get(place).text
    digest = lab.one(sa.select(AccessReview.digest))
    assert digest in closed
    result = owner.get(f"{place}/result.jsonl").data
    assert hashlib.sha256(result).hexdigest() == digest
    assert {json.loads(each)["decision"] for each in result.splitlines()} == {
        "keep",
        "revoke",
        None,
    }
    assert owner.get(f"{place}?format=csv").text.count("left") == 1
    again = owner.post(f"{place}/repeat")
    assert again.status_code == 303
    assert "Spring" in owner.get("/lab/-/reviews").text


def test_tokens_and_keys_are_reviewed_in_the_portal_and_over_the_api(lab):
    secret = lab.token("member", Scope.REPOSITORY_READ)
    owner = lab.browser("owner", elevated=True)
    key = {"key": public_key(), "title": "mirror"}
    assert owner.post("/api/v1/repos/lab/notes/keys", json=key).status_code == 201
    assert owner.post("/api/v1/orgs/lab/service-accounts", json={"name": "builder"}).is_json
    assert "Which permissions, tokens and keys?" in owner.get("/lab/-/reviews/new").text
    place = begin(lab, rights=["token", "deploy_key", "service_account"])
    page = owner.get(place).text
    for said in ("Access token", "Deploy key", "mirror", "Service account", "builder", secret[:10]):
        assert said in page
    assert "never used" in page
    chosen = [str(right_of(lab, name).id) for name in ("member", "mirror", "builder")]
    form = {"act": "revoke", "chosen": chosen, "reason": "old", "confirmed": "yes"}
    assert owner.post(place, data=form).status_code == 303
    assert lab.one(sa.select(SshKey.id)) is None
    rows = list(csv.DictReader(io.StringIO(owner.get(f"{place}?format=csv").text)))
    said = {row["right"]: (row["credential"], row["may"], row["outcome"]) for row in rows}
    assert said == {
        "token": ("test", "repo:read", "revoked"),
        "deploy_key": ("mirror", "read", "revoked"),
        "service_account": ("", "", "revoked"),
    }
    api = f"{REVIEWS}/{place.rpartition('/')[2]}/items"
    items = {each["kind"]: each for each in lab.client("owner").get(api).json["items"]}
    assert (items["token"]["mark"], items["token"]["reach"]) == (secret[:10], "all")
    assert items["token"]["last_used_at"] is None


@pytest.mark.parametrize(
    ("who", "expected"), [("officer", 200), ("member", 404), ("guest", 404), ("administrator", 200)]
)
def test_who_sees_a_review(lab, who, expected):
    place = begin(lab)
    assert lab.browser(who).get(place).status_code == expected
    assert lab.browser(who).get(f"{place}/result.jsonl").status_code == expected
    posted = lab.browser(who).post(f"{place}/repeat").status_code
    assert posted == (303 if expected == 200 else 404)


def test_named_reviewers_decide_and_see_what_is_theirs(lab):
    place = begin(lab, reviewers="named", named="member")
    member = lab.browser("member")
    page = member.get(place)
    assert page.status_code == 200
    assert "guest" in page.text
    assert member.post(f"{place}/close").status_code == 403
    assert member.get("/lab/-/reviews").status_code == 403
    decided = {"act": "revoke", "chosen": str(right_of(lab, "guest").id), "reason": "left",
               "confirmed": "yes"}  # fmt: skip
    member.post(place, data=decided)
    assert lab.events()[-1] == "role.right_reviewed"


def test_a_wrong_form_says_so(lab):
    owner = lab.browser("owner")
    for wrong in ({"due": "soon"}, {"due": day(-3)}, {"reviewers": "named"}):
        form = {"name": "x", "rights": "membership", "due": day(3)} | wrong
        answer = owner.post("/lab/-/reviews/new", data=form)
        assert answer.status_code == 422
        assert 'class="error"' in answer.text
    refused = lab.browser("officer").post(
        "/lab/-/reviews/new",
        data={"name": "x", "rights": "membership", "due": day(3), "at_due": "revoke"},
    )
    assert refused.status_code == 403


def test_the_whole_appliance_is_reviewed_in_the_administration(lab):
    browser = lab.browser("administrator")
    assert browser.get("/administration/reviews/new").status_code == 200
    form = {"name": "All", "rights": ["instance", "membership"], "due": day(9)}
    made = browser.post("/administration/reviews/new", data=form)
    assert made.status_code == 303
    assert "Role on the appliance" in browser.get(made.headers["Location"]).text
    assert "The whole appliance" in browser.get("/administration/reviews").text
    assert lab.browser("owner").get(made.headers["Location"]).status_code == 200
    assert lab.browser("guest").get(made.headers["Location"]).status_code == 404


def test_the_api_begins_shows_decides_ends_and_repeats(lab):
    owner = lab.client("owner")
    wish = {
        "name": "Spring",
        "org": "lab",
        "rights": ["membership", "repository"],
        "due_at": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
        "repeat_days": 90,
    }
    made = owner.post(REVIEWS, json=wish)
    assert made.status_code == 201
    one = f"{REVIEWS}/{made.json['id']}"
    assert [each["name"] for each in owner.get(f"{REVIEWS}?org=lab").json["items"]] == ["Spring"]
    items = {each["subject_name"]: each["id"] for each in owner.get(f"{one}/items").json["items"]}
    body = {"items": [items["guest"], items["owner"]], "decision": "revoke", "reason": "r"}
    assert owner.post(f"{one}/decisions", json=body).status_code == 403
    assert owner.get(one).json["undecided"] == 4
    decided = owner.post(f"{one}/decisions", json=body | {"items": [items["guest"]]}).json
    assert decided["items"][0]["outcome"] == "revoked"
    assert owner.get(f"{one}/progress").json["items"] == [
        {"user": "owner", "assigned": 3, "decided": 1, "open": 2}
    ]
    assert owner.get(f"{one}/items?state=open&q=mem").json["items"][0]["subject_name"] == "member"
    closed = owner.post(f"{one}/close").json
    result = owner.get(f"{one}/result").json
    assert result["digest"] == closed["digest"]
    assert owner.post(f"{one}/close").status_code == 409
    assert owner.post(f"{one}/repeat").status_code == 201
    narrow = lab.client("owner", Scope.GOVERNANCE_READ)
    assert narrow.get(f"{REVIEWS}?org=lab").status_code == 200
    assert narrow.post(REVIEWS, json=wish).status_code == 404
