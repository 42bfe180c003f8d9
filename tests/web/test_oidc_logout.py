"""Sessions that end because an OpenID provider says that they have ended there."""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64decode
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.services import identity_providers
from appliance.services.identity_providers import Changes
from tests.peers.openid_provider import There, start_openid_provider
from tests.web.test_oidc import (
    CALLBACK,
    OURS,
    WRITER,
    add,
    come_back,
    insist_on_refusal,
    leave,
    sign_in,
    why,
)

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(scope="module")
def running_provider():
    with start_openid_provider(CALLBACK) as provider:
        yield provider


@pytest.fixture
def there(running_provider):
    running_provider.be_honest()
    running_provider.people(writer=WRITER, reader={"preferred_username": "reader"})
    return running_provider


@pytest.fixture
def corp(world, there):
    world.configure(CODARA_SERVER__URL=OURS)
    return add(world, there, "corp")


def signed_in(world, name="writer"):
    browser = world.app.test_client()
    assert sign_in(browser, name).status_code == 303
    return browser


def is_in(browser) -> bool:
    return browser.get("/settings").status_code == 200


def first_session(world) -> str:
    """What the provider calls the session that was opened first."""
    query = sa.select(BrowserSession.external_id).order_by(BrowserSession.created_at).limit(1)
    name = world.one(query)
    assert name
    return name


def tell(world, token, provider="corp"):
    address = f"/auth/oidc/{provider}/backchannel-logout"
    return world.app.test_client().post(address, data={"logout_token": token})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_signs_out_there_is_signed_out_here_and_nobody_else(served):
    world, url = served.world, served.url
    world.configure(CODARA_SERVER__URL=url)
    with start_openid_provider(f"{url}/auth/oidc/corp/callback") as there:
        there.people(writer=WRITER, reader={"preferred_username": "reader"})
        add(world, there, "corp")
        browsers, theirs = {}, {}
        for name in ("writer", "reader"):
            browsers[name], theirs[name] = world.app.test_client(), There()
            target = theirs[name].sign_in(leave(browsers[name]), name)
            assert come_back(browsers[name], target).status_code == 303
        theirs["writer"].sign_out(f"{there.issuer}/session/end")

    assert not is_in(browsers["writer"])
    assert is_in(browsers["reader"])
    assert len(world.recorded("session.revoked")) == 1


def test_a_token_ends_one_session_or_all_of_a_person(world, corp, there):
    one, two, other = signed_in(world), signed_in(world), signed_in(world, "reader")
    name = first_session(world)
    assert tell(world, there.logout_token({"sid": name})).status_code == 200
    assert [is_in(one), is_in(two), is_in(other)] == [False, True, True]
    answer = tell(world, there.logout_token({"sub": "writer"}))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert [is_in(one), is_in(two), is_in(other)] == [False, False, True]


def test_a_session_is_ended_only_for_its_own_person(world, corp, there):
    writer = signed_in(world)
    name = first_session(world)
    assert tell(world, there.logout_token({"sid": name, "sub": "reader"})).status_code == 200
    assert is_in(writer)


LIES = {
    "for somebody else": ({"aud": "another"}, {}, "the provider", "audience"),
    "of somebody else": ({"iss": "https://elsewhere.test"}, {}, "the provider", "issuer"),
    "signed by another key": ({}, {}, "another key", "signature"),
    "signed by nobody": ({}, {"alg": "none"}, "nobody", "algorithm"),
    "signed with the public key": ({}, {"alg": "HS256"}, "public key", "algorithm"),
    "changed after signing": ({"sub": "reader"}, {}, "no one in particular", "signature"),
    "about nothing": ({"events": None}, {}, "the provider", "not_a_logout"),
    "about something else": ({"events": {"x": {}}}, {}, "the provider", "not_a_logout"),
    "about an end in words": ({"events": EVENT}, {}, "the provider", "not_a_logout"),
    "like an ID token": ({"nonce": "n"}, {}, "the provider", "not_a_logout"),
    "of another type": ({}, {"typ": "at+jwt"}, "the provider", "not_a_logout"),
    "about nobody": ({"sub": None}, {}, "the provider", "token_form"),
    "about a number": ({"sub": 7}, {}, "the provider", "token_form"),
    "without a name": ({"jti": None}, {}, "the provider", "token_form"),
    "expired": ({"exp": 1_700_000_000}, {}, "the provider", "expired"),
    "old, and never expires": (
        {"iat": int(time.time()) - 3600, "exp": None},
        {},
        "the provider",
        "expired",
    ),
    "of tomorrow": ({"iat": 4_000_000_000, "exp": None}, {}, "the provider", "not_yet"),
    "of no time": ({"iat": None}, {}, "the provider", "moments"),
}


