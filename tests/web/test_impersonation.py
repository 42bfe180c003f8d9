"""Acting as somebody else: only for a reason, for a while, in the open, and never with more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.address_lists import AddressList
from appliance.db.credentials import BrowserSession, SessionActivity
from appliance.db.impersonations import Impersonation
from appliance.db.second_factors import FactorRule
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Scope
from appliance.errors import RefusedError
from appliance.services import impersonation

BEGIN = "/administration/users/writer/impersonate"
FORM = {"reason": "They cannot find their notes", "minutes": "10"}


@pytest.fixture
def lab(world):
    world.organisation("lab")
    world.administrator()
    world.user("writer", member=OrganisationRole.OWNER, of="lab")
    world.repository("lab/notes")
    world.repository("lab/others")
    return world


@pytest.fixture
def browser(lab):
    return lab.browser("administrator", elevated=True)


def begin(browser, **changes: str):
    return browser.post(BEGIN, data={**FORM, **changes})


def text(browser, path="/"):
    return browser.get(path).get_data(as_text=True)


def change_rows(world, statement):
    with world.wiring.database._writing() as session, session.begin():
        session.execute(statement)


@pytest.mark.promise("P48")
def test_every_page_names_both_and_ends_it_by_one_click(lab, browser):
    assert begin(browser).headers["Location"] == "/"
    for path in ("/", "/lab/notes", "/inbox", "/nowhere/at-all"):
        page = text(browser, path)
        assert "administrator acts as writer" in page
        assert 'action="/impersonation/end"' in page
    assert 'href="/administration"' not in text(browser)
    assert browser.get("/administration/users").status_code in {403, 404}
    assert browser.post("/impersonation/end").status_code == 303
    assert "acts as" not in text(browser)
    assert browser.get("/administration/users").status_code == 200


@pytest.mark.promise("P48")
def test_begin_end_and_every_act_between_carry_both(lab, browser):
    begin(browser)
    made = browser.post("/new", data={"owner": "lab", "name": "drafts"})
    assert made.status_code == 303, made.get_data(as_text=True)
    browser.post("/impersonation/end")
    started, done, ended = (
        lab.recorded(kind)[-1]
        for kind in ("session.impersonation_started", "repo.created", "session.impersonation_ended")
    )
    boss, writer = lab.actor("administrator"), lab.actor("writer")
    assert started.header["actor"]["ref"] == ended.header["actor"]["ref"] == boss.pseudonym
    assert started.header["target"]["ref"] == ended.header["target"]["ref"] == str(writer.id)
    assert done.header["actor"]["ref"] == writer.pseudonym
    assert done.body["impersonator"] == boss.pseudonym
    assert done.header["auth"]["method"] == "impersonation"
    # Headers alone say who it was: the session is that of the administrator.
    assert done.header["auth"]["token_ref"] == started.header["auth"]["token_ref"]
    assert "impersonator" not in started.body
    assert ended.body["why"] == "left"


@pytest.mark.promise("P48")
def test_it_needs_a_reason_a_time_and_a_fresh_confirmation(lab):
    plain = lab.browser("administrator")
    assert "/confirm" in begin(plain).headers["Location"]
    browser = lab.browser("administrator", elevated=True)
    assert begin(browser, reason=" ").status_code == 422
    assert begin(browser, minutes="61").status_code == 422
    assert begin(browser, minutes="0").status_code == 422
    assert begin(browser).status_code == 303
    browser.post("/impersonation/end")
    assert "/confirm" in begin(browser).headers["Location"]  # Each time anew.


@pytest.mark.promise("P48")
def test_nobody_acts_as_an_administrator_or_without_being_one(lab, browser):
    lab.administrator("second")
    answer = browser.post("/administration/users/second/impersonate", data=FORM)
    assert answer.status_code == 403
    assert (
        browser.post("/administration/users/administrator/impersonate", data=FORM).status_code
        == 409
    )
    lab.user("reader")
    assert lab.browser("reader", elevated=True).post(BEGIN, data=FORM).status_code == 403
    assert not lab.recorded("session.impersonation_started")


@pytest.mark.promise("P48")
def test_no_token_begins_one(lab):
    actor = lab.actor("administrator")
    with pytest.raises(RefusedError), lab.begin(actor) as work:
        impersonation.begin(work, "writer", reason="x", minutes=5, now=datetime.now(UTC))


def test_the_instance_can_switch_it_off(lab):
    lab.configure(CODARA_SIGN_IN__IMPERSONATION_SECONDS="0")
    browser = lab.browser("administrator", elevated=True)
    assert begin(browser).status_code == 403
    assert "Impersonate" not in text(browser, "/administration/users/writer")


CLOSED = (
    ("GET", "/settings/email"),
    ("GET", "/settings/security"),
    ("GET", "/settings/tokens"),
    ("GET", "/settings/tokens/new"),
    ("GET", "/confirm"),
    ("POST", "/settings"),
    ("POST", "/settings/email"),
    ("POST", "/settings/security"),
    ("POST", "/settings/tokens/new"),
    ("POST", "/settings/keys/new"),
    ("POST", "/settings/gpg-keys/new"),
    ("POST", "/settings/factors/app"),
    ("POST", "/settings/factors/codes"),
    ("POST", "/settings/sessions/everywhere"),
    ("POST", "/settings/sessions/revoke-others"),
    ("POST", "/lab/notes/settings/keys"),
    ("POST", "/lab/notes/settings/access"),
    ("POST", "/lab/notes/settings/delete"),
    ("POST", "/lab/notes/settings/visibility"),
    ("POST", "/lab/-/members"),
    ("POST", "/lab/-/settings"),
    ("POST", "/lab/-/settings/addresses"),
    ("POST", "/lab/-/audit/auditors"),
    ("POST", "/api/v1/user/tokens"),
    ("POST", "/api/v1/user/keys"),
    ("POST", "/api/v1/users/writer/sign-out"),
)
FORMS = {
    "/settings/security": {"current": "x", "password": "another long sentence"},
    "/settings/email": {"email": "other@codara.test"},
    "/settings/tokens/new": {"name": "t", "scopes": "user"},
    "/settings/keys/new": {"key": "ssh-ed25519 AAAA", "title": "t"},
    "/settings/gpg-keys/new": {"key": "x"},
    "/settings/factors/app": {"sealed": "x", "code": "123456", "title": "t"},
    "/lab/notes/settings/keys": {"key": "ssh-ed25519 AAAA"},
    "/lab/notes/settings/access": {"grantee": "reader", "role": "reader"},
    "/lab/notes/settings/delete": {"confirm": "lab/notes"},
    "/lab/notes/settings/visibility": {"visibility": "internal"},
    "/lab/-/members": {"name": "reader", "role": "member"},
    "/lab/-/settings": {"description": "x", "base_role": "reader"},
    "/lab/-/settings/addresses": {"networks": "10.0.0.0/8"},
    "/lab/-/audit/auditors": {"name": "reader", "reason": "x"},
}
JSON = {
    "/api/v1/user/tokens": {"name": "t", "scopes": ["user"], "expires_in_days": 3},
    "/api/v1/user/keys": {"key": "ssh-ed25519 AAAA", "title": "t"},
    "/api/v1/users/writer/sign-out": {},
}


@pytest.mark.promise("P48")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_that_proves_who_somebody_is_or_gives_rights_is_open(lab, browser):
    lab.user("reader")
    begin(browser)
    before = lab.events()
    for method, path in CLOSED:
        sent = {"json": JSON[path]} if path in JSON else {"data": FORMS.get(path, {})}
        answer = browser.open(path, method=method, **({} if method == "GET" else sent))
        assert answer.status_code in {403, 404, 422}, (method, path, answer.status_code)
        assert "/confirm" not in answer.headers.get("Location", "")
    after = set(lab.events()[len(before) :])
    assert after <= {"access.refused"}


@pytest.mark.promise("P48")
def test_it_ends_by_time_and_the_log_says_so(lab, browser):
    begin(browser)
    past = datetime.now(UTC) - timedelta(seconds=1)
    change_rows(lab, sa.update(Impersonation).values(ends_at=past))
    assert "acts as" not in text(browser)
    assert lab.recorded("session.impersonation_ended") == []
    with lab.begin(appliance()) as work:
        assert impersonation.settle(work, now=datetime.now(UTC)) == 1
    assert lab.recorded("session.impersonation_ended")[0].body["why"] == "time"


@pytest.mark.promise("P48")
@pytest.mark.parametrize("what", ["suspended", "unmade", "signed_out", "revoked", "idle", "whom"])
def test_it_ends_with_the_administrators_own_session_and_rights(lab, browser, what):
    lab.administrator("second")
    other = lab.client("second", Scope.ADMINISTRATION)
    begin(browser)
    if what == "suspended":
        other.patch("/api/v1/users/administrator", json={"suspended": True})
    elif what == "unmade":
        other.patch("/api/v1/users/administrator", json={"role": "user"})
    elif what == "whom":
        other.patch("/api/v1/users/writer", json={"suspended": True})
    elif what == "signed_out":
        browser.post("/sign-out")
    elif what == "revoked":
        change_rows(lab, sa.update(BrowserSession).values(revoked_at=datetime.now(UTC)))
    else:
        long_ago = datetime.now(UTC) - timedelta(days=1)
        change_rows(lab, sa.update(SessionActivity).values(seen_at=long_ago))
    assert "acts as" not in text(browser)
    with lab.begin(appliance()) as work:
        impersonation.settle(work, now=datetime.now(UTC))
    [ended] = lab.recorded("session.impersonation_ended")
    wanted = {"signed_out": "signed_out", "revoked": "session", "idle": "session"}
    assert ended.body["why"] == wanted.get(what, "barred")
    if what == "signed_out":
        told = lab.recorded("auth.signed_out")[0]
        assert told.header["actor"]["ref"] == lab.actor("administrator").pseudonym


def test_another_administrator_ends_it_by_api(lab, browser):
    lab.administrator("second")
    begin(browser)
    other = lab.client("second", Scope.ADMINISTRATION)
    [row] = other.get("/api/v1/admin/impersonations").json["items"]
    assert (row["administrator"], row["user"], row["ended_at"]) == ("administrator", "writer", None)
    assert other.delete(f"/api/v1/admin/impersonations/{row['id']}").status_code == 204
    assert other.delete(f"/api/v1/admin/impersonations/{row['id']}").status_code == 409
    assert "acts as" not in text(browser)
    lab.user("reader")
    plain = lab.client("reader", Scope.USER)
    assert plain.get("/api/v1/admin/impersonations").status_code == 403
    assert plain.get("/api/v1/users/writer/impersonations").status_code == 403


@pytest.mark.promise("P48")
def test_they_are_told_by_their_inbox_and_see_it_beside_their_sessions(lab, browser):
    begin(browser)
    browser.post("/impersonation/end")
    own = lab.browser("writer")
    assert "administrator acted as you" in text(own, "/inbox")
    page = text(own, "/settings/security")
    assert "Administrators who acted as you" in page
    assert FORM["reason"] in page
    client = lab.client("writer", Scope.USER)
    [row] = client.get("/api/v1/users/writer/impersonations").json["items"]
    assert row["reason"] == FORM["reason"]


@pytest.mark.promise("P48")
def test_address_lists_and_factor_rules_of_the_user_hold(lab, browser):
    organisation = lab._organisation("lab")
    where = str(organisation.id)
    lab.add(AddressList(scope=where, organisation_id=organisation.id, networks=["10.0.0.0/8"]))
    begin(browser)
    assert "acts as" in text(browser)
    assert browser.get("/lab/notes").status_code in {403, 404}
    browser.post("/impersonation/end")
    long_ago = datetime.now(UTC) - timedelta(days=400)
    lab.add(
        FactorRule(
            scope=where,
            organisation_id=organisation.id,
            role="",
            grace_seconds=0,
            created_at=long_ago,
        )
    )
    again = lab.browser("administrator", elevated=True)
    assert begin(again).status_code == 409


def test_work_in_the_portal_goes_through_its_hooks_as_both(lab, browser):
    begin(browser)
    place = "/api/v1/repos/lab/notes/write/notes.txt"
    sent = {"content": "first line", "message": "Begin", "branch": "main"}
    assert browser.put(place, json=sent).status_code < 300
    pushed = lab.recorded("git.pushed")[-1]
    assert pushed.body["impersonator"] == lab.actor("administrator").pseudonym
