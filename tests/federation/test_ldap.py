"""Speaking to a real directory: who is who, why somebody is kept out, and what goes wrong."""

from __future__ import annotations

import socket
from base64 import b64encode
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from appliance.errors import InvalidError
from appliance.federation import ldap_answers, provider_settings
from appliance.federation.ldap import Directory, Kept
from appliance.federation.ldap_answers import Entry, Refusal
from appliance.federation.ldap_connection import DirectoryError
from appliance.federation.ldap_names import plain_dn
from appliance.federation.ldap_settings import LdapSettings
from tests.peers.drips import Drips
from tests.peers.server import free_port
from tests.peers.slapd import BASE, PASSWORD, make_certificates

NOW = datetime.now(UTC)


def directory(slapd, **other: object):
    settings = {"connect_seconds": 5, "answer_seconds": 5, **slapd.settings(**other)}
    return Directory(provider_settings.read(LdapSettings, settings, {}))


def check(slapd, name, password=PASSWORD, **other: object):
    return directory(slapd, **other).check(name, password, now=NOW)


def fails(slapd, **other: object):
    with pytest.raises(DirectoryError) as caught:
        check(slapd, "nobody", **other)
    return f"{caught.value.reason} {caught.value.detail}"


@pytest.fixture
def name():
    return f"u{uuid4().hex[:10]}"


def test_a_password_makes_claims_over_ldaps_and_starttls(slapd, name):
    slapd.person(name, f"mail: {name}@lab.example")

    said = check(slapd, name)
    again = check(slapd, f"{name}@lab.example", servers=[slapd.plain], encryption="starttls")

    assert (said.name, said.display_name, said.is_active) == (name, name, True)
    assert said.verified_addresses == (f"{name}@lab.example",)
    assert len(said.subject) == 36
    assert again.subject == said.subject


@pytest.mark.parametrize("typed", ["*", "x)(uid=*", "\\2a", "", "a\x00b", "uid=x,ou=people"])
def test_what_is_typed_is_a_name_and_never_a_filter(slapd, typed):
    assert check(slapd, typed) == Kept(Refusal.UNKNOWN)


def test_every_refusal_has_its_word(slapd, name):
    dn = slapd.person(name, f"mail: {name}@lab.example")
    assert check(slapd, name, "wrong") == Kept(Refusal.PASSWORD)
    assert check(slapd, name, "") == Kept(Refusal.EMPTY_PASSWORD)
    slapd.person(f"{name}-2", f"mail: {name}@lab.example")
    assert check(slapd, f"{name}@lab.example") == Kept(Refusal.AMBIGUOUS)
    slapd.change(dn, "add: pwdReset", "pwdReset: TRUE")
    assert check(slapd, name) == Kept(Refusal.MUST_CHANGE)
    slapd.change(dn, "add: pwdAccountLockedTime", "pwdAccountLockedTime: 000001010000Z")
    kept = check(slapd, name)
    assert (kept.refusal, kept.claims.is_active) == (Refusal.DISABLED, False)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("525", Refusal.UNKNOWN),
        ("52e", Refusal.PASSWORD),
        ("530", Refusal.NOT_NOW),
        ("532", Refusal.PASSWORD_EXPIRED),
        ("533", Refusal.DISABLED),
        ("701", Refusal.ACCOUNT_EXPIRED),
        ("773", Refusal.MUST_CHANGE),
        ("775", Refusal.LOCKED),
        ("999", Refusal.OTHER),
    ],
)
def test_active_directory_says_why_in_its_message(data, word):
    message = f"80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext, data {data}, v"

    assert ldap_answers.refusal_of_bind(49, message, None) is word


def test_a_policy_that_speaks_is_heard_even_where_the_bind_succeeds():
    assert ldap_answers.refusal_of_bind(0, "", bytes.fromhex("3003810102")) is Refusal.MUST_CHANGE
    assert ldap_answers.refusal_of_bind(49, "", bytes.fromhex("3003810101")) is Refusal.LOCKED
    both = bytes.fromhex("3008a003800100810100")
    assert ldap_answers.refusal_of_bind(49, "", both) is Refusal.PASSWORD_EXPIRED
    assert ldap_answers.refusal_of_bind(0, "", bytes.fromhex("3000")) is None
    assert ldap_answers.refusal_of_bind(0, "", b"\x30") is None


def test_accounts_of_active_directory_end():
    def kept_out(**values: int):
        found = {name.casefold(): [str(value).encode()] for name, value in values.items()}
        return ldap_answers.kept_out_by(Entry("cn=x", found), NOW)

    assert kept_out(userAccountControl=514) is Refusal.DISABLED
    assert kept_out(accountExpires=116444736000000000) is Refusal.ACCOUNT_EXPIRED
    for never in (0, 0x7FFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFE):
        assert kept_out(userAccountControl=512, accountExpires=never) is None


def test_values_that_are_no_text_are_two_people(slapd, name):
    for number, value in enumerate((b"a\xf0", b"a\xf1")):
        slapd.person(f"{name}-{number}", f"audio:: {b64encode(value).decode()}")

    said = [check(slapd, f"{name}-{number}", subject_attribute="audio") for number in (0, 1)]

    assert [each.subject for each in said] == ["hex:61f0", "hex:61f1"]
    assert [each.former_subject for each in said] == ["a\ufffd"] * 2


