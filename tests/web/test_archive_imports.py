"""Archives of other systems come in by the portal's door and the API's: once, and whole."""

from __future__ import annotations

import io
import json
import os
import signal
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from appliance.db.archive_imports import ArchiveImportPart
from appliance.db.conversations import Comment, Conversation
from appliance.db.outbox import JobRecord
from appliance.db.users import User, UserState
from appliance.domain.archive_imports import MOST_KEPT, PartState
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import OrganisationRole
from appliance.jobs import archives
from appliance.jobs.performer import Performer
from appliance.services import archive_runs, job_runs
from tests.cli.archive_of_gitea import gitea
from tests.cli.archive_of_github import github
from tests.cli.archive_of_gitlab import gitlab
from tests.cli.archives import packed

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLACE = "/new/archives"
API = "/api/v1/imports"
TEXTS = "/api/v1/repos/lab/notes"


@pytest.fixture
def lab(world):
    """An organisation with an owner, an administrator, and somebody whom the archives know."""
    world.organisation("lab")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("member", member=OrganisationRole.MEMBER, of="lab")
    world.user("writer")
    world.administrator()
    return world


def begun(world, name="administrator", **form: Any):
    """A new import by the portal's door; gives the browser and the address of its page."""
    browser = world.browser(name, elevated=True)
    answer = browser.post(PLACE, data={"owner": "lab", **form})
    assert answer.status_code == 303, answer.text
    return browser, answer.headers["Location"]


def uploaded(world, archive, name="administrator"):
    browser, page = begun(world, name)
    with archive.open("rb") as content:
        answer = browser.post(f"{page}/archive", data={"archive": (content, archive.name)})
    assert answer.status_code == 303, answer.text
    perform(world)
    return browser, page


def perform(world):
    """What a worker does."""
    while (job := waiting(world)) is not None:
        Performer(world.wiring).perform(job)


def waiting(world) -> UUID | None:
    """The next job that works on an archive."""
    ours = (Job.READ_ARCHIVE, Job.BRING_ARCHIVE)
    query = sa.select(JobRecord.id).where(
        JobRecord.state == JobState.QUEUED, JobRecord.job.in_(ours)
    )
    return world.one(query.order_by(JobRecord.created_at).limit(1))


def started(browser, page, **form: Any):
    answer = browser.post(f"{page}/start", data={"shown": "yes", "part": "0", **form})
    assert answer.status_code == 303, answer.text


def shown(world, page, name="administrator"):
    return world.client(name).get(f"{API}/{page.rpartition('/')[2]}").json


def counted(world):
    """How much has been said, which may not be said twice."""
    return [
        world.one(sa.select(sa.func.count()).select_from(each)) for each in (Conversation, Comment)
    ]


@ON_ONE
@pytest.mark.parametrize("form", [github, gitlab, gitea])
def test_an_archive_comes_in_by_the_portal(form, lab, tmp_path):
    browser, page = uploaded(lab, form(tmp_path))
    ready = shown(lab, page)
    assert ready["state"] == "ready", ready
    assert "octocat" in browser.get(f"{page}/people").text
    said = {"there": "octocat", "here": "writer"}
    assert browser.post(f"{page}/people", data=said).status_code == 303

    started(browser, page)
    perform(lab)

    came = shown(lab, page)
    assert came["state"] == "done", came
    (part,) = came["repositories"]
    report = part["report"]
    assert (report["git"], report["brought"], report["comments"]) == ("brought", 4, 3)
    assert (report["reviews"], report["line_comments"], report["unplaced"]) == (2, 4, 1)
    assert (report["as_issues"], report["unknown"]) == ([4], ["ghost"])
    issue = lab.client("administrator").get(f"{TEXTS}/issues/1").json
    assert (issue["author"], issue["milestone"]["title"]) == ("writer", "Before winter")
    assert "repo.archive_imported" in lab.events()
    text = browser.get(page).text
    assert "Conversations: 4" in text
    kept = json.loads(browser.get(f"{page}/report").text)
    assert kept["repositories"][0]["left_out"]["reactions"] == 1
    assert list(lab.wiring.home.archives.glob("*")) == []


@ON_ONE
def test_what_was_killed_goes_on_and_nothing_comes_twice(lab, tmp_path):
    browser, page = uploaded(lab, gitea(tmp_path))
    started(browser, page)

    killed = [killed_at(lab, commit) for commit in range(2, 22, 3)]
    perform(lab)

    assert killed[:3] == [-signal.SIGKILL] * 3
    came = shown(lab, page)
    assert came["state"] == "done", came
    report = came["repositories"][0]["report"]
    assert (report["brought"], report["comments"], report["line_comments"]) == (4, 3, 4)
    assert counted(lab) == [4, 3]
    assert lab.events().count("repo.archive_import_finished") == 1


