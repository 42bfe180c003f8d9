"""A directory's value for who somebody is, as text: no two are the same, and none is lost."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.domain.claims import Claims, checked
from appliance.federation import ldap_subjects

ATTRIBUTES = st.sampled_from(["entryUUID", "objectGUID", "objectguid", "objectSid"])
GUID = UUID("01020304-0506-0708-090a-0b0c0d0e0f10")
ODD = st.sampled_from(
    [
        *(b"a\xf0", b"a\xf1", b"a\xef\xbf\xbd", b" a", b"a ", b"a", b"a\x00", b"\x00a", b"\n"),
        *(b"hex:61", b"hex:", b"HEX:61", b"hex:zz", str(GUID).encode(), GUID.bytes_le, GUID.bytes),
        *(str(GUID).upper().encode(), b"{" + str(GUID).encode() + b"}", GUID.hex.encode()),
    ]
)
VALUES = (
    ODD
    | st.binary(min_size=1, max_size=40)
    | st.text(min_size=1, max_size=20).map(lambda text: text.encode(errors="surrogatepass"))
)


@pytest.mark.promise("P68")
@given(attribute=ATTRIBUTES, one=VALUES, other=VALUES)
@example(attribute="objectGUID", one=GUID.bytes_le, other=str(GUID).encode())
@example(attribute="objectSid", one=b"hex:61", other=b"hex:hex")
def test_no_two_values_are_one_person(attribute, one, other):
    texts = {ldap_subjects.as_text(attribute, each) for each in (one, other)}

    assert len(texts) == len({one, other})


@given(attribute=ATTRIBUTES, value=VALUES)
def test_every_value_is_found_again_and_can_be_kept(attribute, value):
    text = ldap_subjects.as_text(attribute, value)

    assert ldap_subjects.as_bytes(attribute, text) == value
    assert not re.search(r"[\x00-\x1f\x7f]", text)
    if text.strip():
        assert checked(Claims(text)).subject == text


def test_what_directories_usually_have_stays_as_it_was():
    for attribute, value, text in (
        ("objectGUID", GUID.bytes_le, str(GUID)),
        ("entryUUID", str(GUID).encode(), str(GUID)),
        ("uid", "schlüssel".encode(), "schlüssel"),
        ("nsUniqueId", b"66446001-1dd211b2", "66446001-1dd211b2"),
    ):
        assert ldap_subjects.as_text(attribute, value) == text
        assert ldap_subjects.as_before(attribute, value) == ""


def test_what_an_earlier_release_wrote_is_remembered():
    assert ldap_subjects.as_before("objectSid", b"a\xf0") == "a\ufffd"
    assert ldap_subjects.as_before("uid", b"a ") == "a"
    assert ldap_subjects.as_before("objectGUID", str(GUID).encode()) == str(GUID)


def test_only_who_has_the_same_name_is_taken_for_whom_it_could_have_meant():
    said = Claims("hex:61f0", name="writer", former_subject="a\ufffd")

    assert said.was("a\ufffd", "writer")
    assert not said.was("a\ufffd", "reader")
    assert not said.was("b\ufffd", "writer")
    assert not Claims("hex:61f0", former_subject="a\ufffd").was("a\ufffd", "")
    assert not Claims("s-1", name="writer").was("", "writer")
