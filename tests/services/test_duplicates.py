"""Files that are nearly the same are found after pushes, for who may read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from appliance.db import near_duplicate_rows
from appliance.db.near_duplicates import (
    ComparedFile,
    ComparedRepository,
    FileSignature,
    SignatureBand,
    SimilarPair,
)
from appliance.db.outbox import JobRecord
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from appliance.domain.permissions import OrganisationRole, Role
from appliance.errors import TimeoutExceededError
from appliance.jobs import comparing_files
from appliance.jobs.performer import Performer
from appliance.services import file_comparisons
from tests.commands import saying

LINES = [f"total = add(total, value_{number}, rate[{number}])" for number in range(60)]
TEXT = "\n".join(LINES) + "\n"
NEAR = TEXT.replace("value_30,", "another_value,")
UNLIKE = "\n".join(f"if name == 'n{number}': return {number} * 7" for number in range(60)) + "\n"
ALL_OF_IT = (FileSignature, SignatureBand, ComparedFile, SimilarPair, ComparedRepository)


@pytest.fixture
def lab(world):
    """Two repositories, somebody who may write both, and somebody who may read one."""
    world.organisation("lab")
    for name in ("lab/notes", "lab/other"):
        world.repository(name)
    world.user("writer", role=Role.WRITER, on="lab/notes")
    world.grant("writer", Role.WRITER, "lab/other")
    world.user("reader", role=Role.READER, on="lab/notes")
    return world


def put(world, place, content, branch="main"):
    repository, _, path = place.partition(":")
    client = world.client("writer")
    address = f"/api/v1/repos/{repository}/write/{path}"
    now = client.get(f"/api/v1/repos/{repository}/files/{path}?ref={branch}")
    body = {"content": content, "message": "Change it", "branch": branch}
    if now.status_code == 200:
        body["object_id"] = now.json["object_id"]
    answer = client.put(address, json=body)
    assert answer.status_code in {200, 201}, answer.text


def compare(world):
    """Do what pushes have promised."""
    query = sa.select(JobRecord.id).where(
        JobRecord.state == JobState.QUEUED, JobRecord.job == Job.COMPARE_FILES
    )
    done = 0
    while (job := world.one(query.limit(1))) is not None:
        Performer(world.wiring).perform(job)
        with world.reading(appliance()) as work:
            assert work.session.get(JobRecord, job).state is JobState.DONE
        done += 1
    return done


def families(world, who, place="repos/lab/notes", **query: object):
    answer = world.client(who).get(f"/api/v1/{place}/duplicates", query_string=query)
    assert answer.status_code == 200, answer.text
    return [
        sorted(f"{one['repository']}:{one['path']}" for one in each["files"])
        for each in answer.json["items"]
    ]


def summary(world, who, place="repos/lab/notes"):
    return world.client(who).get(f"/api/v1/{place}/duplicates/summary").json


def count(world, table):
    return world.one(sa.select(sa.func.count()).select_from(table))


def test_copies_are_found_after_pushes_and_are_gone_with_them(lab):
    before = summary(lab, "writer")
    put(lab, "lab/notes:a.py", TEXT)
    put(lab, "lab/notes:b.py", UNLIKE)
    put(lab, "lab/other:copied.py", NEAR)
    put(lab, "lab/other:same.py", UNLIKE)

    assert (before["compared_at"], before["waiting"]) == (None, 1)
    assert compare(lab) == 2, "jobs that wait are promised once"
    assert families(lab, "writer") == [
        ["lab/notes:a.py", "lab/other:copied.py"],
        ["lab/notes:b.py", "lab/other:same.py"],
    ]
    assert families(lab, "writer", similarity=1) == [["lab/notes:b.py", "lab/other:same.py"]]
    assert families(lab, "writer", elsewhere="false") == []
    assert families(lab, "writer", "orgs/lab") == families(lab, "writer")
    assert summary(lab, "writer")["files"] == 2

    put(lab, "lab/other:copied.py", "word " * 60)
    put(lab, "lab/notes:short.txt", "too short")
    put(lab, "lab/notes:picture", "\0" * 100)
    compare(lab)

    assert families(lab, "writer") == [["lab/notes:b.py", "lab/other:same.py"]]
    assert summary(lab, "writer")["left_out"] == {"binary": 1, "too_short": 1}


def test_what_one_may_not_read_is_no_copy(lab):
    put(lab, "lab/notes:a.py", TEXT)
    put(lab, "lab/notes:near.py", NEAR)
    put(lab, "lab/other:secret.py", TEXT)
    compare(lab)

    assert families(lab, "reader") == [["lab/notes:a.py", "lab/notes:near.py"]]
    assert families(lab, "writer") == [
        ["lab/notes:a.py", "lab/notes:near.py", "lab/other:secret.py"]
    ]
    assert lab.client("reader").get("/api/v1/repos/lab/other/duplicates").status_code == 404
    assert families(lab, "reader", "orgs/lab") == families(lab, "reader")
    assert summary(lab, "reader", "orgs/lab")["repositories"] == 1
    lab.user("stranger")
    assert lab.client("stranger").get("/api/v1/orgs/lab/duplicates").status_code == 404


def test_files_are_compared_with_those_of_the_same_owner_only(lab):
    lab.repository("else/where")
    lab.grant("writer", Role.WRITER, "else/where")
    put(lab, "lab/notes:a.py", TEXT)
    put(lab, "else/where:a.py", NEAR)
    compare(lab)

    assert families(lab, "writer") == []
    lab.user("keeper", member=OrganisationRole.OWNER, of="else")
    lab.join("keeper", "lab", OrganisationRole.OWNER)
    moved = lab.client("keeper").post("/api/v1/repos/else/where/transfer", json={"to": "lab"})
    assert moved.status_code == 200, moved.text
    assert families(lab, "writer") == []
    Performer(lab.wiring).perform(promised(lab))
    assert families(lab, "writer") == [["lab/notes:a.py", "lab/where:a.py"]]


def promised(world):
    """The job that looks for whatever was never compared."""
    with world.begin(appliance()) as work:
        return work.later(Job.COMPARE_FILES)


def test_a_content_gets_its_signature_once(lab):
    put(lab, "lab/notes:a.py", TEXT)
    put(lab, "lab/other:a.py", TEXT)
    compare(lab)
    assert count(lab, FileSignature) == 1

    put(lab, "lab/notes:b.py", NEAR)
    compare(lab)

    assert count(lab, FileSignature) == 2
    assert count(lab, SimilarPair) == 1


def test_pages_go_on_and_refuse_what_is_out_of_range(lab):
    for number in range(3):
        text = TEXT.replace("total", f"sum_{number}").replace("rate", f"list_{number}")
        put(lab, f"lab/notes:{number}/a.py", text)
        put(lab, f"lab/notes:{number}/b.py", text + "\n")
    compare(lab)
    client = lab.client("writer")
    first = client.get("/api/v1/repos/lab/notes/duplicates?limit=2").json
    rest = client.get(f"/api/v1/repos/lab/notes/duplicates?limit=2&cursor={first['next']}").json

    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    for wrong in ("similarity=0.5", "similarity=2", "similarity=nan", "limit=0", "cursor=x"):
        answer = client.get(f"/api/v1/repos/lab/notes/duplicates?{wrong}")
        assert answer.status_code in {400, 422}, wrong


def test_a_job_that_broke_off_is_made_good_by_the_next(lab, monkeypatch):
    put(lab, "lab/notes:a.py", TEXT)
    put(lab, "lab/other:a.py", NEAR)

    class StoppedError(Exception):
        pass

    def stop(step, done=0, total=0):
        if total:
            raise StoppedError

    for name in ("lab/notes", "lab/other"):
        claimed = SimpleNamespace(arguments={"repository_id": str(lab._repository(name).id)})
        with pytest.raises(StoppedError):
            comparing_files.compare(lab.wiring, claimed, stop)
    assert count(lab, FileSignature) == 2, "what was made is kept"
    assert count(lab, ComparedRepository) == 0

    compare(lab)

    assert families(lab, "writer") == [["lab/notes:a.py", "lab/other:a.py"]]
    put(lab, "lab/notes:b.py", TEXT + NEAR)
    with lab.reading(appliance()) as work:
        planned = file_comparisons.plan(work, lab._repository("lab/notes").id)
    tree = file_comparisons.look(planned, lab.wiring.repositories.folder(planned.repository_id))
    with lab.begin(appliance()) as work:
        file_comparisons.keep(
            work,
            [
                signed
                for some in file_comparisons.sign(
                    lab.wiring.repositories.folder(planned.repository_id),
                    file_comparisons.missing(work, tree),
                )
                for signed in some
            ],
            now=datetime.now(UTC),
        )
        file_comparisons.settle(work, planned, tree)

    assert summary(lab, "writer")["waiting"] == 1, "killed before pairs: not compared"


def test_more_copies_than_are_looked_for_are_said(lab, monkeypatch):
    monkeypatch.setattr(near_duplicate_rows, "MOST_ROWS", 1)
    for name in "abc":
        put(lab, f"lab/notes:{name}.py", TEXT + f"end_{name}\n")
    compare(lab)

    assert summary(lab, "writer")["cut"] is True


def test_signatures_that_no_file_has_are_swept(lab):
    put(lab, "lab/notes:a.py", TEXT)
    put(lab, "lab/notes:b.py", NEAR)
    compare(lab)
    with lab.begin(appliance()) as work:
        assert file_comparisons.sweep(work, now=datetime.now(UTC) + timedelta(days=2)) == 0
        work.session.execute(sa.delete(ComparedFile))
        assert file_comparisons.sweep(work, now=datetime.now(UTC)) == 0
        assert file_comparisons.sweep(work, now=datetime.now(UTC) + timedelta(days=2)) == 2

    assert [count(lab, each) for each in (FileSignature, SignatureBand, SimilarPair)] == [0, 0, 0]


def test_nothing_is_compared_where_a_setting_says_so(lab):
    lab.configure(CODARA_SCANNING__DUPLICATES="false")
    put(lab, "lab/notes:a.py", TEXT)

    assert compare(lab) == 0
    Performer(lab.wiring).perform(promised(lab))
    assert [count(lab, each) for each in ALL_OF_IT] == [0] * len(ALL_OF_IT)


def test_what_cannot_be_read_in_time_is_left_for_later(lab, monkeypatch):
    put(lab, "lab/notes:a.py", TEXT)

    def late(*_arguments: object):
        raise TimeoutExceededError("too late")

    monkeypatch.setattr(file_comparisons, "look", late)
    compare(lab)

    assert summary(lab, "writer")["waiting"] == 1


def test_pages_show_families_and_give_them_as_a_file(lab):
    lab.user("keeper", member=OrganisationRole.OWNER, of="lab")
    page = lab.browser("keeper")
    place = "/lab/notes/security/duplicates"
    assert "Files were not compared yet" in page.get(place).text
    put(lab, "lab/notes:a.py", TEXT)
    put(lab, "lab/other:src/b.py", NEAR)
    compare(lab)

    shown = page.get(place).text
    assert 'href="/lab/other/blob/main/src/b.py"' in shown
    assert "2 files" in shown
    assert "No two of the compared files" in page.get(f"{place}?here=1").text
    assert "lab/other:src/b.py" in page.get(f"{place}?format=csv").text
    across = page.get("/lab/-/security/duplicates").text
    assert 'href="/lab/notes/blob/main/a.py"' in across
    assert "lab/other: " in across


def test_the_command_says_the_same(lab, monkeypatch, capsys):
    put(lab, "lab/notes:a.py", TEXT)
    put(lab, "lab/other:b.py", NEAR)
    compare(lab)
    with saying(lab, "writer", monkeypatch, capsys) as say:
        found = say("scan", "duplicates", "lab/notes")
        here = say("scan", "duplicates", "lab/notes", "--here")
        whole = say("scan", "duplicates", "lab", "--similarity", "0.7")
        say("scan", "duplicates", "lab", "--here", status=2)

    assert [one["path"] for one in found["families"][0]["files"]] == ["a.py", "b.py"]
    assert (here["families"], here["compared"]["files"]) == ([], 1)
    assert whole["compared"]["repositories"] == 2
