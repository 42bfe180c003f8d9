"""Administration, as a browser uses it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from appliance.db.repositories import RepositoryHealth
from appliance.domain.jobs import Job
from appliance.domain.permissions import InstanceRole
from appliance.services import health
from appliance.web.pages import words
from tests.web.test_dashboard_page import dead_job
from tests.world import PASSWORD

PAGES = (
    "/administration",
    "/administration/users",
    "/administration/organisations",
    "/administration/repositories",
    "/administration/repositories?show=damaged",
    "/administration/jobs",
    "/administration/audit",
)
FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@pytest.fixture
def admin(world):
    world.administrator()
    world.user("writer", password=PASSWORD)
    return world.browser("administrator", elevated=True)


def test_every_kind_of_job_has_a_name():
    assert set(words.JOBS) == set(Job)


@pytest.mark.parametrize("path", PAGES)
def test_administration_is_for_administrators_and_auditors(world, admin, path):
    world.user("auditor", instance=InstanceRole.AUDITOR)
    assert admin.get(path).status_code == 200
    assert world.browser("auditor").get(path).status_code == 200
    assert world.browser("writer").get(path).status_code == 403
    assert world.client().get(path).status_code == 303


def test_health_says_how_each_part_is(admin):
    page = admin.get("/administration").text
    for part in ("Database", "Queue", "Storage", "Git", "Worker", "Scheduler", "Audit log"):
        assert f">{part}</th>" in page


def test_every_part_that_can_be_ill_has_a_name_for_people():
    assert set(words.PARTS) == set(health.CURES)


def test_a_new_user_enters_by_a_link_that_is_shown_once(world, admin):
    page = admin.post("/administration/users/new", data={"name": "newcomer"}).text
    link = re.search(r'value="http[^"]+(/reset/[^"]+)"', page)[1]
    stranger = world.client()
    assert stranger.get(link).status_code == 200
    assert stranger.post(link, data={"password": "a sentence of my own"}).status_code == 200
    assert stranger.get(link).status_code == 404


def test_a_weak_first_password_is_said_at_its_field(admin):
    answer = admin.post(
        "/administration/users/new", data={"name": "newcomer", "password": "password1234"}
    )
    assert answer.status_code == 422
    assert 'id="password-error"' in answer.text
    assert "password1234" not in answer.text


def test_users_are_found_by_name_and_state(admin):
    assert "/administration/users/writer" in admin.get("/administration/users?q=writ").text
    assert (
        "/administration/users/writer"
        not in admin.get("/administration/users?state=suspended").text
    )


def test_a_user_is_suspended_and_let_in_again(world, admin):
    browser = world.browser("writer")
    admin.post("/administration/users/writer/suspend", data={"reason": "left the lab"})
    assert browser.get("/settings").status_code == 303
    assert "Suspended" in admin.get("/administration/users?state=suspended").text
    admin.post("/administration/users/writer/reinstate")
    assert world.events() == ["user.suspended", "user.reinstated"]


def test_roles_and_names_are_changed(world, admin):
    admin.post("/administration/users/writer/role", data={"role": "auditor"})
    answer = admin.post("/administration/users/writer/rename", data={"name": "author"})
    assert answer.headers["Location"] == "/administration/users/author"
    assert world.events() == ["user.role_changed", "user.renamed"]


def test_deleting_a_user_wants_their_name(world, admin):
    assert (
        admin.post("/administration/users/writer/delete", data={"confirm": "x"}).status_code == 422
    )
    assert (
        admin.post("/administration/users/writer/delete", data={"confirm": "writer"}).status_code
        == 303
    )
    assert admin.get("/administration/users/writer").status_code == 404


def test_who_owns_repositories_is_not_deleted(world, admin):
    world.repository("writer/draft")
    answer = admin.post("/administration/users/writer/delete", data={"confirm": "writer"})
    assert answer.status_code == 409
    assert "owns repositories" in answer.text


def test_users_do_none_of_it(world, admin):
    browser = world.browser("writer", elevated=True)
    assert browser.get("/administration/users/administrator").status_code == 403
    for act in ("suspend", "reset-link", "delete", "role", "rename"):
        form = {"confirm": "administrator", "role": "user", "name": "other"}
        assert (
            browser.post(f"/administration/users/administrator/{act}", data=form).status_code == 403
        )


def test_dead_jobs_are_tried_again(world, admin):
    world.add(dead_job(world.actor("writer").id, Job.CHECK_REPOSITORY))
    page = admin.get("/administration/jobs?state=dead").text
    assert "The source does not answer." in page
    assert "Jobs (1 failed)" in page
    admin.post(re.search(r'"(/administration/jobs/[^"/]+/retry)"', page)[1])
    assert "The source does not answer." not in admin.get("/administration/jobs?state=dead").text
    assert world.events() == ["job.retried"]


@pytest.mark.parametrize("place", ["/administration/jobs?state=dead", "/jobs/{id}"])
@pytest.mark.parametrize("kind", [Job.CHECK_REPOSITORY, Job.IMPORT_REPOSITORY])
def test_one_dead_job_is_put_away_at_a_button_after_a_question(world, admin, place, kind):
    job = dead_job(world.actor("writer").id, kind)
    world.add(job)
    page = place.format(id=job.id)
    fields = form_of(admin.get(page).text, "Discard")

    question = admin.post("/administration/jobs", data=fields)
    assert "are marked as cancelled" in question.text
    assert world.events() == []
    answer = admin.post("/administration/jobs", data=fields | {"confirmed": "yes"})

    assert answer.headers["Location"] == page
    assert world.events() == ["job.discarded"]
    assert ">Discard<" not in admin.get(page).text
    assert ">Discard<" not in world.browser("writer").get(f"/jobs/{job.id}").text


def form_of(page: str, label: str) -> dict[str, str]:
    """What the small form with this button sends."""
    forms = re.findall(r'<form action="[^"]*" method="post" class="inline-form">.*?</form>', page)
    form = next(each for each in forms if f">{label}<" in each)
    return {name: unescape(value) for name, value in FIELD.findall(form)}


def test_a_job_is_for_who_asked_for_it(world, admin):
    job = dead_job(world.actor("writer").id, Job.CHECK_REPOSITORY)
    world.add(job)
    world.user("stranger")
    assert "Failed for good" in world.browser("writer").get(f"/jobs/{job.id}").text
    assert world.browser("stranger").get(f"/jobs/{job.id}").status_code == 404
    assert world.browser("stranger").get(f"/jobs/{job.id}.json").status_code == 404
    assert world.browser("writer").post(f"/jobs/{job.id}/retry").status_code == 403


def test_only_a_job_that_goes_on_says_how_often_it_may_still_try(world, admin):
    job = dead_job(world.actor("writer").id, Job.CHECK_REPOSITORY)
    job.attempts_left = 2
    world.add(job)
    assert not re.search(r"\d left", admin.get(f"/jobs/{job.id}").text)
    admin.post(f"/jobs/{job.id}/retry")
    assert re.search(r"\d left", admin.get(f"/jobs/{job.id}").text)


def test_a_job_that_waits_is_cancelled(world, admin):
    job = dead_job(world.actor("writer").id, Job.CHECK_REPOSITORY)
    world.add(job)
    admin.post(f"/jobs/{job.id}/retry")
    browser = world.browser("writer")
    assert browser.post(f"/jobs/{job.id}/cancel").status_code == 303
    assert "It stops at its next step" in browser.get(f"/jobs/{job.id}").text


def test_damaged_repositories_are_shown_with_what_is_known(world, admin):
    damaged = world.repository("lab/notes")
    problem = "loose object is corrupt"
    world.add(RepositoryHealth(id=damaged.id, damaged_since=datetime.now(UTC), problem=problem))
    assert problem in admin.get("/administration/repositories?show=damaged").text
    assert "lab/notes is damaged." in admin.get("/").text


def test_a_damaged_repository_is_checked_again_at_a_button(world, admin):
    world.user("auditor", instance=InstanceRole.AUDITOR)
    damaged = world.repository("lab/notes")
    world.add(RepositoryHealth(id=damaged.id, damaged_since=datetime.now(UTC), problem="corrupt"))
    place, act = "/administration/repositories?show=damaged", "/administration/repositories/check"
    page = admin.get(place).text
    assert (
        f"repositories/{damaged.id.hex[-2:]}/{damaged.id.hex[-4:-2]}/{damaged.id.hex}.git" in page
    )
    assert f'action="{act}?show=damaged"' in page
    assert act not in world.browser("auditor").get(place).text

    answer = admin.post(f"{act}?show=damaged", data={"path": "lab/notes"})
    assert answer.headers["Location"] == place
    assert "lab/notes is queued for a check." in admin.get(place).text
    assert world.events() == ["repo.check_requested"]
    gone = admin.post(f"{act}?show=damaged", data={"path": "lab/gone"})
    assert gone.status_code == 404
    assert "There is no repository" in gone.text


def test_a_repository_is_given_room_of_its_own(world, admin):
    world.repository("lab/notes")
    form = {"path": "lab/notes", "gibibytes": "1.5"}
    assert admin.post("/administration/repositories/quota", data=form).status_code == 303
    assert world.events() == ["repo.changed"]
    wrong = admin.post(
        "/administration/repositories/quota", data={"path": "lab/none", "gibibytes": "1"}
    )
    assert wrong.status_code == 404
    assert 'id="path-error"' in wrong.text
    refused = world.browser("writer").post("/administration/repositories/quota", data=form)
    assert refused.status_code == 403


def test_events_have_moved_into_the_audit_log(admin):
    moved = admin.get("/administration/events")
    assert (moved.status_code, moved.location) == (301, "/administration/audit")
