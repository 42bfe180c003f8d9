"""What nobody uses is warned of and ends; what was used, or a clock put back, ends nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.credential_notices import CredentialNotice
from appliance.db.credentials import AccessToken, LastUse, SshKey
from appliance.db.identity_providers import IdentityProvider
from appliance.db.scim import ScimToken
from appliance.db.ssh_authorities import SshAuthority
from appliance.domain.credentials import CredentialKind
from appliance.domain.identity import Origin, appliance, stranger
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.ids import new_id
from appliance.domain.permissions import OrganisationRole
from appliance.domain.signatures import KeyUse
from appliance.errors import RefusedError, UnauthenticatedError
from appliance.security import tokens
from appliance.services import (
    identify,
    inbox,
    service_accounts,
    ssh_authorities,
    ssh_keys,
    token_rules,
    unused_credentials,
)
from appliance.services.inbox import Topic
from appliance.services.token_rules import Rule
from tests.permissions.people import public_key
from tests.services.test_inbox import Memory
from tests.world import NOON

DAY = timedelta(days=1)


@pytest.fixture
def unused(world):
    """An appliance where what was not used for 90 days ends, two weeks after a warning."""
    world.configure(CODARA_ACCESS__UNUSED_CREDENTIALS_DAYS="90")
    world.user("writer")
    world.token("writer")
    with world.begin(world.actor("writer")) as work:
        for usage in (KeyUse.AUTHENTICATION, KeyUse.BOTH, KeyUse.SIGNING):
            ssh_keys.add(work, text=public_key(), title=usage, usage=usage, now=NOON)
    world.repository("lab/notes")
    world.user("boss", member=OrganisationRole.OWNER, of="lab")
    with world.begin(world.actor("boss")) as work:
        ssh_keys.add_deploy_key(work, "lab/notes", text=public_key(), title="host", now=NOON)
    return world


def sweep(world, days, limit=2):
    """Do the job of that day."""
    for kind in unused_credentials.KINDS:
        after = None
        while True:
            with world.begin(appliance()) as work:
                after = unused_credentials.end_some(
                    work, kind, after=after, limit=limit, now=NOON + days * DAY
                )
            if after is None:
                break


def left(world):
    """What still opens something."""
    with world.reading(stranger()) as work:
        tokens = sa.select(AccessToken.name).where(AccessToken.revoked_at.is_(None))
        keys = sa.select(SshKey.title).where(SshKey.usage != KeyUse.SIGNING)
        return sorted([*work.session.scalars(tokens), *work.session.scalars(keys)])


def told(world, name, days):
    with world.reading(world.actor(name)) as work:
        entries = inbox.waiting(work, memory=Memory(), now=NOON + days * DAY)
    topics = {Topic.CREDENTIAL_UNUSED: "unused", Topic.CREDENTIAL_ENDED: "ended"}
    return sorted((topics[each.topic], each.name) for each in entries if each.topic in topics)


def use(world, query, days):
    """Use a credential on that day."""
    credential_id = world.one(query)
    with world.begin(appliance()) as work:
        identify.note_use(work, credential_id, address="::1", now=NOON + days * DAY)


THERE = sorted(["test", "authentication", "both", "host"])
MINE = ["authentication", "both", "test"]


@pytest.mark.promise("P61")
def test_what_nobody_uses_is_warned_of_and_ends(unused):
    sweep(unused, 75)
    assert (left(unused), told(unused, "writer", 75)) == (THERE, [])
    sweep(unused, 77)
    assert told(unused, "writer", 77) == [("unused", name) for name in MINE]
    assert told(unused, "boss", 77) == [("unused", "host")]
    sweep(unused, 90)
    assert left(unused) == THERE  # The warning has not stood for two weeks yet.
    sweep(unused, 91)
    assert left(unused) == []
    assert told(unused, "writer", 91) == [("ended", name) for name in MINE]
    assert sorted(unused.events()[-4:]) == [
        "deploy_key.removed", "ssh_key.removed", "ssh_key.removed", "token.expired",
    ]  # fmt: skip
    signing = unused.one(sa.select(sa.func.count(SshKey.id)).where(SshKey.usage == KeyUse.SIGNING))
    assert signing == 2  # What signs goes on vouching for what it has signed.
    count = len(unused.events())
    sweep(unused, 92)
    assert len(unused.events()) == count


@pytest.mark.promise("P61")
def test_what_was_used_within_the_span_stays(unused):
    use(unused, sa.select(AccessToken.id), 60)
    sweep(unused, 77)
    use(unused, sa.select(SshKey.id).where(SshKey.title == "both"), 80)
    sweep(unused, 100)
    assert left(unused) == ["both", "test"]
    assert ("unused", "both") not in told(unused, "writer", 100)


@pytest.mark.promise("P61")
def test_a_clock_that_was_put_back_ends_nothing(unused):
    sweep(unused, 200)
    assert left(unused) == THERE  # Put forward, it warns and ends nothing.
    for days in (-400, 0, 75, 76):
        sweep(unused, days)
        assert left(unused) == THERE
    with unused.reading(stranger()) as work:
        assert work.session.scalar(sa.select(sa.func.count(LastUse.id))) == 0


@pytest.fixture
def client(unused):
    """The secret of a SCIM token that nobody has used yet."""
    unused.administrator()
    provider = IdentityProvider(
        id=new_id(), name="people", kind=ProviderKind.SCIM, label="People", domains=[],
        settings={}, policy={}, state={}, created_at=NOON,
    )  # fmt: skip
    secret = tokens.mint()
    key = unused.wiring.sign_in.fingerprint_key
    row = ScimToken(
        id=new_id(), provider_id=provider.id, name="client", created_at=NOON,
        secret_hash=tokens.fingerprint(secret, key=key), shown_prefix=secret[:10],
    )  # fmt: skip
    unused.add(provider, row)
    return secret


def enter_as_client(world, secret, days):
    key = world.wiring.sign_in.fingerprint_key
    now = NOON + days * DAY
    with world.reading(stranger()) as work:
        return identify.by_scim_token(work, secret, origin=Origin(), fingerprint_key=key, now=now)


@pytest.mark.promise("P61")
def test_a_scim_token_that_nobody_uses_ends_and_administrators_are_told(unused, client):
    sweep(unused, 77)
    assert told(unused, "administrator", 77) == [("unused", "client")]
    assert told(unused, "boss", 77) == [("unused", "host")]
    sweep(unused, 90)
    assert enter_as_client(unused, client, 90).label == "client of people"
    sweep(unused, 91)
    with pytest.raises(UnauthenticatedError):
        enter_as_client(unused, client, 91)
    assert told(unused, "administrator", 91) == [("ended", "client")]
    (event,) = unused.recorded("scim.token_revoked")
    assert '"why":"unused"' in event.text
    count = len(unused.events())
    sweep(unused, 92)
    assert len(unused.events()) == count


@pytest.mark.promise("P61")
def test_a_scim_token_that_is_used_stays(unused, client):
    sweep(unused, 77)
    use(unused, sa.select(ScimToken.id), 78)
    sweep(unused, 100)
    assert enter_as_client(unused, client, 100).label == "client of people"
    assert told(unused, "administrator", 100) == []


def test_an_authority_does_not_end_for_want_of_use(unused):
    with unused.begin(unused.administrator()) as work:
        ssh_authorities.trust(work, text=public_key(), title="Operations", now=NOON)
    for days in (77, 91, 4000):
        sweep(unused, days)
    assert unused.one(sa.select(SshAuthority.title)) == "Operations"
    assert told(unused, "administrator", 91) == []


def test_an_organisation_is_stricter_with_its_machines_and_deploy_keys(world):
    world.repository("lab/notes")
    boss = world.user("boss", member=OrganisationRole.OWNER, of="lab")
    with world.begin(boss) as work:
        service_accounts.create(work, "builder", organisation="lab", now=NOON)
        ssh_keys.add_deploy_key(work, "lab/notes", text=public_key(), title="host", now=NOON)
    world.token("builder")
    world.token("boss")
    with world.reading(appliance()) as work:
        assert not unused_credentials.is_wanted(work)
    with world.begin(boss) as work:
        token_rules.change(work, "lab", Rule(unused_days=10), now=NOON)
    with world.reading(appliance()) as work:
        assert unused_credentials.is_wanted(work)
    sweep(world, 6)
    assert told(world, "boss", 6) == [("unused", "host"), ("unused", "test")]
    sweep(world, 12)
    assert left(world) == ["test"]
    kept = sa.select(AccessToken.user_id).where(AccessToken.revoked_at.is_(None))
    assert world.one(kept) == boss.id
    assert world.one(sa.select(CredentialNotice.kind).limit(1)) in set(CredentialKind)


def test_where_nothing_is_said_nothing_ends(world):
    world.user("writer")
    world.token("writer")
    sweep(world, 5000)
    assert left(world) == ["test"]
    with pytest.raises(RefusedError), world.reading(world.actor("writer")) as work:
        unused_credentials.is_wanted(work)