def test_groups_within_groups_are_found_and_circles_end(slapd, name):
    dn = slapd.person(name)
    inner = slapd.group(f"{name}-a", dn)
    middle = slapd.group(f"{name}-b", inner)
    outer = slapd.group(f"{name}-c", middle)
    slapd.change(inner, "add: member", f"member: {outer}")
    slapd.group(f"{name}-other", f"uid=nobody,ou=people,{BASE}")

    assert check(slapd, name).groups == {plain_dn(each) for each in (inner, middle, outer)}
    assert check(slapd, name, group_base="").groups is None


def test_more_groups_than_a_page_are_all_found(slapd, name):
    dn = slapd.person(name)
    for number in range(25):  # The server gives at most 20 without pages.
        slapd.group(f"{name}-{number}", dn)

    assert len(check(slapd, name).groups) == 25


def test_a_group_of_nobody_gives_nothing(slapd, name):
    dn = slapd.person(name)
    group = slapd.group(name, dn, f"uid=other,ou=people,{BASE}")
    assert len(check(slapd, name).groups) == 1
    slapd.change(group, "delete: member", f"member: {dn}")

    assert check(slapd, name).groups == frozenset()


def test_who_gets_another_name_there_stays_who_they_are(slapd, name):
    dn = slapd.person(name)
    before = check(slapd, name)
    slapd.rename(dn, f"cn={name}")

    assert check(slapd, name).subject == before.subject


def test_a_dn_with_every_strange_letter_binds_and_has_its_group(slapd, name):
    rdn = rf"cn={name} \, \+ \"x\" \\ \# \< \> \; \= ( * ) ü"
    dn = slapd.person(name, rdn=rdn)
    group = slapd.group(name, dn)

    assert check(slapd, name).groups == {plain_dn(group)}


def test_one_dn_has_one_spelling():
    one = plain_dn("CN=A\\2C B,  OU=Groups,dc=Lab")

    assert (
        one
        == plain_dn("cn=a\\,  b,ou=groups,DC=lab")
        == "cn=a\\,b,ou=groups,dc=lab".replace("\\,b", "\\, b")
    )
    assert plain_dn("engineers") == "engineers"


def test_the_next_server_answers_when_one_is_down_and_stays_first(slapd, name):
    slapd.person(name)
    down = f"ldaps://127.0.0.1:{free_port()}"
    found = directory(slapd, servers=[down, slapd.encrypted])

    assert found.check(name, PASSWORD, now=NOW).name == name
    with found.reached() as connection:
        assert connection.server == slapd.encrypted
    assert found._order[0] == slapd.encrypted


def test_no_server_is_no_answer(slapd):
    assert "no_server connect" in fails(slapd, servers=[f"ldaps://127.0.0.1:{free_port()}"])


def test_a_certificate_of_somebody_else_does_not_count(slapd, tmp_path):
    other = make_certificates(tmp_path)

    assert "certificate verify failed" in fails(slapd, authority=other)
    starttls = {"servers": [slapd.plain], "encryption": "starttls"}
    assert "certificate verify failed" in fails(slapd, authority=other, **starttls)


def test_a_certificate_for_another_name_does_not_count(slapd):
    elsewhere = slapd.encrypted.replace("127.0.0.1", "localhost")

    assert "certificate verify failed" in fails(slapd, servers=[elsewhere])


def test_a_server_that_says_nothing_is_left_in_time(slapd):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"ldap://127.0.0.1:{silent.getsockname()[1]}"
        said = fails(slapd, servers=[server], encryption="starttls", answer_seconds=1)

    assert "time_out" in said


def test_a_server_that_drips_for_ever_is_left_in_time(slapd):
    # The head of a message of 16 MiB, then a byte now and then.
    drips = Drips(bytes.fromhex("308400ffffff"), b"\x00", None)
    try:
        server = f"ldap://127.0.0.1:{drips.port}"
        limits = {"connect_seconds": 1, "answer_seconds": 1}
        said = fails(slapd, servers=[server], encryption="starttls", **limits)
    finally:
        drips.close()

    assert "time_out" in said


def test_an_answer_that_is_not_whole_is_none(slapd, name):
    dn = slapd.person(name)
    slapd.group(name, dn)
    filters = {"group_filter": "(objectClass=groupOfNames"}

    with pytest.raises(DirectoryError):
        check(slapd, name, **filters)


def test_a_wrong_service_account_is_not_tried_at_the_next_server(slapd):
    said = fails(slapd, servers=[slapd.encrypted, slapd.encrypted], bind_password="wrong")

    assert said.startswith("service_account 49 invalidCredentials")


@pytest.mark.parametrize(
    "wrong",
    [
        {"servers": ["http://x"]},
        {"servers": ["ldap://x"]},
        {"authority": "no certificate"},
        {"subject_attribute": "a)(b"},
        {"login_attributes": ["uid", "a=b"]},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(slapd, wrong):
    with pytest.raises(InvalidError):
        directory(slapd, **wrong)
