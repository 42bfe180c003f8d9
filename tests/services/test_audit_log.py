"""What happened lately: who may read it, and that it speaks to people."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditValue
from appliance.domain.events import Outcome
from appliance.domain.identity import stranger
from appliance.domain.permissions import InstanceRole, OrganisationRole
from appliance.errors import HiddenError, InvalidError, RefusedError, UnauthenticatedError
from appliance.services import audit_log, organisation_members, organisations, users
from appliance.services.audit_log import Filter
from tests.world import NOON


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("administrator", None),
        ("auditor", None),
        ("user", RefusedError),
        ("owner", RefusedError),
        ("stranger", UnauthenticatedError),
    ],
)
def test_who_reads_the_instances_events(world, who, refusal):
    world.organisation("lab")
    actor = {
        "administrator": world.administrator,
        "auditor": lambda: world.user(instance=InstanceRole.AUDITOR),
        "user": world.user,
        "owner": lambda: world.user(member=OrganisationRole.OWNER, of="lab"),
        "stranger": stranger,
    }[who]()
    world.keep_log()
    with pytest.raises(refusal) if refusal else nullcontext(), world.reading(actor) as work:
        assert audit_log.recent(work, sealer=world.wiring.sealer).items == []


@pytest.mark.parametrize(
    ("role", "refusal"),
    [
        (None, HiddenError),
        (OrganisationRole.MEMBER, RefusedError),
        (OrganisationRole.OWNER, None),
        (OrganisationRole.AUDITOR, None),
        (OrganisationRole.SECURITY_OFFICER, None),
    ],
)
def test_an_organisations_log_is_its_own(world, role, refusal):
    world.organisation("lab")
    administrator = world.administrator()
    actor = world.user(member=role, of="lab" if role else None)
    with world.begin(administrator) as work:
        organisations.change(work, "lab", {"description": "Things."})
        users.create(work, name="writer", now=NOON)
    world.keep_log()
    with pytest.raises(refusal) if refusal else nullcontext(), world.reading(actor) as work:
        (event,) = audit_log.recent_in_organisation(
            work, sealer=world.wiring.sealer, name="lab"
        ).items
        assert (event.kind, event.target, event.actor) == ("org.changed", "lab", "administrator")
        assert event.fields == {"changed": {"description": "Things."}}


def test_events_name_people_and_things_again(world):
    administrator = world.administrator()
    with world.begin(administrator) as work:
        user = users.create(work, name="writer", email="writer@codara.test", now=NOON)
        organisations.create(work, name="lab", now=NOON)
        organisation_members.set_role(work, "lab", "writer", OrganisationRole.MEMBER, now=NOON)
    world.keep_log()
    with world.reading(administrator) as work:
        added, created_lab, created = audit_log.recent(work, sealer=world.wiring.sealer).items
    assert (created.target, created.address) == ("writer", "127.0.0.1")
    assert created.fields == {
        "instance_role": "user",
        "name": "writer",
        "email": "writer@codara.test",
    }
    assert (created_lab.kind, created_lab.target) == ("org.created", "lab")
    assert added.fields == {"user_id": str(user.id), "user": "writer", "role": "member"}


def test_what_was_erased_stays_readable_without_it(world):
    administrator = world.administrator()
    with world.begin(administrator) as work:
        users.create(work, name="writer", now=NOON)
    world.keep_log()
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.delete(AuditValue))
    with world.reading(administrator) as work:
        (event,) = audit_log.recent(work, sealer=world.wiring.sealer).items
    assert event.fields["name"] == audit_log.ERASED
    assert event.address == audit_log.ERASED


def test_one_reads_what_one_did_and_what_was_done_to_one(world):
    writer, administrator = world.user("writer"), world.administrator()
    with world.begin(writer) as work:
        organisations.create(work, name="lab", now=NOON)
    with world.begin(administrator) as work:
        users.suspend(work, "writer", reason="left", now=NOON)
        users.create(work, name="reader", now=NOON)
    world.keep_log()
    with world.reading(writer) as work:
        events = audit_log.recent_of_self(work, sealer=world.wiring.sealer).items
    assert [each.kind for each in events] == ["user.suspended", "org.created"]
    assert events[0].fields == {"reason": "left"}
    with pytest.raises(UnauthenticatedError), world.reading(stranger()) as work:
        audit_log.recent_of_self(work, sealer=world.wiring.sealer)


def test_events_are_filtered_and_paged(world):
    writer, administrator = world.user("writer"), world.administrator()
    with pytest.raises(RefusedError), world.begin(writer) as work:
        users.create(work, name="nobody", now=NOON)
    for name in ("first", "second", "third"):
        with world.begin(administrator) as work:
            users.create(work, name=name, now=NOON)
    now = datetime.now(UTC)
    counts = {
        Filter(): 4,
        Filter(kind="user"): 3,
        Filter(kind="user.created"): 3,
        Filter(kind="use"): 0,
        Filter(outcome=Outcome.REFUSED): 1,
        Filter(actor="writer"): 1,
        Filter(since=now - timedelta(hours=1), until=now + timedelta(hours=1)): 4,
        Filter(until=now - timedelta(hours=1)): 0,
    }
    world.keep_log()
    with world.reading(administrator) as work:
        for wanted, count in counts.items():
            assert (
                len(audit_log.recent(work, sealer=world.wiring.sealer, wanted=wanted).items)
                == count
            ), wanted
        names, after = [], None
        while True:
            page = audit_log.recent(
                work,
                sealer=world.wiring.sealer,
                wanted=Filter(kind="user.created"),
                after=after,
                limit=2,
            )
            names.append([each.target for each in page.items])
            after = page.next
            if after is None:
                break
    assert names == [["third", "second"], ["first"]]
    for after in ("nonsense", "[]", '["x"]', "[1,2]", "{}", f"[{2**63}]", '["1"]'):
        with pytest.raises(InvalidError), world.reading(administrator) as work:
            audit_log.recent(work, sealer=world.wiring.sealer, after=after)
    for limit in (0, 1001):
        with pytest.raises(InvalidError), world.reading(administrator) as work:
            audit_log.recent(work, sealer=world.wiring.sealer, limit=limit)
