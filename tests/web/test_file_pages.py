"""A file in the form that fits it, its raw bytes, and who wrote its lines."""

from __future__ import annotations

import hashlib
import io

import pytest

from appliance.db.lfs import LfsLink, LfsObject
from appliance.domain.ids import new_id
from appliance.web.headers import RAW_POLICY
from tests.web.code_pages import TEXT, build, links, reader
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 12345678\n" % (
    b"ab" * 32
)
FILES = {
    b"a.py": b"def f():\n\treturn 1\n",
    b"doc.md": b"# Title\n\n<script>alert(1)</script> [x](a.py)\n",
    b"pic.png": PNG,
    b"pic.svg": SVG,
    b"page.html": b"<script>alert(1)</script>\n",
    b"data.bin": bytes(range(256)) * 40,
    b"big.txt": b"word " * 700_000,
    b"lfs.dat": POINTER,
    b"empty.txt": b"",
    b"wide.txt": "hello\nthere\n".encode("utf-16"),
    b"trick.py": "access = 'user\u202e'\n".encode(),
    b"link": (0o120000, b"a.py"),
    b"away": (0o120000, b"../../etc/passwd"),
    b"run.sh": (0o100755, b"#!/bin/sh\n"),
    b"sub": (0o160000, b"1" * 40),
    b".gitmodules": b'[submodule "sub"]\n\tpath = sub\n\turl = https://example.org/sub.git\n',
    b"folder/in.txt": TEXT,
}


@pytest.fixture
def browser(world):
    build(world, "lab/odd", FILES)
    return reader(world)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.py", '<span class="k">def'),
        ("a.py", 'id="L2"'),
        ("doc.md", "<h1"),
        ("pic.png", "<img src="),
        ("pic.svg", "<img src="),
        ("data.bin", "This file is not text"),
        ("big.txt", "too large to show"),
        ("lfs.dat", "11.8\u00a0MiB"),
        ("empty.txt", "This file is empty"),
        ("wide.txt", "UTF-16"),
        ("trick.py", "invisible characters"),
        ("link", 'href="/lab/odd/blob/main/a.py"'),
        ("away", "points outside this repository"),
        ("run.sh", "executable"),
        ("sub", 'href="https://example.org/sub.git"'),
    ],
)
def test_a_file_is_shown_in_the_form_that_fits_it(browser, name, words):
    page = browser.page(f"/lab/odd/blob/main/{name}")

    assert words in page
    assert "<script>alert" not in page


def test_a_document_and_a_drawing_have_a_source_too(browser):
    assert "# Title" in browser.page("/lab/odd/blob/main/doc.md?plain=1")
    assert "&lt;" in browser.page("/lab/odd/blob/main/pic.svg?plain=1")
    assert "oid sha256" in browser.page("/lab/odd/blob/main/lfs.dat?plain=1")


def test_lines_wrap_where_asked(browser):
    assert "code wrapped" not in browser.page("/lab/odd/blob/main/a.py")
    assert "code wrapped" in browser.page("/lab/odd/blob/main/a.py?wrap=1")


def test_a_permanent_link_names_the_commit(world):
    _builder, oid = build(world, "lab/odd", FILES)

    assert f"/lab/odd/blob/{oid}/a.py" in links(reader(world).page("/lab/odd/blob/main/a.py"))


def test_the_last_commit_of_a_file_is_named(browser):
    assert "Begin" in browser.page("/lab/odd/blob/main/folder/in.txt")
    assert "Begin" in browser.page("/lab/odd/blob/main/folder/in.txt?part=last")


@pytest.mark.promise("P21")
@pytest.mark.parametrize(
    ("name", "kind", "disposition"),
    [
        ("a.py", "text/plain; charset=utf-8", "inline"),
        ("page.html", "text/plain; charset=utf-8", "inline"),
        ("pic.png", "image/png", "inline"),
        ("pic.svg", "image/svg+xml", "inline"),
        ("data.bin", "application/octet-stream", "attachment"),
    ],
)
def test_raw_bytes_can_do_no_harm(browser, name, kind, disposition):
    answer = browser.get(f"/lab/odd/raw/main/{name}")

    assert answer.data == FILES[name.encode()]
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == RAW_POLICY
    assert answer.headers["Content-Disposition"].startswith(disposition)


def test_a_download_is_an_attachment(browser):
    answer = browser.get("/lab/odd/raw/main/a.py?download=1")

    assert answer.headers["Content-Disposition"].startswith('attachment; filename="a.py"')


@pytest.mark.parametrize("name", ["data.bin", "big.txt"])
def test_a_part_of_a_file_is_enough_for_who_has_the_rest(browser, name):
    answer = browser.get(f"/lab/odd/raw/main/{name}", Range="bytes=10-19")

    assert answer.status_code == 206
    assert answer.data == FILES[name.encode()][10:20]
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(FILES[name.encode()])}"


def test_bytes_that_a_browser_has_are_not_sent_again(browser):
    first = browser.get("/lab/odd/raw/main/a.py")
    again = browser.get("/lab/odd/raw/main/a.py", **{"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert again.data == b""


def test_neither_folders_nor_submodules_have_raw_bytes(browser):
    assert browser.get("/lab/odd/raw/main/folder").status_code == 404
    assert browser.get("/lab/odd/raw/main/sub").status_code == 404


def test_blame_names_who_wrote_each_line_and_what_was_there_before(world):
    builder, first = build(world, "lab/odd", {b"a.txt": b"one\ntwo\n"})
    builder.commit(
        {b"a.txt": b"one\n2\n"},
        parents=[first],
        message=b"Say it in figures\n",
        author=b"Other <other@example.org>",
    )
    page = reader(world).page("/lab/odd/blame/main/a.txt")

    assert page.index("Begin") < page.index("Say it in figures")
    assert f"/lab/odd/blame/{first}/a.txt#L2" in links(page)
    assert "age-0" in page
    assert "age-9" in page


def test_blame_of_what_has_no_lines_is_refused_in_words(browser):
    answer = browser.get("/lab/odd/blame/main/data.bin")

    assert answer.status_code == 422
    assert "Blame is available only" in answer.get_data(as_text=True)


def test_a_large_file_comes_from_its_store_and_that_is_recorded(world):
    content = bytes(range(256)) * 20
    oid = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
    build(world, "lab/odd", {b"here.dat": pointer.encode(), b"lost.dat": POINTER})
    world.wiring.git.lfs.receive(oid, io.BytesIO(content), size_bytes=len(content), upload="test")
    stored = LfsObject(id=new_id(), oid=oid, size_bytes=len(content), stored_at=NOON)
    repository = world._repository("lab/odd")
    world.add(stored)
    world.add(LfsLink(repository_id=repository.id, object_id=stored.id, linked_at=NOON))
    browser = reader(world)
    address = next(
        one for one in links(browser.page("/lab/odd/blob/main/here.dat")) if "large" in one
    )
    answer = browser.get(address)

    assert answer.data == content
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert world.events() == ["lfs.fetched"]
    assert browser.get("/lab/odd/raw/main/lost.dat?large=1").status_code == 404
