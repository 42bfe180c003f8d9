"""Exports in the background: asked for, made, downloaded in parts, and gone after a while."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from appliance.db.audit_exports import AuditExport
from appliance.db.outbox import JobRecord
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.domain.jobs import JobState
from appliance.domain.permissions import InstanceRole, OrganisationRole
from appliance.jobs.performer import Performer
from appliance.services import organisation_members
from appliance.services.audit_log import drafts, export_jobs
from appliance.services.audit_log.export import Form
from audit import trust, verify
from audit.verdict import Verdict

EXPORTS = "/api/v1/audit/exports"


@pytest.fixture
def lab(world):
    """An organisation with a log of 40 events; gives it."""
    world.administrator()
    lab = world.organisation("lab")
    with world.begin(world.actor("administrator")) as work:
        for number in range(40):
            said = {"reason": f"r{number}", "attempt": "to look"}
            work.record(events.AccessRefused(organisation_id=lab.id, **said))
        work.record(events.SignedOut())
    world.keep_log()
    return lab


@pytest.fixture
def perform(world):
    """Do every job that waits; gives what became of them."""

    def all_of_them():
        performer = Performer(world.wiring)
        query = sa.select(JobRecord).where(JobRecord.state == JobState.QUEUED)
        with world.begin(appliance()) as work:
            work.session.execute(sa.update(JobRecord).values(not_before=None))
            waiting = [each.id for each in work.session.scalars(query)]
        for job_id in waiting:
            performer.perform(job_id)
        with world.reading(appliance()) as work:
            return [work.session.get(JobRecord, each).state for each in waiting]

    return all_of_them


def ask(client, **body: object):
    answer = client.post(EXPORTS, json=body)
    assert answer.status_code == 202, answer.get_json()
    return answer.get_json()


def trusted(client):
    return trust.read(client.get("/api/v1/audit/trust").data)


def test_an_export_is_made_and_is_good(world, lab, perform, tmp_path):
    client = world.client("administrator")
    asked = ask(client, log="lab", query="action:access.*")
    place = f"{EXPORTS}/{asked['id']}"
    assert (asked["state"], asked["matched"]) == ("waiting", 0)
    assert client.get(f"{place}/download", buffered=True).status_code == 404

    assert perform() == [JobState.DONE]

    done = client.get(place).get_json()
    assert (done["state"], done["entries"], done["matched"]) == ("ready", 40, 40)
    file = client.get(f"{place}/download", buffered=True)
    assert file.headers["Content-Type"] == "application/zip"
    assert len(file.data) == done["size_bytes"]
    (tmp_path / "x.zip").write_bytes(file.data)
    assert verify.verify(tmp_path / "x.zip", trusted(client)).verdict is Verdict.GOOD
    assert [each["id"] for each in client.get(EXPORTS).get_json()["items"]] == [asked["id"]]
    kinds = ("audit.export_requested", "audit.exported", "audit.export_downloaded")
    found = [world.recorded(kind) for kind in kinds]
    assert [len(each) for each in found] == [1, 1, 1]
    assert {each.header["target"]["ref"] for (each,) in found} == {asked["id"]}
    assert {each.header["log"] for (each,) in found} == {str(lab.id)}
    assert found[1][0].header["actor"]["ref"] == world.actor("administrator").pseudonym


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_download_goes_on_where_it_stopped(world, lab, perform, form):
    client = world.client("administrator")
    place = f"{EXPORTS}/{ask(client, log='lab', format=form)['id']}"
    perform()
    whole = client.get(f"{place}/download", buffered=True)

    part = client.get(f"{place}/download", headers={"Range": "bytes=100-"}, buffered=True)

    assert part.status_code == 206
    assert whole.data[100:] == part.data
    assert hashlib.sha256(whole.data).hexdigest() == client.get(place).get_json()["sha256"]


def test_who_may_ask_and_see(world, lab, perform):
    world.user("auditor", instance=InstanceRole.AUDITOR)
    world.user("inside", member=OrganisationRole.AUDITOR, of="lab")
    world.user("member", member=OrganisationRole.MEMBER, of="lab")
    world.user("nobody")
    clients = {each: world.client(each) for each in ("auditor", "inside", "member", "nobody")}
    codes = {
        (name, log): client.post(EXPORTS, json={"log": log}).status_code
        for name, client in clients.items()
        for log in ("lab", "instance")
    }
    assert codes == {
        ("auditor", "lab"): 202,
        ("auditor", "instance"): 202,
        ("inside", "lab"): 202,
        ("inside", "instance"): 403,
        ("member", "lab"): 403,
        ("member", "instance"): 403,
        ("nobody", "lab"): 404,
        ("nobody", "instance"): 403,
    }
    assert world.client().get(EXPORTS).status_code == 401
    perform()
    seen = {name: client.get(EXPORTS).get_json()["items"] for name, client in clients.items()}
    assert {name: len(each) for name, each in seen.items()} == {
        "auditor": 3,
        "inside": 1,
        "member": 0,
        "nobody": 0,
    }
    place = f"{EXPORTS}/{seen['inside'][0]['id']}"
    assert clients["inside"].get(f"{place}/download", buffered=True).status_code == 200
    assert clients["nobody"].get(place).status_code == 404
    assert clients["nobody"].get(f"{place}/download").status_code == 404


def test_a_browser_must_confirm_who_is_there(world, lab):
    assert world.browser("administrator").post(EXPORTS, json={}).status_code == 403
    assert world.browser("administrator", elevated=True).post(EXPORTS, json={}).status_code == 202


def test_who_may_no_longer_read_gets_nothing(world, lab, perform):
    inside = world.user("inside", member=OrganisationRole.AUDITOR, of="lab")
    client = world.client("inside")
    place = f"{EXPORTS}/{ask(client, log='lab')['id']}"
    perform()
    waiting = ask(client, log="lab")
    with world.begin(world.actor("administrator")) as work:
        organisation_members.remove(work, "lab", "inside")

    assert client.get(f"{place}/download", buffered=True).status_code in {403, 404}
    assert perform() != [JobState.DONE]
    for _ in range(3):
        perform()
    failed = client.get(f"{EXPORTS}/{waiting['id']}").get_json()
    assert failed["state"] == "failed"
    assert len(world.recorded("audit.export_failed")) == 1
    assert inside.id is not None


def test_half_an_export_is_never_handed_out_and_goes_with_its_last_attempt(world, lab, perform):
    client = world.client("administrator")
    place = f"{EXPORTS}/{ask(client, log='lab')['id']}"
    exports = world.wiring.home.exports
    target = export_jobs.file_of(exports, UUID(place.rpartition("/")[2]), Form.BUNDLE)
    draft = drafts.folder_of(target)
    draft.mkdir(parents=True)
    (draft / "bundle.zip").write_text("half of it")

    assert client.get(f"{place}/download", buffered=True).status_code == 404
    assert perform() == [JobState.DONE]
    assert [each.name for each in exports.iterdir()] == [target.name]
    draft.mkdir()
    export_jobs.sweep_drafts(exports, frozenset())
    assert [each.name for each in exports.iterdir()] == [target.name]
    draft.mkdir()
    export_jobs.sweep_drafts(exports, frozenset({UUID(place.rpartition("/")[2])}))
    assert draft.exists()
    export_jobs.forget_file(exports, UUID(place.rpartition("/")[2]), Form.BUNDLE)
    assert list(exports.iterdir()) == []


def test_a_file_goes_after_a_while_and_the_row_later(world, lab, perform):
    client = world.client("administrator")
    place = f"{EXPORTS}/{ask(client, log='lab')['id']}"
    perform()
    late = datetime.now(UTC) + timedelta(days=8)
    with world.begin(appliance()) as work:
        gone = export_jobs.sweep(work, now=late)
    for each in gone:
        export_jobs.forget_file(world.wiring.home.exports, *each)
    with world.reading(world.actor("administrator")) as work:
        (row,) = work.session.scalars(sa.select(AuditExport))
        assert export_jobs.show(work, row.id, now=late).state == "gone"

    assert client.get(f"{place}/download", buffered=True).status_code == 404
    with world.begin(appliance()) as work:
        export_jobs.sweep(work, now=late + timedelta(days=60))
    assert client.get(place).status_code == 404


def test_nobody_waits_for_many_at_once(world, lab):
    client = world.client("administrator")
    for _ in range(4):
        ask(client, log="lab")

    assert client.post(EXPORTS, json={"log": "lab"}).status_code == 409
    assert client.post(EXPORTS, json={"log": "lab", "query": "("}).status_code == 422
    assert client.post(EXPORTS, json={"log": "gone"}).status_code == 404


def test_an_organisation_s_log_is_asked_for_by_its_name_or_as_answers_call_it(world, lab, perform):
    client = world.client("administrator")
    by_name, by_log = ask(client, org="lab"), ask(client, log=str(lab.id))
    assert by_name["log"] == by_log["log"] == str(lab.id)
    for place in ("/api/v1/audit/events", "/api/v1/audit/checkpoint", "/api/v1/audit/auditors"):
        asked = [
            client.get(place, query_string=said).status_code
            for said in ({"org": "lab"}, {"log": str(lab.id)}, {"org": "gone"})
        ]
        assert asked[0] == asked[1]
        assert asked[2] == 404
        for said in ({"org": "lab", "log": "instance"}, {"org": "instance"}):
            assert client.get(place, query_string=said).status_code == 422
    found = client.get("/api/v1/audit/events", query_string={"org": "lab"}).get_json()["items"]
    assert {each["log"] for each in found} == {str(lab.id)}


def test_a_last_day_is_in_it_as_in_a_search(world, lab, perform):
    client, today = world.client("administrator"), datetime.now(UTC).date().isoformat()
    asked = {"from": "2026-01-01", "to": today}
    place = f"{EXPORTS}/{ask(client, org='lab', format='csv', **asked)['id']}"
    perform()

    events_found = client.get(
        "/api/v1/audit/events", query_string={"org": "lab", "limit": 1000, **asked}
    ).get_json()["items"]
    done = client.get(place).get_json()
    assert done["matched"] == len(events_found) == 40
    assert done["until"].startswith((datetime.now(UTC).date() + timedelta(days=1)).isoformat())
    assert client.post(EXPORTS, json={"to": "soon"}).status_code == 422
