"""Which names there are, and that no two of them can be taken for one another."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain import names
from appliance.errors import InvalidError

NEVER_IN_A_NAME = set("/\\\0\n\r\t :@?#%&=+<>\"'`|;*$(){}[]~^,!")


def outcome(is_good):
    return nullcontext() if is_good else pytest.raises(InvalidError)


@pytest.mark.parametrize(
    ("name", "is_good"),
    [
        *[(name, True) for name in ("a", "lab", "Lab-2", "0", "a" * 39)],
        *[(name, False) for name in ("", "-a", "a-", "a--b", "a_b", "a.b", "a" * 40, "ä", "a\n")],
        *[(name, False) for name in ("admin", "API", "settings", "repos")],
    ],
)
def test_a_name_of_an_owner(name, is_good):
    with outcome(is_good):
        assert names.check_owner(name) == name


@pytest.mark.parametrize(
    ("name", "is_good"),
    [
        *[(name, True) for name in ("a", "_a", "notes.py", "A-b_c.d", "x" * 100, "git", "a.gitx")],
        *[(name, False) for name in ("", ".a", "-a", "a..b", "x" * 101, "a/b", "a b", "a\n", "é")],
        *[(name, False) for name in ("a.git", "A.GIT", "a.lock", "a.wiki", "a.atom")],
    ],
)
def test_a_name_of_a_repository(name, is_good):
    with outcome(is_good):
        assert names.check_repository(name) == name


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        *[(address, True) for address in ("a@b", "first.last+tag@codara.test", "ä@ö.test")],
        *[
            (address, False)
            for address in ("", "a", "@b", "a@", "a@b@c", "a b@c", "<a@b>", "a@b\n")
        ],
        ("x" * 65 + "@b", False),
    ],
)
def test_an_address(address, is_good):
    with outcome(is_good):
        assert names.check_email(address) == address


@pytest.mark.parametrize("check", [names.check_owner, names.check_repository, names.check_team])
@given(name=st.text(max_size=120))
def test_an_accepted_name_is_safe_in_addresses_and_on_disk(check, name):
    try:
        check(name)
    except InvalidError:
        return
    assert name.isascii()
    assert not set(name) & NEVER_IN_A_NAME
    assert not name.startswith((".", "-"))
    assert names.fold(names.fold(name)) == names.fold(name)


@given(owner=st.from_regex(r"\A[a-z0-9]{1,39}\Z"), name=st.from_regex(r"\A[a-zA-Z0-9_-]{1,50}\Z"))
def test_a_path_has_two_parts_with_or_without_its_ending(owner, name):
    for path in (f"{owner}/{name}", f"/{owner}/{name}.git", f"{owner}/{name}.git/"):
        assert names.split_path(path) == (owner, name)


@pytest.mark.parametrize("path", ["", "lab", "lab/", "/notes", "lab/notes/more", "//"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InvalidError):
        names.split_path(path)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("", ""), (" A  Writer\n", "A Writer"), ("Żółw 🐢", "Żółw 🐢"), ("x" * 100, "x" * 100)],
)
def test_what_people_read_is_one_clean_line(text, cleaned):
    assert names.check_display_name(text) == cleaned
    assert names.check_description(text) == cleaned


@pytest.mark.parametrize("text", ["x" * 501, "a\u202eb", "a\u0000b", "a\u200bb", "\x1b[31m"])
def test_what_could_deceive_a_reader_is_refused(text):
    for check in (names.check_display_name, names.check_description):
        with pytest.raises(InvalidError):
            check(text)
    with pytest.raises(InvalidError):
        names.check_title("title", text)


def test_no_sign_beyond_ascii_passes_for_an_ascii_letter():
    others = map(chr, range(0x80, 0x110000))
    assert not [sign for sign in others if names.fold(sign).isascii()]
    assert names.fold("\u212aEY@Corp.Example") == "\u212aey@corp.example"
