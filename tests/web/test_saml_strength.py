"""How strongly and how lately people show a SAML provider who they are, and how long that holds;
and subjects that are encrypted.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import xmlsec
from lxml import etree

from appliance.db.credentials import BrowserSession, SessionActivity
from appliance.db.identity_providers import Identity
from appliance.federation import saml_redirect
from appliance.security import one_time_codes
from appliance.services import identity_providers
from appliance.services.identity_providers import Changes
from tests.peers.saml_provider import make_key
from tests.services import factor_kit
from tests.web import saml_forgery as forgery
from tests.web.saml_forgery import assertion, changed, one, signed_anew
from tests.web.saml_visits import Visit, meet, our_key, way_there

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
STATEMENT = "a:AuthnStatement"
CONTEXT = f"{STATEMENT}/a:AuthnContext/a:AuthnContextClassRef"
STRONG = "https://refeds.org/profile/mfa"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"


def refusals(world) -> list[str]:
    return [each.body["reason"] for each in world.recorded("auth.assertion_refused")]


def tell(world, **settings: Any) -> None:
    with world.begin(world.actor("administrator-corp")) as work:
        before = dict(identity_providers.show(work, "corp").provider.settings)
        wanted = Changes(settings={**before, **settings})
        identity_providers.change(work, "corp", wanted, sealer=world.wiring.sealer)


def shown(context: str, *, seconds: int = 0):
    """Say that somebody showed who they are in that way, so many seconds from now."""

    def change(root: Any) -> None:
        one(assertion(root), CONTEXT).text = context
        one(assertion(root), STATEMENT).set("AuthnInstant", at(seconds))

    return change


def until(seconds: int):
    def change(root: Any) -> None:
        one(assertion(root), STATEMENT).set("SessionNotOnOrAfter", at(seconds))

    return change


def at(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def question(page) -> str:
    """The question that a page sends to the provider."""
    query = way_there(page).partition("?")[2]
    return saml_redirect.content_of(query, saml_redirect.REQUEST).decode()


def test_contexts_are_asked_for_and_one_of_them_has_to_be_shown(world, saml_provider):
    meet(world, saml_provider, contexts=[STRONG, "urn:a&b"])
    visit = Visit(world)
    asked = question(visit.browser.get("/auth/saml/login?provider=corp"))
    assert 'Comparison="exact"' in asked
    assert f"{STRONG}</saml:AuthnContextClassRef>" in asked
    assert "urn:a&amp;b<" in asked
    tell(world, contexts=[])
    answer = visit.answer()
    tell(world, contexts=[STRONG])

    answer = signed_anew(answer, shown(STRONG), saml_provider.key())

    assert visit.bring(answer).status_code == 303
    assert world.one(sa.select(BrowserSession)).facts["context"] == STRONG


@pytest.mark.promise("P37")
@pytest.mark.parametrize("context", ["urn:x", PASSWORD, f"{STRONG}/", STRONG.upper()])
def test_who_shows_less_than_was_asked_for_does_not_enter(world, saml_provider, context):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = visit.answer()
    tell(world, contexts=[STRONG])

    back = visit.bring(signed_anew(answer, shown(context), saml_provider.key()))

    assert back.status_code == 401
    assert refusals(world) == ["context"]
    assert world.one(sa.select(Identity)) is None


@pytest.mark.promise("P37")
def test_a_sensitive_act_is_confirmed_only_anew_and_as_strongly_as_was_asked(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    visit.bring(visit.answer())
    with world.wiring.database.engine.begin() as line:
        line.execute(sa.update(SessionActivity).values(elevated_until=None))
    assert 'ForceAuthn="true"' in question(
        visit.browser.get("/auth/saml/login?provider=corp&act=confirm")
    )
    key = saml_provider.key()
    old = signed_anew(visit.answer(act="confirm"), shown(PASSWORD, seconds=-300), key)
    assert visit.bring(old).status_code == 401
    weak = visit.answer(act="confirm")
    tell(world, step_up_contexts=[STRONG])
    assert visit.bring(weak).status_code == 401
    assert refusals(world) == ["not_asked_anew", "context"]
    assert world.one(sa.select(SessionActivity)).elevated_until is None
    tell(world, step_up_contexts=[])
    good = visit.answer(act="confirm")
    tell(world, step_up_contexts=[STRONG])

    assert visit.bring(signed_anew(good, shown(STRONG), key)).status_code == 303
    assert world.one(sa.select(SessionActivity)).elevated_until is not None


@pytest.mark.promise("P37")
@pytest.mark.parametrize(("seconds", "enters"), [(0, True), (-50, True), (-300, False)])
def test_everybody_can_be_asked_anew(world, saml_provider, seconds, enters):
    meet(world, saml_provider, asks_anew=True)
    visit = Visit(world)
    answer = signed_anew(visit.answer(), shown(PASSWORD, seconds=seconds), saml_provider.key())

    assert visit.bring(answer).status_code == (303 if enters else 401)


@pytest.mark.parametrize("counts", [True, False])
def test_administrators_say_which_contexts_count_as_a_second_factor(world, saml_provider, counts):
    meet(world, saml_provider, second_factor_contexts=[STRONG] if counts else [])
    first = Visit(world)
    first.bring(first.answer())
    factor_kit.set_up(world, factor_kit.kit_of(world), factor_kit.at_console(world))
    visit = Visit(world)

    answer = signed_anew(visit.answer(next="/settings"), shown(STRONG), saml_provider.key())

    assert (visit.bring(answer).headers["Location"] == "/settings") is counts


def test_a_session_ends_when_the_one_at_the_provider_does(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    ends_at = datetime.now(UTC) + timedelta(minutes=5)

    back = visit.bring(signed_anew(visit.answer(), until(300), saml_provider.key()))

    assert back.status_code == 303
    kept = world.one(sa.select(BrowserSession)).ends_at
    assert abs((kept - ends_at).total_seconds()) < 60


def test_a_session_is_never_longer_than_ours_may_be(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    visit.bring(signed_anew(visit.answer(), until(10**8), saml_provider.key()))
    session = world.one(sa.select(BrowserSession))
    most = world.wiring.settings.sign_in.session_absolute_seconds
    assert (session.ends_at - session.created_at).total_seconds() <= most


def test_the_end_is_kept_for_who_still_owes_a_second_factor(world, saml_provider):
    meet(world, saml_provider)
    first = Visit(world)
    first.bring(first.answer())
    secret, _ = factor_kit.set_up(world, factor_kit.kit_of(world), factor_kit.at_console(world))
    visit = Visit(world)
    visit.bring(signed_anew(visit.answer(), until(300), saml_provider.key()))
    world.app.config["WTF_CSRF_ENABLED"] = False
    now = datetime.now(UTC)
    code = one_time_codes.code_at(secret, now)
    visit.browser.post("/sign-in/factor", data={"code": code})
    newest = sa.select(BrowserSession).order_by(BrowserSession.created_at.desc()).limit(1)
    assert (world.one(newest).ends_at - now).total_seconds() < 400


@pytest.mark.promise("P37")
@pytest.mark.parametrize("seconds", [-1, -3600])
def test_a_session_that_has_ended_there_opens_none(world, saml_provider, seconds):
    meet(world, saml_provider)
    visit = Visit(world)

    back = visit.bring(signed_anew(visit.answer(), until(seconds), saml_provider.key()))

    assert back.status_code == 401
    assert refusals(world) == ["expired"]


def test_the_provider_encrypts_whom_it_means(world, saml_provider):
    meet(world, saml_provider)
    saml_provider.answers(**{"nameid.encryption": True})
    visit = Visit(world)
    answer = visit.answer()
    assert b"EncryptedID" in base64.b64decode(answer)

    assert visit.bring(answer).status_code == 303
    assert world.one(sa.select(Identity)).said_name == "writer"


@pytest.mark.parametrize("by", [xmlsec.Transform.AES256_GCM, xmlsec.Transform.AES256])
def test_an_encrypted_subject_is_who_they_are_in_clear(world, saml_provider, by):
    meet(world, saml_provider)
    first = Visit(world)
    first.bring(first.answer())
    visit = Visit(world)
    key = our_key().private_key
    answer = forgery.name_encrypted(visit.answer(), key, saml_provider.key(), by=by)

    assert visit.bring(answer).status_code == 303
    assert world.one(sa.select(sa.func.count(Identity.id))) == 1


def test_the_key_for_an_encrypted_subject_may_stand_beside_it(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    key = saml_provider.key()
    answer = forgery.name_encrypted(visit.answer(), our_key().private_key, key)

    def move(root: Any) -> None:
        around = one(assertion(root), "a:Subject/a:EncryptedID")
        around.append(one(around, "x:EncryptedData/d:KeyInfo/x:EncryptedKey"))
        one(around, "x:EncryptedData").remove(one(around, "x:EncryptedData/d:KeyInfo"))

    assert visit.bring(signed_anew(answer, move, key)).status_code == 303


def beside(root: Any) -> None:
    """A name in clear beside the encrypted one."""
    subject = one(assertion(root), "a:Subject")
    name = etree.SubElement(subject, f"{{{forgery.NAMES['a']}}}NameID")
    name.text = "somebody else"
    subject.insert(0, name)


def elsewhere(root: Any) -> None:
    """The encrypted one, of another place."""
    found = one(assertion(root), "a:Subject/a:EncryptedID")
    one(assertion(root), "a:Conditions").append(found)


def altered(root: Any) -> None:
    value = one(root, "//x:EncryptedData/x:CipherData/x:CipherValue")
    content = bytearray(base64.b64decode(value.text))
    content[-1] ^= 1
    value.text = base64.b64encode(content).decode()


def weakly(root: Any) -> None:
    method = one(root, "//x:EncryptedData/x:EncryptionMethod")
    method.set("Algorithm", "http://www.w3.org/2001/04/xmlenc#tripledes-cbc")


@pytest.mark.promise("P37")
@pytest.mark.parametrize(
    ("change", "signs", "reasons"),
    [
        pytest.param(beside, True, {"name_id", "shape"}, id="beside"),
        pytest.param(elsewhere, True, {"name_id", "shape"}, id="elsewhere"),
        pytest.param(altered, True, {"decryption"}, id="altered_by_the_signer"),
        pytest.param(altered, False, {"signature"}, id="altered"),
        pytest.param(weakly, True, {"algorithm"}, id="weakly"),
        pytest.param(beside, False, {"name_id", "shape", "signature"}, id="beside_unsigned"),
    ],
)
def test_an_encrypted_subject_that_is_not_as_it_should_be_is_refused(
    world, saml_provider, change, signs, reasons
):
    meet(world, saml_provider)
    visit = Visit(world)
    key = saml_provider.key()
    answer = forgery.name_encrypted(visit.answer(), our_key().private_key, key)
    forged = signed_anew(answer, change, key) if signs else changed(answer, change)

    assert visit.bring(forged).status_code == 401
    assert set(refusals(world)) <= reasons
    assert world.one(sa.select(Identity)) is None


@pytest.mark.promise("P37")
def test_an_encrypted_subject_for_somebody_else_is_refused(world, saml_provider, tmp_path):
    meet(world, saml_provider)
    visit = Visit(world)
    make_key(tmp_path, "other")
    other = (tmp_path / "other.pem").read_text()
    answer = forgery.name_encrypted(visit.answer(), other, saml_provider.key())

    assert visit.bring(answer).status_code == 401
    assert refusals(world) == ["decryption"]


@pytest.mark.promise("P37")
def test_a_comment_in_an_encrypted_subject_does_not_cut_it(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    root = forgery.opened(visit.answer())
    subject = one(assertion(root), "a:Subject")
    name = one(subject, "a:NameID")
    name.append(etree.Comment("cut"))
    forgery.encrypt_name(subject, name, our_key().private_key)
    forgery.sign(assertion(root), saml_provider.key())

    assert visit.bring(forgery.closed(root)).status_code == 401
    assert refusals(world) == ["name_id"]