def killed_at(world, commit):
    """Let a process do what waits and kill it at that commit; gives how it ended."""
    job, left = waiting(world), [commit]
    if job is None:
        return None
    world.wiring.database.engine.dispose()
    if (child := os.fork()) == 0:

        @sa.event.listens_for(world.wiring.database.engine, "commit")
        def look(_connection):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            Performer(world.wiring).perform(job)
        finally:
            os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with world.begin(appliance()) as work:
        job_runs.recover(work, now=datetime.now(UTC) + timedelta(hours=1))
    return ended


@ON_ONE
def test_one_that_is_cancelled_says_so_and_can_go_on(lab, tmp_path):
    browser, page = uploaded(lab, gitea(tmp_path))
    started(browser, page)

    assert browser.post(f"{page}/cancel").status_code == 303
    perform(lab)
    assert shown(lab, page)["state"] == "cancelled"
    assert counted(lab) == [0, 0]
    assert "repo.archive_import_cancelled" in lab.events()

    started(browser, page)
    perform(lab)
    assert shown(lab, page)["state"] == "done"
    assert browser.post(f"{page}/start", data={}).status_code == 409


@ON_ONE
def test_of_a_bulk_archive_comes_what_is_chosen_and_one_does_not_keep_the_others(lab, tmp_path):
    github(tmp_path)
    rows = tmp_path / "github" / "repositories_000001.json"
    (first,) = json.loads(rows.read_text())
    others = [{**first, "url": f"https://github.com/octo/{name}"} for name in ("bare", "more")]
    rows.write_text(json.dumps([first, *others]))
    browser, page = uploaded(lab, packed(tmp_path / "github", "bulk.tar.gz"))
    lab.repository("lab/taken")
    taken = {"title": "Ours"}
    lab.client("administrator").post("/api/v1/repos/lab/taken/issues", json=taken)
    names = [each["there"] for each in shown(lab, page)["repositories"]]

    started(browser, page, **{"part": ["0", "1"], "name-0": "taken", "name-1": "empty"})
    perform(lab)

    came = shown(lab, page)
    assert names == ["octo/notes", "octo/bare", "octo/more"]
    assert came["state"] == "failed"
    states = [each["state"] for each in came["repositories"]]
    assert states == ["failed", "done", "waiting"]
    assert "Number 1" in came["repositories"][0]["error"]
    assert lab.client("administrator").get("/api/v1/repos/lab/empty").status_code == 200


@ON_ONE
def test_owners_bring_archives_in_and_only_administrators_say_who_is_who(lab, tmp_path):
    refused = lab.browser("member", elevated=True).post(PLACE, data={"owner": "lab"})
    browser, page = uploaded(lab, gitea(tmp_path), "owner")
    said = browser.post(f"{page}/people", data={"there": "octocat", "here": "writer"})

    assert (refused.status_code, said.status_code) == (403, 403)
    assert lab.browser("writer", elevated=True).get(page).status_code == 404
    for name in ("owner", "administrator"):
        assert lab.browser(name, elevated=True).get(page).status_code == 200
    started(browser, page)
    perform(lab)
    report = shown(lab, page, "owner")["repositories"][0]["report"]
    assert report["unknown"] == ["ghost", "octocat"]


@ON_ONE
@pytest.mark.promise("P87")
@pytest.mark.parametrize("form", [github, gitlab])
def test_an_archive_that_names_a_repository_of_others_shows_nothing_of_it(form, lab, tmp_path):
    form(tmp_path)
    hidden = lab.wiring.repositories.folder(lab.repository("lab/hidden").id)
    root = tmp_path / form.__name__
    if form is gitlab:
        (root / "project.bundle").write_text(f"gitdir: {hidden}\n")
    else:
        bare = root / "repositories" / "octo" / "notes.git"
        (bare / "HEAD").unlink()
        bare.with_name("notes.git.git").write_text(f"gitdir: {hidden}\n")
    browser, page = uploaded(lab, packed(root, "pointing.tar.gz"), "owner")
    started(browser, page)
    perform(lab)

    (part,) = shown(lab, page, "owner")["repositories"]
    assert part["state"] == "failed"
    assert "no repository" in part["error"]


@ON_ONE
def test_administrators_name_an_archive_that_lies_on_the_server(lab, tmp_path):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    archive = gitea(tmp_path).rename(shelf / "gitea.zip")
    lab.configure(CODARA_IMPORTS__ARCHIVE_FOLDER=str(shelf))
    for name, file_name, status in (
        ("owner", "gitea.zip", 403),
        ("administrator", "../gitea.zip", 422),
        ("administrator", "gitea.zip", 303),
    ):
        form = {"owner": "lab", "file_name": file_name}
        answer = lab.browser(name, elevated=True).post(PLACE, data=form)
        assert answer.status_code == status, (name, answer.text)
    perform(lab)

    assert "gitea.zip" in lab.browser("administrator", elevated=True).get(PLACE).text
    assert shown(lab, answer.headers["Location"])["state"] == "ready"
    assert archive.is_file()


