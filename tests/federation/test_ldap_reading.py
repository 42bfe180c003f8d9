"""Reading a whole directory: everybody with all their groups, or nothing that counts."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from appliance.federation import ldap_answers, ldap_reading, provider_settings
from appliance.federation.ldap import Directory
from appliance.federation.ldap_answers import Entry
from appliance.federation.ldap_connection import DirectoryError, Failure
from appliance.federation.ldap_names import plain_dn
from appliance.federation.ldap_settings import LdapSettings
from appliance.federation.ldap_spool import Spool
from tests.peers.relay import Relay
from tests.peers.server import free_port
from tests.peers.slapd import BASE, PASSWORD, READER, start_slapd

NOW = datetime.now(UTC)


@pytest.fixture
def name():
    return f"u{uuid4().hex[:10]}"


@pytest.fixture
def spool(tmp_path):
    found = Spool(tmp_path)
    yield found
    found.close()


@pytest.fixture
def read(slapd, spool, name):
    """Reads those whose names begin so; gives them by name, and what each is when asked alone."""

    def act(**other: object):
        own = {"user_filter": f"(uid={name}*)", "group_filter": f"(cn={name}*)"}
        settings = {"connect_seconds": 5, "answer_seconds": 5, **slapd.settings(**own), **other}
        directory = Directory(provider_settings.read(LdapSettings, settings, {}))
        found, alone = {}, {}

        def take(reading):
            for page in reading.people():
                for each in page:
                    found[each.claims.name if each.claims else each.subject] = each.claims
            alone.update(
                {
                    key: reading.again(claims.subject, now=NOW).claims
                    for key, claims in found.items()
                    if claims is not None
                }
            )

        ldap_reading.directory_read(directory, spool, take, now=NOW, say=lambda *_: None)
        return found, alone

    return act


def test_everybody_is_read_with_groups_within_groups_and_circles_end(slapd, read, name):
    people = [slapd.person(f"{name}-{number}") for number in range(25)]  # More than a page there.
    inner = slapd.group(f"{name}-a", *people[:3])
    middle = slapd.group(f"{name}-b", inner, people[4])
    outer = slapd.group(f"{name}-c", middle)
    slapd.change(inner, "add: member", f"member: {outer}")

    found, alone = read()

    assert len(found) == 25
    circle = {plain_dn(each) for each in (inner, middle, outer)}
    assert found[f"{name}-0"].groups == found[f"{name}-4"].groups == circle
    assert found[f"{name}-9"].groups == frozenset()
    assert {key: claims.groups for key, claims in alone.items()} == {
        key: claims.groups for key, claims in found.items()
    }
    assert all(alone[key].subject == found[key].subject for key in found)


def test_by_what_entries_say_of_themselves_all_steps_are_found(slapd, read, name):
    person = slapd.person(name)
    # The group above is there first, so OpenLDAP says nothing of it at the group below.
    below = f"cn={name}-below,ou=groups,{BASE}"
    outer = slapd.group(f"{name}-above", below)
    inner = slapd.group(f"{name}-below", person)

    found, alone = read(groups_by="member_of")

    assert found[name].groups == alone[name].groups == {plain_dn(inner), plain_dn(outer)}


def test_who_is_renamed_there_is_read_as_who_they_were(slapd, read, name):
    dn = slapd.person(name)
    slapd.group(f"{name}-a", dn)
    before, _ = read()
    slapd.rename(dn, f"cn={name} renamed")

    after, _ = read()

    assert after[name].subject == before[name].subject


def test_whom_two_entries_claim_to_be_is_nobody(slapd, read, name):
    for number in (1, 2):
        slapd.person(f"{name}-{number}", "employeeNumber: 7")

    found, _ = read(subject_attribute="employeeNumber")

    assert found == {"7": None}


def test_accounts_end_in_openldap_too(slapd, read, name):
    dn = slapd.person(name)
    slapd.change(dn, "add: pwdEndTime", "pwdEndTime: 20200101000000Z")

    found, alone = read()

    assert not found[name].is_active
    assert not alone[name].is_active


@pytest.mark.parametrize("limit", [2000, 20_000])
def test_an_answer_that_breaks_off_counts_for_nothing_and_the_next_server_is_asked(
    slapd, read, spool, name, limit
):
    for number in range(60):
        slapd.person(f"{name}-{number}", f"description: {'x' * 400}")
    relay = Relay(int(slapd.plain.rpartition(":")[2]))
    cut = f"ldap://127.0.0.1:{relay.port}"
    relay.limit = limit
    try:
        with pytest.raises(DirectoryError) as caught:
            read(servers=[cut], encryption="none", email_attribute="description")
        found, _ = read(
            servers=[cut, slapd.plain], encryption="none", email_attribute="description"
        )
    finally:
        relay.close()

    assert caught.value.reason is Failure.SEARCH
    assert len(found) == 60


def test_a_server_that_ends_in_the_middle_and_says_so_gives_nothing(read, spool):
    with start_slapd(entries_in_all=5) as slapd:
        for number in range(12):
            slapd.person(f"person-{number}")
        own = slapd.settings(bind_name=READER, bind_password=PASSWORD, group_base="")
        directory = Directory(provider_settings.read(LdapSettings, own, {}))
        with pytest.raises(DirectoryError) as caught:
            ldap_reading.directory_read(
                directory, spool, lambda _: None, now=NOW, say=lambda *_: None
            )

    assert "sizeLimitExceeded" in caught.value.detail


def test_no_server_at_all_is_no_answer(read):
    with pytest.raises(DirectoryError) as caught:
        read(servers=[f"ldaps://127.0.0.1:{free_port()}"])

    assert caught.value.reason is Failure.NO_SERVER


def test_a_base_that_is_not_there_is_no_empty_directory(read):
    with pytest.raises(DirectoryError):
        read(user_base=f"ou=nowhere,{BASE}")
    with pytest.raises(DirectoryError):
        read(group_base=f"ou=nowhere,{BASE}")


def test_values_that_active_directory_holds_back_are_known_to_be_missing():
    some = Entry("cn=x", {"member": [], "member;range=0-1": [b"a", b"b"]})
    last = Entry("cn=x", {"member;range=2-*": [b"c"]})

    assert ldap_answers.piece_of(some, "member") == ([b"a", b"b"], 2)
    assert ldap_answers.piece_of(last, "member") == ([b"c"], 0)
    assert ldap_answers.piece_of(Entry("cn=x", {"member": [b"a"]}), "member") == ([b"a"], 0)


def test_a_subject_is_asked_for_as_the_directory_keeps_it(slapd):
    settings = provider_settings.read(
        LdapSettings, slapd.settings(subject_attribute="objectGUID"), {}
    )
    guid = UUID("01020304-0506-0708-090a-0b0c0d0e0f10")

    filtered = ldap_answers.subject_as_filtered(str(guid), settings)

    escaped = r"\04\03\02\01\06\05\08\07\09\0a\0b\0c\0d\0e\0f\10"
    assert filtered == f"(objectGUID={escaped})"


@pytest.mark.parametrize(
    "dn",
    [
        "uid=x,ou=People,dc=Lab,dc=example",
        "CN=x",
        "cn=x-1.2_3@lab,ou=a",
        "cn=x ,ou=a",
        "cn=x,",
        "cn=a=b,ou=c",
        "engineers",
    ],
)
def test_the_short_way_to_a_plain_dn_says_what_the_long_one_says(dn):
    assert plain_dn(dn) == plain_dn(f" {dn}")  # With a space it is never the short one.
