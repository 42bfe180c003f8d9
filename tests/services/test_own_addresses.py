"""E-mail addresses of one's own: a letter, its code, and what counts then; at every door."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db import email_addresses
from appliance.db.users import EmailAddress
from appliance.domain import events
from appliance.errors import ConflictError, InvalidError
from appliance.jobs.mailing import Mailing
from appliance.services import own_addresses
from tests.commands import saying
from tests.peers.mail_server import taking_letters

API = "/api/v1/user/emails"
NEW = "new@codara.test"
LINK = re.compile(r"/settings/email\?code=([0-9a-f]{32})")
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def post(world):
    """An appliance with a mail server, and a way to let it write what is due."""
    world.user("writer")
    world.user("other")
    with taking_letters() as server:
        world.configure(
            CODARA_MAIL__HOST="127.0.0.1",
            CODARA_MAIL__PORT=str(server.port),
            CODARA_MAIL__SECURITY="none",
        )
        yield server


def sent(world, server):
    """The code of the last letter, after all that is due was sent."""
    Mailing(world.wiring).ask_whose(datetime.now(UTC))
    return LINK.search(server.letters[-1].get_content())[1]


def ask(world, who="writer", address=NEW, now=None):
    with world.begin(world.actor(who)) as work:
        return own_addresses.ask(work, address, now=now or datetime.now(UTC))


def confirm(world, code, who="writer", now=None):
    key = world.wiring.sign_in.fingerprint_key
    with world.begin(world.actor(who)) as work:
        return own_addresses.confirm(work, code, key=key, now=now or datetime.now(UTC))


def counting(world, who):
    """Which addresses of somebody count."""
    actor = world.actor(who)
    with world.reading(actor) as work:
        return email_addresses.verified(work.session, [actor.id]).get(actor.id, frozenset())


@pytest.mark.promise("P85")
def test_an_address_counts_once_the_code_of_a_letter_to_it_was_given(world, post):
    ask(world)
    assert NEW not in counting(world, "writer")

    code = sent(world, post)
    assert post.recipients == [NEW]
    with pytest.raises(InvalidError):
        confirm(world, "0" * 32)
    with pytest.raises(InvalidError):
        confirm(world, code, who="other")
    confirm(world, code)

    assert NEW in counting(world, "writer")
    assert world.events()[-1] == "user.email_verified"
    # An identity provider finds nobody by what only they themselves have shown.
    assert (
        world.one(sa.select(EmailAddress.is_verified).where(EmailAddress.address == NEW)) is False
    )
    with pytest.raises(InvalidError):
        confirm(world, code)


@ON_ONE
def test_a_code_is_good_for_a_day(world, post):
    ask(world)
    code = sent(world, post)

    with pytest.raises(InvalidError):
        confirm(world, code, now=datetime.now(UTC) + timedelta(days=1, minutes=1))


@ON_ONE
def test_who_shows_it_has_it_and_who_only_said_so_loses_it(world, post):
    with world.begin(world.actor("other")) as work:
        email_addresses.set_primary(work.session, world.actor("other").id, NEW)
        work.record(_said_so(world))
    ask(world)

    confirm(world, sent(world, post))

    assert NEW in counting(world, "writer")
    assert world.events()[-2:] == ["user.email_removed", "user.email_verified"]


@ON_ONE
def test_an_address_that_counts_for_another_stays_theirs(world, post):
    ask(world, who="other")
    confirm(world, sent(world, post), who="other")
    ask(world)
    code = sent(world, post)

    with pytest.raises(ConflictError, match="Another user"):
        confirm(world, code)


@ON_ONE
def test_nobody_has_many_letters_written(world, post):
    ask(world)
    with pytest.raises(ConflictError, match="less than an hour ago"):
        ask(world)
    for number in range(own_addresses.MOST_ASKED - 1):
        ask(world, address=f"{number}@codara.test")
    with pytest.raises(ConflictError, match="Too many"):
        ask(world, address="more@codara.test")


@ON_ONE
def test_taking_it_back_lets_nobody_ask_for_more_letters(world, post):
    for number in range(own_addresses.MOST_ASKED):
        address = f"{number}@codara.test"
        ask(world, address=address)
        code = sent(world, post)
        with world.begin(world.actor("writer")) as work:
            own_addresses.remove(work, address)
            assert len(own_addresses.listed(work, now=datetime.now(UTC))) == 1

    with pytest.raises(InvalidError):
        confirm(world, code)
    with pytest.raises(ConflictError, match="less than an hour ago"):
        ask(world, address=address)
    with pytest.raises(ConflictError, match="one day"):
        ask(world, address=NEW)
    assert len(post.recipients) == own_addresses.MOST_ASKED


@ON_ONE
def test_a_letter_that_is_not_taken_now_waits_and_holds_up_nothing(world, post):
    ask(world)
    mailing, now = Mailing(world.wiring), datetime.now(UTC)
    post.answer = "451 later"
    assert mailing.ask_whose(now) == 0
    post.answer = "250 OK"

    assert mailing.ask_whose(now + timedelta(minutes=1)) == 0
    assert mailing.ask_whose(now + timedelta(minutes=6)) == 1
    assert mailing.ask_whose(now + timedelta(hours=1)) == 0
    assert post.recipients == [NEW]


@ON_ONE
def test_without_a_mail_server_it_says_who_can(world):
    world.user("writer")

    with pytest.raises(ConflictError, match="administrator"):
        ask(world)


@ON_ONE
def test_the_portal_asks_confirms_and_chooses(world, post):
    browser = world.browser("writer", elevated=True)
    asked = browser.post("/settings/email/ask", data={"address": NEW})
    assert asked.status_code == 303, asked.text
    code = sent(world, post)
    assert f'value="{code}"' in browser.get(f"/settings/email?code={code}").text

    wrong = browser.post("/settings/email/confirm", data={"code": "no"})
    assert wrong.status_code == 422
    for verb, data in (("confirm", {"code": code}), ("primary", {"address": NEW})):
        assert browser.post(f"/settings/email/{verb}", data=data).status_code == 303
    page = browser.get("/settings/email").text
    assert "Primary" in page
    kept = browser.post("/settings/email/remove", data={"address": NEW})
    assert kept.status_code == 409, "letters go there"
    gone = browser.post("/settings/email/remove", data={"address": "writer@codara.test"})
    assert gone.status_code == 303


@ON_ONE
def test_the_commands_do_the_same(world, post, say):
    assert say("email", "add", NEW)["asked_at"]
    code = sent(world, post)
    assert say("email", "confirm", code)["is_verified"]
    assert say("email", "primary", NEW)[0]["address"] == NEW
    assert say("email", "remove", "writer@codara.test", "--yes")
    found = say("email", "list")
    assert [(each["address"], each["is_primary"]) for each in found] == [(NEW, True)]


@pytest.fixture
def say(world, monkeypatch, capsys):
    """Say a command over the network; gives what it answers."""
    with saying(world, "writer", monkeypatch, capsys) as say_it:
        yield say_it


def _said_so(world):
    return events.UserChanged(
        about=world.actor("other").id, person="p_other", changed=["email"], values=NEW
    )