@pytest.mark.promise("P41")
@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_lies_ends_nothing(world, corp, there, lie):
    claims, header, by, reason = LIES[lie]
    browser = signed_in(world)
    answer = tell(world, there.logout_token({"sub": "writer", **claims}, header, by))
    assert (answer.status_code, answer.get_json()) == (400, {"error": "invalid_request"})
    assert why(world) == [reason]
    assert is_in(browser)


@pytest.mark.promise("P41")
def test_a_token_counts_once(world, corp, there):
    token = there.logout_token({"sub": "writer"})
    assert tell(world, token).status_code == 200
    browser = signed_in(world)
    assert tell(world, token).status_code == 400
    assert why(world) == ["replayed"]
    assert is_in(browser)


def test_an_id_token_ends_no_session_and_a_logout_token_opens_none(world, corp, there):
    there.tamper({"events": {EVENT: {}}, "nonce": None})
    insist_on_refusal(world, sign_in(world.app.test_client()), "nonce")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "a" * 60_000])
def test_what_is_no_token_is_refused(world, corp, token):
    assert tell(world, token).status_code == 400
    assert why(world) == ["token_form"]


def test_who_sends_many_wrong_ones_has_to_wait(world, corp, there):
    answers = [tell(world, "x").status_code for _ in range(100)]
    assert answers[0] == 400
    assert answers[-1] == 429
    # The door for passwords counts for itself.
    assert world.app.test_client().get("/sign-in").status_code == 200


@pytest.mark.promise("P41")
def test_a_provider_ends_only_what_it_opened(world, corp, there):
    add(world, there, "other")
    browser = signed_in(world)
    assert tell(world, there.logout_token({"sub": "writer"}), "other").status_code == 200
    assert is_in(browser)


def test_a_frame_ends_the_session_that_it_names(world, corp, there):
    writer, reader = signed_in(world), signed_in(world, "reader")
    name, frame = first_session(world), world.app.test_client()
    address = "/auth/oidc/corp/frontchannel-logout"
    answer = frame.get(address, query_string={"iss": there.issuer, "sid": name})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert [is_in(writer), is_in(reader)] == [False, True]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"sid": "x"}, "issuer"),
        ({"iss": "https://elsewhere.test", "sid": "x"}, "issuer"),
        ({"iss": ""}, "unknown_session"),
        ({"iss": "", "sid": "x" * 300}, "unknown_session"),
    ],
)
def test_a_frame_that_names_nothing_ends_nothing(world, corp, there, asked, reason):
    browser = signed_in(world)
    asked = {**asked, **({"iss": there.issuer} if asked.get("iss") == "" else {})}
    answer = world.app.test_client().get("/auth/oidc/corp/frontchannel-logout", query_string=asked)
    assert answer.status_code == 400
    assert why(world) == [reason]
    assert is_in(browser)


def leave_here(browser) -> str:
    """Sign out here; gives the address that the browser goes on to."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/settings").text)
    page = browser.post("/sign-out", data={"csrf_token": token[1]} if token else {})
    if page.status_code == 303:
        return page.headers["Location"]
    return unescape(re.search(r'content="0; url=([^"]+)"', page.text)[1])


def test_who_signs_out_here_signs_out_there_and_comes_back(world, corp, there):
    browser, theirs = world.app.test_client(), There()
    assert come_back(browser, theirs.sign_in(leave(browser), "writer")).status_code == 303
    address = leave_here(browser)
    assert not is_in(browser)
    asked = parse_qs(urlsplit(address).query)
    assert asked["client_id"] == ["basic"]
    assert json.loads(base64url(asked["id_token_hint"][0].split(".")[1]))["sub"] == "writer"
    assert theirs.sign_out(address) == f"{OURS}/sign-in"


@pytest.mark.parametrize(
    "settings", [{"signs_out_there": False}, {"issuer_url": "http://127.0.0.1:9"}]
)
def test_who_signs_out_here_alone_stays_here(world, corp, settings):
    browser = signed_in(world)
    with world.begin(world.actor("administrator-corp")) as work:
        sealer = world.wiring.sealer
        identity_providers.change(work, "corp", Changes(settings=settings), sealer=sealer)
    assert leave_here(browser) == "/sign-in"
    assert not is_in(browser)


def test_a_session_that_a_password_opened_is_left_as_ever(world, corp):
    world.user("reader")
    assert leave_here(world.browser("reader")) == "/sign-in"


def base64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.promise("P41")
def test_a_provider_that_ends_many_sessions_in_an_hour_is_heard(world, corp, there):
    answers = {tell(world, there.logout_token({"sub": "reader"})).status_code for _ in range(40)}
    assert answers == {200}
    browser = signed_in(world)
    assert tell(world, there.logout_token({"sub": "writer"})).status_code == 200
    assert not is_in(browser)
