"""States of the logs are stamped by an authority with a clock of its own."""

import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.db.audit_log import INSTANCE_LOG
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.errors import ApplianceError, ConflictError, DamagedError, InvalidError
from appliance.jobs.tasks import TASKS
from appliance.security import time_stamps
from appliance.services.audit_log import anchors
from tests.peers.time_stamping import Authority

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def world(world):
    world.administrator("root")
    grow(world)
    return world


def grow(world):
    with world.begin(appliance()) as work:
        work.record(events.AuditTrustExported(logs=1))
    world.keep_log()


def stamp_by_job(world):
    TASKS[Job.STAMP_LOGS].do(world.wiring, None, lambda *_: None)


def trusting(world, authority, url):
    world.configure(
        CODARA_WITNESSES__PRIVATE_ADDRESSES="true",
        CODARA_WITNESSES__TIME_STAMP_URL=url,
        CODARA_WITNESSES__TIME_STAMP_ROOTS_FILE=str(authority.root),
    )


def kept(world):
    with world.reading(world.actor("root")) as work:
        return anchors.listed(work, INSTANCE_LOG)


def test_each_day_the_newest_state_is_stamped(world, authority):
    with authority.serving() as url:
        trusting(world, authority, url)
        stamp_by_job(world)
        grow(world)
        stamp_by_job(world)
    (anchor,) = kept(world)

    time_stamps.insist(
        time_stamps.read(anchor.token),
        anchor.note.encode(),
        time_stamps.roots(authority.root.read_bytes()),
    )
    assert abs((anchor.stamped_at - datetime.now(UTC)).total_seconds()) < 60
    assert anchor.authority == "CN=Clock"
    assert [each.body["size"] for each in world.recorded("audit.stamped")] == [anchor.size]


def test_openssl_finds_the_stamp_good_without_us(world, authority, tmp_path):
    with authority.serving() as url:
        trusting(world, authority, url)
        stamp_by_job(world)
    (anchor,) = kept(world)
    (tmp_path / "note").write_text(anchor.note)
    (tmp_path / "token").write_bytes(anchor.token)
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "note", "-in", "token", "-CAfile", authority.root],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Verification: OK" in done.stdout + done.stderr


def test_a_state_is_due_a_day_later_if_the_log_has_grown(world, authority):
    with authority.serving() as url:
        trusting(world, authority, url)
        stamp_by_job(world)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with world.reading(appliance()) as work:
        soon = anchors.due(work, now=datetime.now(UTC) + timedelta(hours=2))
        idle = anchors.due(work, now=tomorrow)
    world.keep_log()  # The stamp itself was recorded.
    with world.reading(appliance()) as work:
        grown = anchors.due(work, now=tomorrow)

    assert (soon, idle) == ([], [])
    assert [each.log for each in grown] == [INSTANCE_LOG]


def test_the_stamp_of_somebody_else_is_not_kept(world, authority, tmp_path):
    other = Authority(tmp_path / "other", "Other Clock")
    with other.serving() as url:
        trusting(world, authority, url)
        with pytest.raises(DamagedError, match="trusted"):
            stamp_by_job(world)

    assert kept(world) == []


def test_a_certificate_that_has_ended_since_was_good_at_the_time(tmp_path):
    for seconds in (2, 8, 32):  # A busy machine may not have stamped anything before the end.
        ends = datetime.now(UTC) + timedelta(seconds=seconds)
        short = Authority(tmp_path / f"short-{seconds}", ends=ends)
        stamp = time_stamps.read(short.stamp(time_stamps.question(b"state").data))
        trusted = time_stamps.roots(short.root.read_bytes())
        if datetime.now(UTC) < ends:
            break
    while datetime.now(UTC) <= ends + timedelta(seconds=1):
        time.sleep(0.1)

    time_stamps.insist(stamp, b"state", trusted)


def test_a_stamp_of_something_else_is_refused(authority):
    stamp = time_stamps.read(authority.stamp(time_stamps.question(b"this").data))
    trusted = time_stamps.roots(authority.root.read_bytes())

    with pytest.raises(DamagedError, match="something else"):
        time_stamps.insist(stamp, b"that", trusted)


def test_an_answer_to_another_request_is_refused(world, authority, monkeypatch):
    with world.reading(world.actor("root")) as work:
        wanted = anchors.newest(work, INSTANCE_LOG)
    old = authority.stamp(time_stamps.question(wanted.note.encode()).data)
    monkeypatch.setattr(authority, "stamp", lambda _: old)
    with authority.serving() as url:
        trusting(world, authority, url)
        with pytest.raises(InvalidError, match="another request"):
            stamp_by_job(world)


def test_a_stamp_is_carried_by_hand(world, authority):
    with world.reading(world.actor("root")) as work:
        wanted = anchors.newest(work, INSTANCE_LOG)
    answer = authority.stamp(time_stamps.question(wanted.note.encode()).data)
    grow(world)
    stamp = time_stamps.read(answer)
    with world.begin(world.actor("root")) as work:
        found = anchors.about(work, INSTANCE_LOG, stamp)
        anchors.keep(work, found.log_id, found.size, stamp, now=NOW)
    with pytest.raises(ConflictError), world.begin(world.actor("root")) as work:
        anchors.keep(work, found.log_id, found.size, stamp, now=NOW)

    assert [each.size for each in kept(world)] == [wanted.size]


def test_a_stamp_of_no_state_of_ours_is_refused(world, authority):
    stamp = time_stamps.read(authority.stamp(time_stamps.question(b"elsewhere").data))
    with pytest.raises(InvalidError, match="no state"), world.reading(world.actor("root")) as work:
        anchors.about(work, INSTANCE_LOG, stamp)


def test_a_refusal_of_the_authority_is_told(authority):
    with pytest.raises(InvalidError, match="refuses"):
        time_stamps.read(authority.stamp(b"nonsense"))


# Serial numbers below one, which the library only warns of yet, end in clear errors or do no harm.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_hostile_tokens_end_in_clear_errors(authority, data):
    if not hasattr(authority, "good"):
        authority.good = authority.stamp(time_stamps.question(b"state").data)
    good, trusted = authority.good, time_stamps.roots(authority.root.read_bytes())
    at = data.draw(st.integers(0, len(good)))
    until = data.draw(st.integers(at, min(len(good), at + 8)))
    spoiled = good[:at] + data.draw(st.binary(max_size=8)) + good[until:]

    try:
        time_stamps.insist(time_stamps.read(spoiled), b"state", trusted)
    except ApplianceError:
        pass  # It has a message, as every error of ours.
    else:
        # What is not signed may differ: the outermost lengths, and certificates that nobody needs.
        assert time_stamps.read(spoiled).digest == time_stamps.sha256(b"state")