def test_the_api_does_the_same(lab, tmp_path):
    client = lab.client("administrator")
    made = client.post(API, json={"owner": "lab"}).json
    place = f"{API}/{made['id']}"
    content = gitea(tmp_path).read_bytes()
    assert client.put(f"{place}/archive", data=content).json["state"] == "reading"
    assert client.put(f"{place}/archive", data=content).status_code == 409
    perform(lab)
    body = {
        "repositories": [{"position": 0, "name": "kept"}],
        "people": {"octocat": "writer", "ghost": ""},
    }

    changed = client.patch(place, json=body).json
    assert [each["found"] for each in changed["people"]] == ["chosen", "nobody"]
    wrong = client.patch(place, json={"people": {"octocat": "nobody-there"}})
    assert wrong.status_code == 422
    wrong = client.patch(place, json={"people": {"nobody-there": "writer"}})
    assert "does not appear in the archive" in wrong.json["errors"][0]["message"]
    assert "Uploaded archive" in lab.browser("administrator", elevated=True).get(PLACE).text
    assert client.post(f"{place}/start").status_code == 202
    perform(lab)

    assert client.get(place).json["state"] == "done"
    assert [each["id"] for each in client.get(API).json["items"]] == [made["id"]]
    assert client.get("/api/v1/repos/lab/kept/issues/1").json["author"] == "writer"
    assert client.post(f"{place}/cancel").status_code == 409


@ON_ONE
@pytest.mark.parametrize(
    ("limits", "status", "state"),
    [
        ({"CODARA_IMPORTS__ARCHIVE_BYTES": "1000"}, 413, "waiting"),
        ({"CODARA_IMPORTS__UNPACKED_BYTES": "1000"}, 303, "failed"),
        ({"CODARA_IMPORTS__UNPACKED_FILES": "3"}, 303, "failed"),
    ],
)
def test_more_than_may_come_does_not(lab, tmp_path, limits, status, state):
    lab.configure(**limits)
    browser, page = begun(lab)

    with gitea(tmp_path).open("rb") as content:
        answer = browser.post(f"{page}/archive", data={"archive": (content, "gitea.zip")})
    perform(lab)

    assert answer.status_code == status
    assert shown(lab, page)["state"] == state
    left = [each.name for each in lab.wiring.home.archives.rglob("*") if each.is_dir()]
    assert not [name for name in left if name.startswith("content")]


@ON_ONE
def test_what_its_organisation_has_no_room_for_does_not_come(lab, tmp_path):
    browser, page = uploaded(lab, gitea(tmp_path))
    for room, words in (("1", "needs more space"), ("2000000", "")):
        lab.configure(CODARA_LIMITS__ORGANISATION_QUOTA_BYTES=room)
        started(browser, page)
        perform(lab)
        (part,) = shown(lab, page)["repositories"]
        assert words in part["error"], part
        assert part["state"] == ("failed" if words else "done")


@ON_ONE
def test_who_is_suspended_meanwhile_brings_nothing_more_in(lab, tmp_path):
    browser, page = uploaded(lab, gitea(tmp_path))
    started(browser, page)
    now, job = datetime.now(UTC), waiting(lab)
    with lab.begin(appliance()) as work:
        claimed = job_runs.claim(work, job, until=now + timedelta(hours=1), now=now)

    def suspend(step, *_numbers: int):
        if step == "lab/notes":
            with lab.wiring.database.engine.begin() as connection:
                out = sa.update(User).where(User.name == "administrator")
                connection.execute(out.values(state=UserState.SUSPENDED))

    archives.bring(lab.wiring, claimed, suspend)

    assert lab.one(sa.select(ArchiveImportPart.state)) is PartState.FAILED
    assert counted(lab) == [0, 0]


@ON_ONE
def test_what_is_cancelled_lets_nobody_fill_the_disk(lab):
    owner = lab.client("owner")
    for _ in range(MOST_KEPT):
        made = owner.post(API, json={"owner": "lab"})
        assert owner.post(f"{API}/{made.json['id']}/cancel").status_code == 200

    assert owner.post(API, json={"owner": "lab"}).status_code == 409
    assert lab.client("administrator").post(API, json={"owner": "lab"}).status_code == 201


@ON_ONE
def test_who_may_not_is_told_before_anything_is_taken_in(lab):
    _, page = begun(lab, "owner")
    sent = {"archive": (io.BytesIO(b"x"), "a.zip")}

    assert (
        lab.browser("writer", elevated=True).post(f"{page}/archive", data=sent).status_code == 404
    )
    assert shown(lab, page, "owner")["state"] == "waiting"


def test_imports_of_long_ago_are_forgotten(lab, tmp_path):
    _browser, page = uploaded(lab, gitea(tmp_path))

    for days in (179, 181):
        later = datetime.now(UTC) + timedelta(days=days)
        with lab.wiring.database.begin(appliance()) as work:
            archive_runs.forget_old(work, now=later)
        there = [each["id"] for each in lab.client("administrator").get(API).json["items"]]
        assert there == ([page.rpartition("/")[2]] if days < 180 else [])
    assert lab.one(sa.select(sa.func.count()).select_from(ArchiveImportPart)) == 0
