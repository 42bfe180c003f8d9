"""Assertions whose encryption has no check of its own: nobody learns by asking what they say."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import xmlsec
from lxml import etree

from appliance.db.federation_tickets import FederationTicket
from appliance.db.identity_providers import Identity
from appliance.services.saml_questions import OPENING_KEPT
from tests.web import saml_forgery as forgery
from tests.web.saml_forgery import changed, one
from tests.web.saml_visits import Visit, meet, our_key
from tests.world import NOON

pytestmark = [
    pytest.mark.promise("P37"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
VALUE = "//x:EncryptedData/x:CipherData/x:CipherValue"
KEY = "//x:EncryptedKey/x:CipherData/x:CipherValue"
CHAINED = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"


def reasons(visit: Visit) -> list[str]:
    return [each.body["reason"] for each in visit.world.recorded("auth.assertion_refused")]


def chained(visit: Visit) -> str:
    return forgery.encrypted(visit.answer(), our_key().private_key, by=xmlsec.Transform.AES256)


def ask_as(visit: Visit, answer: str) -> str:
    """That ciphertext, as an answer to a new question of the browser."""
    return changed(visit.answer(), lambda root: _put(root, answer))


def _put(root: Any, answer: str) -> None:
    """The ciphertext of another answer in place of the assertion."""
    root.replace(
        one(root, "a:Assertion"), deepcopy(one(forgery.opened(answer), "a:EncryptedAssertion"))
    )


def flip(root: Any) -> None:
    _edit(root, lambda content: content[:20] + bytes([content[20] ^ 1]) + content[21:])


def cut_last_block(root: Any) -> None:
    _edit(root, lambda content: content[:-16])


def pad_wrongly(root: Any) -> None:
    _edit(root, lambda content: content[:-17] + bytes([content[-17] ^ 255]) + content[-16:])


def _edit(root: Any, edit: Callable[[bytes], bytes]) -> None:
    value = one(root, VALUE)
    value.text = base64.b64encode(edit(base64.b64decode(value.text))).decode()


def test_a_true_answer_is_opened_once(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = chained(visit)

    assert visit.bring(answer).status_code == 303
    assert world.one(sa.select(Identity)).said_name == "writer"
    assert visit.bring(answer).status_code == 401
    assert reasons(visit) == ["replayed"]


@pytest.mark.parametrize("alter", [flip, cut_last_block, pad_wrongly])
def test_who_alters_a_ciphertext_has_one_question(world, saml_provider, alter):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = chained(visit)
    first = visit.bring(changed(answer, alter))
    further = [visit.bring(changed(answer, each)) for each in (flip, pad_wrongly, cut_last_block)]

    pages = {_as_shown(each.text) for each in (first, *further)}
    assert {each.status_code for each in (first, *further)} == {401}
    assert len(pages) == 1
    assert reasons(visit)[1:] == ["replayed"] * 3
    # The true one is lost with it: who got at it can keep somebody out, and learns nothing.
    assert visit.bring(answer).status_code == 401


def _as_shown(page: str) -> str:
    """Without its own reference, and the token of its forms, which knows its second."""
    lines = [line for line in page.splitlines() if "eference" not in line]
    return re.sub(r'name="csrf_token" value="[^"]+"', "", "".join(lines))


def test_another_question_and_another_browser_do_not_open_it_again(world, saml_provider):
    meet(world, saml_provider)
    victim = Visit(world)
    answer = chained(victim)
    assert victim.bring(answer).status_code == 303

    attacker = Visit(world)
    assert attacker.bring(changed(ask_as(attacker, answer), flip)).status_code == 401
    assert reasons(attacker) == ["replayed"]


def spaced(root: Any) -> None:
    value = one(root, KEY)
    value.text = f"\n {value.text[:40]} \n {value.text[40:]}"


def doubled(root: Any) -> None:
    key = one(root, "//x:EncryptedKey")
    key.getparent().append(deepcopy(key))


def with_another(root: Any) -> None:
    value = one(root, KEY)
    other = deepcopy(value)
    other.text = base64.b64encode(bytes(256)).decode()
    value.getparent().append(other)


def with_noughts(root: Any) -> None:
    value = one(root, KEY)
    value.text = base64.b64encode(bytes(4) + base64.b64decode(value.text)).decode()


def with_more(root: Any) -> None:
    one(root, KEY).text += "AAAA"


@pytest.mark.parametrize("spell", [spaced, doubled, with_another, with_noughts, with_more])
def test_no_other_spelling_of_a_key_is_a_new_one(world, saml_provider, spell):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = chained(visit)
    visit.bring(changed(answer, flip))

    def both(root: Any) -> None:
        spell(root)
        flip(root)

    assert visit.bring(changed(answer, both)).status_code == 401
    assert reasons(visit)[-1] in {"replayed", "shape", "decryption"}
    assert world.one(sa.select(Identity)) is None


def test_a_ciphertext_with_a_check_that_is_called_one_without_is_no_oracle(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = forgery.encrypted(visit.answer(), our_key().private_key)

    def renamed(root: Any) -> None:
        one(root, "//x:EncryptedData/x:EncryptionMethod").set("Algorithm", CHAINED)

    for _ in range(3):
        assert visit.bring(changed(answer, renamed)).status_code == 401
    assert reasons(visit)[1:] == ["replayed", "replayed"]


def test_a_stranger_without_a_question_has_nothing_opened(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = chained(visit)
    stranger = Visit(world)

    assert stranger.bring(changed(answer, flip)).status_code == 401
    assert reasons(visit) == ["other_browser"]
    assert visit.bring(answer).status_code == 303


def test_a_signature_around_it_that_does_not_hold_is_refused_before_it_is_opened(
    world, saml_provider
):
    meet(world, saml_provider)
    saml_provider.answers(**{"assertion.encryption": True, "saml20.sign.response": True})
    visit = Visit(world)

    assert visit.bring(changed(visit.answer(), flip)).status_code == 401
    assert reasons(visit) == ["signature"]


def test_a_key_is_known_for_a_week(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    visit.bring(chained(visit))

    assert timedelta(days=7) == OPENING_KEPT
    last = world.one(sa.select(sa.func.max(FederationTicket.expires_at)))
    assert last >= NOON + OPENING_KEPT


def test_our_metadata_ask_for_encryption_with_a_check_first(world, saml_provider):
    meet(world, saml_provider)
    found = etree.fromstring(world.app.test_client().get("/auth/saml/metadata").data)
    names = [each.get("Algorithm") for each in found.iterfind(".//{*}EncryptionMethod")]

    assert names[0].endswith("aes256-gcm")
    assert CHAINED in names[2:]
