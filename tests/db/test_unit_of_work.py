"""A change and its event are committed together, or neither; and nothing leaves before."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.access import gate
from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.credentials import IdempotencyKey
from appliance.db.engine import make_engine
from appliance.db.once import once
from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import Database
from appliance.db.users import Owner, User
from appliance.domain import events
from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.ids import new_id
from appliance.domain.jobs import RULES, Job, JobState
from appliance.domain.permissions import Permission
from appliance.errors import (
    ConflictError,
    HiddenError,
    InvalidError,
    RefusedError,
    UnauthenticatedError,
    UnavailableError,
    UnrecordedChangeError,
)
from appliance.settings import load
from audit.entry import commit_personal
from tests.world import NOON

EVENT = events.UserReinstated()

CHANGES = {
    "a changed row": lambda work: setattr(_user(work), "display_name", "W."),
    "a new row": lambda work: work.session.add(_new_key(work, Owner)),
    "a deleted row": lambda work: work.session.delete(work.session.scalar(sa.select(Repository))),
    "a bulk update": lambda work: work.session.execute(sa.update(User).values(theme="dark")),
    "a bulk delete": lambda work: work.session.execute(sa.delete(Repository)),
    "an update of the table itself": lambda work: work.session.execute(
        sa.update(User.__table__).values(theme="dark")
    ),
    "a bulk insert": lambda work: work.session.execute(
        sa.insert(Owner), [{"id": new_id(), "kind": "user", "name": "n", "name_key": "n"}]
    ),
}


def _user(work):
    return work.session.scalar(sa.select(User).where(User.name == "writer"))


def _new_key(work, table):
    return table(id=new_id(), kind="user", name="newcomer", name_key="newcomer")


@pytest.fixture
def writer(world):
    """A user, and a repository to do something to."""
    world.repository("lab/notes")
    return world.user("writer")


@pytest.mark.promise("P18")
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_without_an_event_is_not_committed(world, writer, change):
    before = _everything(world)
    with pytest.raises(UnrecordedChangeError), world.begin(writer) as work:
        CHANGES[change](work)
    assert _everything(world) == before
    with world.begin(writer) as work:
        CHANGES[change](work)
        work.record(EVENT)
    assert _everything(world) != before
    assert world.events() == ["user.reinstated"]


def _everything(world):
    tables = (Owner, User, Repository)
    with world.wiring.database.engine.connect() as connection:
        return [connection.execute(sa.select(table)).all() for table in tables]


def test_bookkeeping_needs_no_event(world, writer):
    with world.begin(writer) as work:
        row = IdempotencyKey(actor_ref="a", key="k", request_proof=b"", created_at=NOON)
        work.session.add(row)
        work.session.scalar(sa.select(Repository)).size_bytes = 10
    with world.begin(writer) as work:
        work.session.execute(sa.update(IdempotencyKey).values(key="other"))
    assert world.events() == []


def test_setting_what_is_there_already_is_no_change(world, writer):
    with world.begin(writer) as work:
        user = _user(work)
        user.display_name = user.display_name + ""
    assert world.events() == []


def _do_all_and_fail(work, error):
    _user(work).display_name = "W."
    work.record(EVENT)
    work.later(Job.SWEEP)
    work.session.flush()
    raise error


def test_an_event_is_undone_with_its_change(world, writer):
    with pytest.raises(InvalidError), world.begin(writer) as work:
        _do_all_and_fail(work, InvalidError("no"))
    assert world.events() == []
    assert world.one(sa.select(User.display_name).where(User.name == "writer")) == ""
    assert world.one(sa.select(JobRecord)) is None


def test_an_event_says_who_what_and_from_where(world, writer):
    origin = Origin(
        address="192.0.2.7", request_id="r1", method=Method.TOKEN, credential_id=new_id()
    )
    actor = world.actor("writer")
    actor = type(actor)(**{**vars(actor), "origin": origin})
    about, organisation_id = new_id(), new_id()
    with world.begin(actor) as work:
        work.record(
            events.UserCreated(
                about=about,
                organisation_id=organisation_id,
                person="p_of_the_new_one",
                instance_role="user",
                name="näw\x00 \ud800",
            )
        )
        work.record(EVENT)
    first, second = world.recorded()
    header, body, kept = first.header, first.body, first.values
    assert (header["action"], header["category"]) == ("user.created", "user")
    assert header["log"] == str(organisation_id)
    assert header["target"] == {"type": "user", "ref": str(about)}
    assert header["actor"] == {"type": "user", "ref": actor.pseudonym}
    assert header["auth"] == {
        "method": "token",
        "mfa": False,
        "token_ref": str(origin.credential_id),
    }
    assert header["request_id"] == "r1"
    assert (second.header["log"], second.header["target"]["ref"]) == (INSTANCE_LOG, "")
    assert set(body) == {"instance_role", "name", "address"}
    assert (kept["name"].person, kept["name"].value) == ("p_of_the_new_one", "näw \\ud800")
    assert (kept["address"].person, kept["address"].value) == (actor.pseudonym, "192.0.2.7")
    for field, row in kept.items():
        assert body[field] == commit_personal(field, row.salt, row.value)


@pytest.mark.parametrize("refusal", [RefusedError, HiddenError])
def test_a_refusal_undoes_the_work_and_is_remembered(world, writer, refusal):
    with pytest.raises(refusal), world.begin(writer) as work:
        _do_all_and_fail(work, refusal("There is no repository lab/secret."))
    (event,) = world.recorded()
    assert (event.action, event.header["actor"]["ref"]) == ("access.refused", writer.pseudonym)
    assert "secret" not in event.text
    assert world.one(sa.select(User.display_name).where(User.name == "writer")) == ""


def test_a_refusal_while_reading_is_remembered_too(world, writer):
    with pytest.raises(HiddenError), world.reading(writer):
        raise HiddenError("There is nothing.")
    assert world.events() == ["access.refused"]


def test_a_strangers_refusals_do_not_fill_the_log(world):
    with pytest.raises(HiddenError), world.begin(stranger()):
        raise HiddenError("There is nothing.")
    with pytest.raises(UnauthenticatedError), world.begin(stranger()) as work:
        gate.require(work, Permission.OWN_ACCOUNT)
    assert world.events() == []


@pytest.mark.parametrize("opens", ["begin", "reading"])
def test_a_failed_sign_in_is_remembered(world, opens):
    event = events.SignInRefused(reason="password", name="writer")
    with pytest.raises(UnauthenticatedError), getattr(world, opens)(stranger()):
        raise UnauthenticatedError("No.", event=event)
    assert world.events() == ["auth.sign_in_refused"]


def test_a_job_is_promised_with_the_commit(world, writer):
    about = new_id()
    with world.begin(writer) as work:
        job_id = work.later(Job.SWEEP, about=about, not_before=NOON, depth=3)
        assert work.promised == []  # Nobody need hurry for what begins later.
        with world.reading(writer) as other:
            assert other.session.get(JobRecord, job_id) is None
    row = world.one(sa.select(JobRecord))
    assert (row.id, row.about, row.arguments) == (job_id, about, {"depth": 3})
    assert (row.state, row.relayed_at, row.promised_by) == (JobState.QUEUED, None, writer.id)
    assert (row.attempts_left, row.not_before) == (RULES[Job.SWEEP].attempts, NOON)


def test_the_same_thing_at_the_same_moment_is_a_conflict(world, writer):
    with pytest.raises(ConflictError, match="same moment"), world.begin(writer) as work:
        work.session.add(Owner(id=new_id(), kind="user", name="writer", name_key="writer"))
    assert world.events() == []


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all/codara.db", "postgresql+psycopg://codara@127.0.0.1:1/codara"],
)
def test_a_database_that_is_away_is_said_to_be(url):
    database = Database(make_engine(url), load(file=None, environment={}))
    with pytest.raises(UnavailableError):
        database.ping()
    with pytest.raises(UnavailableError), database.begin(stranger()) as work:
        work.session.scalar(sa.select(User))
    database.engine.dispose()


def test_a_page_asks_once_and_a_change_anew(world, writer):
    answers = iter(range(9))
    for opened, told in ((world.reading, [0, 0, 1]), (world.begin, [2, 3, 4])):
        with opened(writer) as work:
            found = [once(work.session, key, lambda: next(answers)) for key in ("a", "a", "b")]
        assert found == told
