"""Every list: sorted and filtered by its address, taken out as a file, acted on in several rows."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import flask
import pytest

from appliance.db.credentials import AccessToken, SshKey
from appliance.domain.ids import new_id
from appliance.domain.jobs import Job
from appliance.domain.permissions import OrganisationRole
from appliance.web.pages import lists
from appliance.web.pages.lists import harmless
from tests.git.builder import Builder
from tests.web.test_dashboard_page import dead_job
from tests.world import NOON, PASSWORD, copy_sqlite

LISTS = (
    "/",
    "/settings/tokens",
    "/settings/keys",
    "/settings/security",
    "/settings/bin",
    "/administration/users",
    "/administration/organisations",
    "/administration/repositories",
    "/administration/repositories?show=damaged",
    "/administration/repositories?show=bin",
    "/administration/jobs",
    "/lab",
    "/lab/-/members",
    "/lab/-/teams",
    "/lab/-/teams/research",
    "/lab/notes/locks",
)


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    """What is tried here is the door's; both databases are tried with the verbs."""
    return copy_sqlite(migrated_sqlite, tmp_path / "home")


@pytest.fixture
def admin(world):
    world.administrator()
    world.user("writer", password=PASSWORD)
    world.user("reader", password=PASSWORD)
    world.repository("lab/notes")
    world.join("administrator", "lab", OrganisationRole.OWNER)
    world.join("writer", "lab")
    world.join("reader", "lab")
    world.team("lab/research")
    return world.browser("administrator", elevated=True)


def with_format(path: str, kind: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}format={kind}"


@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_a_file_too(admin, path):
    answer = admin.get(with_format(path, "csv"))
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    rows = list(csv.reader(io.StringIO(answer.text)))
    items = admin.get(with_format(path, "json")).json
    assert len(items) in {len(rows) - 1, len(rows)}  # The second read may be an event itself.
    assert all(list(item) == rows[0] for item in items)


@pytest.mark.parametrize("path", [*LISTS, "/lab/story/branches", "/lab/story/tags"])
def test_a_file_goes_on_after_its_request_has_ended(world, admin, path, monkeypatch):
    for name in ("build", "backup"):
        add_token(world, name)
        world.repository(f"lab/{name}", deleted_at=NOON)
    world.browser("administrator")
    builder = Builder(world.folder(world.repository("lab/story")))
    first = builder.commit({b"a.txt": b"1"})
    for ref in (b"refs/heads/topic", b"refs/tags/v1", b"refs/tags/v2"):
        builder.ref(ref, first)
    monkeypatch.setattr(lists, "EXPORT_PAGE", 1)

    answer = admin.get(with_format(path, "json"))

    assert not flask.has_request_context()
    assert isinstance(answer.json, list)


@pytest.mark.parametrize("path", [path for path in LISTS if "administration" in path])
def test_a_file_is_for_whom_the_page_is_for(world, admin, path):
    assert world.browser("writer", elevated=True).get(with_format(path, "csv")).status_code == 403


def test_a_file_follows_the_filter_and_the_order(admin):
    answer = admin.get("/administration/users?q=r&sort=-name&format=json")
    assert [each["name"] for each in answer.json] == ["writer", "reader", "administrator"]


def test_a_file_holds_what_many_pages_show(world, admin):
    for number in range(60):
        world.user(f"person-{number}")
    assert len(admin.get("/administration/users?format=json").json) == 63


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(value):
    assert harmless(value) == f"'{value}"


def test_what_begins_harmlessly_stays():
    assert harmless("lab/notes") == "lab/notes"
    assert harmless(-5) == -5


