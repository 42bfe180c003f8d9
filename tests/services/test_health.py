"""Is every part alive."""

import pytest

from appliance import wiring_health
from appliance.db.repositories import RepositoryHealth
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.permissions import InstanceRole
from appliance.errors import RefusedError, UnavailableError
from appliance.jobs.pulse import beating
from appliance.services import health, job_runs
from appliance.services.health import Condition, Probe
from appliance.web.app import create_app
from tests.world import NOON


def broken():
    raise UnavailableError("It is broken.")


def parts(world, actor, **probes: Probe):
    with world.reading(actor) as work:
        return {part.name: part for part in health.parts(work, probes=probes)}


def test_each_part_says_how_it_is(world):
    found = parts(world, world.administrator(), good=lambda: "fine", bad=broken)

    assert (found["good"].condition, found["good"].detail) == (Condition.WELL, "fine")
    assert (found["bad"].condition, found["bad"].detail) == (Condition.FAILED, "It is broken.")


def test_a_damaged_repository_is_a_failure(world):
    repository = world.repository()
    world.add(RepositoryHealth(id=repository.id, damaged_since=NOON, problem="bad object"))
    chief = world.administrator()

    assert parts(world, chief)["repositories"].condition is Condition.FAILED
    with world.reading(chief) as work:
        report = health.repositories(work, only_damaged=True).items[0]
    assert (report.repository.path, report.health.problem) == ("lab/notes", "bad object")


def test_a_dead_job_wants_attention(world):
    with world.begin(appliance()) as work:
        job_id = work.later(Job.SWEEP)
    with world.begin(appliance()) as work:
        claimed = job_runs.claim(work, job_id, until=NOON, now=NOON)
        job_runs.fail(work, claimed, error="broken", is_final=True, now=NOON)

    assert parts(world, world.administrator())["jobs"].condition is Condition.ATTENTION


@pytest.mark.parametrize(
    ("role", "is_allowed"),
    [
        (InstanceRole.USER, False),
        (InstanceRole.AUDITOR, True),
        (InstanceRole.ADMINISTRATOR, True),
    ],
)
def test_only_who_runs_or_audits_the_instance_sees_it(world, role, is_allowed):
    actor = world.user(instance=role)
    if is_allowed:
        assert "jobs" in parts(world, actor)
        return
    with pytest.raises(RefusedError):
        parts(world, actor)


@pytest.fixture
def browser(world, redis_url):
    world.configure(CODARA_QUEUE__URL=redis_url, CODARA_SSH__EMBEDDED="false")
    return create_app(world.wiring).test_client()


def test_ready_says_which_part_is_missing(world, browser):
    assert browser.get("/readyz").get_json() == {
        "status": "ok",
        "parts": {"database": "well", "queue": "well", "storage": "well"},
    }

    world.configure(CODARA_QUEUE__URL="unix:///nonexistent/queue.sock")
    answer = create_app(world.wiring).test_client().get("/readyz")

    assert answer.status_code == 503
    assert answer.get_json()["parts"] == {
        "database": "well",
        "queue": "failed",
        "storage": "well",
    }


def test_alive_asks_nobody(world):
    world.configure(CODARA_QUEUE__URL="unix:///nonexistent/queue.sock")

    assert create_app(world.wiring).test_client().get("/healthz").status_code == 200


def test_workers_show_that_they_live(world, browser):
    probes = wiring_health.all_parts(world.wiring)

    assert {part.name: part.condition for part in health.asked(probes)}["worker"] == "failed"
    with beating(world.wiring.redis, "worker"):
        while not world.wiring.redis.keys(f"{wiring_health.PULSE_KEY}:worker:*"):
            pass
        assert {part.name: part.detail for part in health.asked(probes)}["worker"] == "1 running"
    assert {part.name: part.condition for part in health.asked(probes)}["worker"] == "failed"


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("192.0.2.7", 404)])
def test_numbers_are_for_allowed_addresses(browser, address, status):
    answer = browser.get("/metrics", environ_overrides={"REMOTE_ADDR": address})

    assert answer.status_code == status
    is_told = b'codara_part_up{part="database"} 1.0' in answer.data
    assert is_told is (status == 200)


def test_requests_are_counted_by_endpoint(browser):
    browser.get("/healthz")

    text = browser.get("/metrics").get_data(as_text=True)

    assert 'codara_http_requests_total{endpoint="health.alive",method="GET",status="200"}' in text
    assert 'codara_jobs{state="dead"} 0.0' in text
