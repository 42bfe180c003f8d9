"""Is every part alive."""

from datetime import timedelta

import pytest

from appliance import wiring_health
from appliance.db.repositories import RepositoryHealth
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.permissions import InstanceRole
from appliance.errors import RefusedError, UnavailableError
from appliance.jobs import watch
from appliance.jobs.pulse import beating
from appliance.services import health, job_runs, maintenance, repository_bin
from appliance.services.health import Condition, Known, Probe
from appliance.web.app import create_app
from appliance.wiring_observations import KEY
from tests.world import NOON


def broken():
    raise UnavailableError("It is broken.")


class Notebook:
    """A memory for one test."""

    def __init__(self) -> None:
        self.observed = {}

    def recall(self):
        return self.observed

    def keep(self, observed):
        self.observed = dict(observed)


class Nothing(Notebook):
    """A memory that does not answer."""

    def recall(self):
        return None


def parts(world, actor, *, memory=None, now=NOON, **probes: Probe):
    with world.reading(actor) as work:
        found = health.parts(work, probes=probes, memory=memory or Notebook(), now=now)
    return {part.name: part for part in found}


def test_each_part_says_how_it_is(world):
    found = parts(world, world.administrator(), good=lambda: "fine", bad=broken)

    assert (found["good"].condition, found["good"].detail) == (Condition.WELL, "fine")
    assert (found["bad"].condition, found["bad"].detail) == (Condition.FAILED, "It is broken.")


def test_since_when_is_told_by_an_unbroken_row_of_looks(world):
    chief, memory, minute = world.administrator(), Notebook(), timedelta(minutes=1)

    first = parts(world, chief, memory=memory, part=lambda: "fine")["part"]
    assert (first.since, first.known) == (NOON, Known.FIRST_ASKED)
    later = parts(world, chief, memory=memory, now=NOON + minute, part=lambda: "fine")["part"]
    assert (later.since, later.known) == (NOON, Known.FIRST_ASKED)
    gone = parts(world, chief, memory=memory, now=NOON + 2 * minute, part=broken)["part"]
    assert (gone.since, gone.known) == (NOON + 2 * minute, Known.SEEN)
    still = parts(world, chief, memory=memory, now=NOON + 3 * minute, part=broken)["part"]
    assert (still.since, still.known) == (NOON + 2 * minute, Known.SEEN)
    after_a_gap = parts(world, chief, memory=memory, now=NOON + 9 * minute, part=broken)["part"]
    assert (after_a_gap.since, after_a_gap.known) == (NOON + 9 * minute, Known.FIRST_ASKED)


def test_without_a_memory_nobody_says_since_when(world):
    part = parts(world, world.administrator(), memory=Nothing(), part=lambda: "fine")["part"]

    assert (part.since, part.known) == (None, Known.UNKNOWN)


def test_looks_are_remembered_in_the_queue_server(world, redis_url):
    world.configure(CODARA_QUEUE__URL=redis_url, CODARA_SSH__EMBEDDED="false")
    world.wiring.redis.delete(KEY)
    first = {part.name: part for part in watch.look(world.wiring, NOON)}
    second = {part.name: part for part in watch.look(world.wiring, NOON + timedelta(minutes=1))}

    assert first["database"].since == second["database"].since == NOON
    assert second["worker"].condition is Condition.FAILED
    assert "codara worker" in second["worker"].cure
    assert second["database"].cure == ""


def test_a_damaged_repository_is_a_failure(world):
    repository = world.repository()
    world.add(RepositoryHealth(id=repository.id, damaged_since=NOON, problem="bad object"))
    chief = world.administrator()

    part = parts(world, chief)["repositories"]
    assert (part.condition, part.since, part.known) == (Condition.FAILED, NOON, Known.RECORDED)
    with world.reading(chief) as work:
        report = health.repositories(work, only_damaged=True).items[0]
    assert (report.repository.path, report.health.problem) == ("lab/notes", "bad object")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("repositories", {"damaged_since": NOON, "problem": "bad object"}),
        ("refs", {"checked_at": NOON, "problem": f"{maintenance.DRIFT}refs/heads/main"}),
    ],
)
def test_what_is_in_the_bin_wants_no_attention(world, name, found):
    repository = world.repository()
    world.add(RepositoryHealth(id=repository.id, **found))
    chief = world.administrator()

    assert parts(world, chief)[name].condition is not Condition.WELL
    with world.begin(chief) as work:
        repository_bin.delete(work, repository.path, now=NOON)
    assert parts(world, chief)[name].condition is Condition.WELL


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


def test_methods_that_somebody_invents_do_not_let_the_counters_grow(browser):
    for number in range(3):
        assert browser.open("/healthz", method=f"INVENTED{number}").status_code == 405

    text = browser.get("/metrics").get_data(as_text=True)

    assert 'method="other",status="405"' in text
    assert "INVENTED" not in text