def test_a_name_that_is_a_formula_is_neutralised_in_the_file(world, admin):
    add_token(world, "=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in admin.get("/settings/tokens?format=csv").text
    assert admin.get("/settings/tokens?format=json").json[0]["name"] == "=HYPERLINK(1)"


def test_a_heading_says_how_the_list_is_sorted_and_turns_it_around(admin):
    page = admin.get("/administration/users").text
    assert 'aria-sort="ascending"><a href="/administration/users?sort=-name"' in page
    page = admin.get("/administration/users?sort=-name").text
    assert 'aria-sort="descending"><a href="/administration/users?sort=name"' in page
    assert page.index("/administration/users/writer") < page.index("/administration/users/reader")


def test_an_order_that_is_none_is_the_usual_one(admin):
    assert admin.get("/administration/users?sort=password_hash").status_code == 200


@pytest.mark.parametrize("order", ["-newest", "-pushed", "name", "-size", "size"])
def test_repositories_are_sorted_and_paged(world, admin, order):
    for number in range(60):
        world.repository(f"lab/part-{number}", size_bytes=number)
    page = admin.get(f"/lab?sort={order}")
    older = page.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert admin.get(older).status_code == 200
    shown = json.loads(admin.get(f"/lab?sort={order}&format=json").text)
    assert len(shown) == 61


def test_a_list_that_fits_nothing_says_how_to_go_on(admin):
    for path in ("/settings/tokens", "/settings/keys", "/lab/-/members", "/lab/-/teams"):
        assert "Clear the filter" in admin.get(f"{path}?q=nothing-like-it").text


def test_people_are_kept_out_together_after_a_question(world, admin):
    form = {"act": "suspend", "chosen": ["writer", "reader"], "back": "/administration/users?q=r"}
    question = admin.post("/administration/users", data=form)
    assert question.status_code == 200
    assert "writer" in question.text
    assert "Their sessions end" in question.text
    assert world.events() == []
    answer = admin.post("/administration/users", data=form | {"confirmed": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/administration/users?q=r")
    assert world.events() == ["user.suspended", "user.suspended"]
    admin.post("/administration/users", data={"act": "reinstate", "chosen": ["writer", "reader"]})
    assert world.events()[2:] == ["user.reinstated", "user.reinstated"]


def test_what_fails_is_named_and_what_went_right_stays(world, admin):
    form = {"act": "suspend", "chosen": ["writer", "administrator"], "confirmed": "yes"}
    page = admin.post("/administration/users", data=form, follow_redirects=True).text
    assert "Suspend: done with 1 (writer)." in page
    assert "administrator: not done. Ask another administrator to do that to you." in page
    assert world.events() == ["user.suspended"]


def test_nothing_chosen_is_said(admin):
    page = admin.post("/administration/users", data={"act": "suspend"}, follow_redirects=True)
    assert "Select something in the list first." in page.text


def test_the_way_back_leads_nowhere_else(admin):
    form = {"act": "reinstate", "chosen": "writer", "back": "https://elsewhere.test/"}
    answer = admin.post("/administration/users", data=form)
    assert answer.headers["Location"] == "/administration/users"


def test_others_act_on_nobody(world, admin):
    form = {"act": "suspend", "chosen": "reader", "confirmed": "yes"}
    browser = world.browser("writer", elevated=True)
    assert browser.post("/administration/users", data=form).status_code == 403
    assert world.client().post("/administration/users", data=form).status_code == 303
    assert world.events() == ["access.refused"]


@pytest.mark.parametrize(
    ("path", "act"),
    [
        ("/administration/jobs", "retry"),
        ("/administration/jobs", "discard"),
        ("/lab/-/members/several", "remove"),
        ("/lab/-/members/several", "role"),
    ],
)
def test_who_may_not_is_refused_before_anything_is_done(world, admin, path, act):
    job = dead_job(world.actor("writer").id, Job.CHECK_REPOSITORY)
    world.add(job)
    chosen = str(job.id) if "jobs" in path else "reader"
    form = {"act": act, "role": "owner", "chosen": chosen, "confirmed": "yes"}
    assert world.browser("writer", elevated=True).post(path, data=form).status_code == 403
    assert world.client().post(path, data=form).headers["Location"].startswith("/sign-in")
    assert world.events() == ["access.refused"]


def test_keys_of_others_stay(world, admin):
    key = SshKey(
        id=new_id(),
        user_id=world.actor("administrator").id,
        title="laptop",
        key_type="ssh-ed25519",
        public_key=b"key",
        fingerprint="SHA256:x",
        may_write=True,
        created_at=NOON,
    )
    world.add(key)
    form = {"act": "remove", "chosen": str(key.id), "confirmed": "yes"}
    page = world.browser("writer").post("/settings/keys", data=form, follow_redirects=True).text
    assert "not done. There is no such SSH key." in page
    page = admin.post("/settings/keys", data=form, follow_redirects=True).text
    assert "Remove: done with 1 (laptop)." in page
    assert world.events() == ["access.refused", "ssh_key.removed"]


def test_members_get_a_role_or_go_together(world, admin):
    form = {"act": "role", "role": "auditor", "chosen": ["writer", "reader"]}
    admin.post("/lab/-/members/several", data=form)
    assert world.events() == ["org.member_role_changed", "org.member_role_changed"]
    form = {"act": "remove", "chosen": ["writer", "reader"], "confirmed": "yes"}
    admin.post("/lab/-/members/several", data=form)
    assert world.events()[2:] == ["org.member_removed", "org.member_removed"]


def test_tokens_are_revoked_together_by_name(world, admin):
    ids = [add_token(world, name) for name in ("build", "backup")]
    question = admin.post("/settings/tokens", data={"act": "revoke", "chosen": ids}).text
    assert "build" in question
    form = {"act": "revoke", "chosen": ids, "confirmed": "yes"}
    page = admin.post("/settings/tokens", data=form, follow_redirects=True).text
    assert "Revoke: done with 2 (build, backup)." in page
    assert world.events() == ["token.revoked", "token.revoked"]


def test_a_token_of_somebody_else_is_none(world, admin):
    token = add_token(world, "build")
    browser = world.browser("writer", elevated=True)
    form = {"act": "revoke", "chosen": token, "confirmed": "yes"}
    page = browser.post("/settings/tokens", data=form, follow_redirects=True).text
    assert "not done. There is no such token." in page


def test_what_is_no_id_is_said(admin):
    form = {"act": "revoke", "chosen": "x", "confirmed": "yes"}
    page = admin.post("/settings/tokens", data=form, follow_redirects=True).text
    assert "x: not done." in page


def test_sessions_end_together(world, admin):
    world.browser("administrator")
    page = admin.get("/settings/security").text
    chosen = page.split('name="chosen" value="')[1].split('"')[0]
    form = {"act": "end", "chosen": chosen, "confirmed": "yes"}
    assert admin.post("/settings/sessions", data=form).status_code == 303
    assert world.events() == ["session.revoked"]


def test_dead_jobs_are_tried_again_or_put_away(world, admin):
    jobs = [dead_job(world.actor("writer").id, Job.CHECK_REPOSITORY) for _ in range(2)]
    world.add(*jobs)
    again = {"act": "retry", "chosen": str(jobs[0].id)}
    assert admin.post("/administration/jobs", data=again).status_code == 303
    away = {"act": "discard", "chosen": str(jobs[1].id), "confirmed": "yes"}
    assert admin.post("/administration/jobs", data=away).status_code == 303
    assert world.events() == ["job.retried", "job.discarded"]
    page = admin.post("/administration/jobs", data=away, follow_redirects=True).text
    assert "Only jobs that failed for good can be discarded." in page


def test_repositories_come_back_from_the_bin_together(world, admin):
    for name in ("one", "two"):
        world.repository(f"lab/{name}", deleted_at=NOON)
    form = {"act": "restore", "chosen": ["lab/one", "lab/two"]}
    page = admin.post("/settings/bin/several", data=form, follow_redirects=True).text
    assert "Restore: done with 2 (lab/one, lab/two)." in page
    assert world.events() == ["repo.restored", "repo.restored"]


def add_token(world, name: str) -> str:
    token = AccessToken(
        id=new_id(),
        user_id=world.actor("administrator").id,
        name=name,
        secret_hash=new_id().bytes * 2,
        shown_prefix="cod_abc",
        scopes=["user"],
        all_repositories=True,
        created_at=NOON,
        expires_at=NOON + timedelta(days=3000),
    )
    world.add(token)
    return str(token.id)


def test_people_leave_a_team_together(world, admin):
    for name in ("writer", "reader"):
        admin.post("/lab/-/teams/research/members", data={"user": name})
    page = admin.get("/lab/-/teams/research?q=wri").text
    assert 'value="writer"' in page
    assert 'value="reader"' not in page
    page = admin.get("/lab/-/teams/research?sort=-since").text
    assert page.index('value="reader"') < page.index('value="writer"')
    path = "/lab/-/teams/research/members/several"
    form = {"act": "remove", "chosen": ["writer", "reader"]}
    before = len(world.events())
    assert "They stay in the organisation" in admin.post(path, data=form).text
    admin.post(path, data=form | {"confirmed": "yes"})
    assert world.events()[before:] == ["team.member_removed", "team.member_removed"]


def test_sessions_are_found_by_their_browser_and_sorted(world, admin):
    world.browser("administrator")
    assert len(admin.get("/settings/security?format=json").json) == 2
    assert len(admin.get("/settings/security?sort=used&format=json").json) == 2
    assert admin.get("/settings/security?q=nothing-like-it&format=json").json == []
    assert "No matching sessions" in admin.get("/settings/security?q=nothing-like-it").text


def test_the_bin_is_filtered_and_sorted(world, admin):
    for name, size in (("small", 1), ("large", 9), ("middle", 5)):
        world.repository(f"lab/{name}", deleted_at=NOON, size_bytes=size)
    found = admin.get("/settings/bin?sort=-size&format=json").json
    assert [each["path"] for each in found] == ["lab/large", "lab/middle", "lab/small"]
    assert [each["path"] for each in admin.get("/settings/bin?q=MID&format=json").json] == [
        "lab/middle"
    ]
    assert "No matching repositories" in admin.get("/settings/bin?q=nothing-like-it").text
