"""Signing in by the password of an LDAP directory, confirming by it, and trying it."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.users import User, UserState
from appliance.domain.identity_providers import ProviderKind
from appliance.services import identity_providers
from appliance.services.identity_providers import NewProvider
from tests.peers.server import free_port
from tests.peers.slapd import PASSWORD, SERVICE_PASSWORD
from tests.world import NOON

LOGIN = "/auth/ldap/corp/login"


@pytest.fixture
def corp(world, slapd):
    """Adds the directory as a provider that is on; gives an administrator."""

    def add(**other: object):
        by = world.administrator()
        wanted = NewProvider(
            name="corp",
            kind=ProviderKind.LDAP,
            label="Corp",
            settings=slapd.settings(**other),
            policy={"creates_users": True},
        )
        with world.begin(by) as work:
            identity_providers.add(work, wanted, sealer=world.wiring.sealer, now=NOON)
        with world.begin(by) as work:
            identity_providers.switch(work, "corp", is_enabled=True, now=NOON)
        world.app.config["WTF_CSRF_ENABLED"] = False
        return by

    return add


@pytest.fixture
def name():
    return f"u{uuid4().hex[:10]}"


def show(browser, name, password=PASSWORD, **query: object):
    return browser.post(LOGIN, query_string=query, data={"name": name, "password": password})


def test_a_person_of_the_directory_signs_in_and_confirms(world, slapd, corp, name):
    corp()
    slapd.person(name)
    browser = world.app.test_client()
    assert f'href="{LOGIN}' in browser.get("/sign-in").text
    assert 'name="password"' in browser.get(LOGIN).text

    entered = show(browser, name, next="/settings")

    assert (entered.status_code, entered.headers["Location"]) == (303, "/settings")
    assert world.one(sa.select(BrowserSession)).provider_id is not None
    assert f'href="{LOGIN}' in browser.get("/confirm").text
    wrong = show(browser, name, "wrong", act="confirm")
    assert (wrong.status_code, "Incorrect user name or password" in wrong.text) == (401, True)
    assert show(browser, name, act="confirm", next="/settings/email").status_code == 303
    assert world.recorded("session.elevated")


def test_strangers_learn_nothing_and_the_log_learns_why(world, slapd, corp, name):
    corp()
    dn = slapd.person(name)
    slapd.change(dn, "add: pwdReset", "pwdReset: TRUE")
    browser = world.app.test_client()

    pages = [show(browser, *typed) for typed in ((f"{name}x",), (name, "wrong"), (name,))]

    assert {page.status_code for page in pages} == {401}
    assert all("Incorrect user name or password." in page.text for page in pages)
    reasons = [each.body["reason"] for each in world.recorded("auth.sign_in_refused")]
    assert reasons == ["unknown", "password", "password_must_change"]
    assert PASSWORD not in str(world.recorded())


def test_too_many_wrong_passwords_have_to_wait(world, slapd, corp, name):
    corp()
    browser = world.app.test_client()

    answers = [show(browser, name, "wrong") for _ in range(12)]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_whom_the_directory_disables_is_kept_out_when_it_is_asked_next(world, slapd, corp, name):
    corp()
    dn = slapd.person(name)
    browser = world.app.test_client()
    show(browser, name)
    slapd.change(dn, "add: pwdAccountLockedTime", "pwdAccountLockedTime: 000001010000Z")

    assert show(world.app.test_client(), name, "any").status_code == 401
    user = world.one(sa.select(User).where(User.name == name))
    assert user.state is UserState.SUSPENDED
    assert browser.get("/settings").status_code != 200


def test_a_directory_that_is_down_says_so_and_leaves_nobody_worse(world, slapd, corp, name):
    corp(servers=[f"ldaps://127.0.0.1:{free_port()}"])

    answer = show(world.app.test_client(), name)

    assert answer.status_code == 503
    assert "The directory does not answer as it should." in answer.text


def test_no_door_leads_to_a_directory_that_is_not_there(world):
    assert world.app.test_client().get("/auth/ldap/none/login").status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_trying_it_shows_each_step_and_no_secret(world, slapd, corp, name):
    corp()
    dn = slapd.person(name)
    group = slapd.group(name, dn)
    browser = world.browser("administrator", elevated=True)

    page = browser.post("/administration/providers/corp/test", data={"user": name})

    assert page.status_code == 200
    for part in ("issuer: CN=Root", "0 success", f"dn: {dn}", group):
        assert part in page.text, part
    assert SERVICE_PASSWORD not in page.text
    assert PASSWORD not in page.text
    tested = world.recorded("auth.provider_tested")[-1]
    assert tested.body["is_good"] is True


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_trying_a_directory_that_is_down_says_at_which_step(world, corp):
    corp(servers=[f"ldaps://127.0.0.1:{free_port()}"])
    browser = world.browser("administrator", elevated=True)

    page = browser.post("/administration/providers/corp/test", data={})

    assert "Connection refused" in page.text
    assert world.recorded("auth.provider_tested")[-1].body["is_good"] is False
