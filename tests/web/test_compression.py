"""What is sent compressed, and what is not."""

from __future__ import annotations

import gzip
import zlib

import flask
import pytest

from appliance.web import compression

TEXT = "a long list of the same words, " * 200


@pytest.fixture
def browser():
    app = flask.Flask("appliance.web")
    compression.install(app)

    @app.get("/page")
    def _page():
        return TEXT

    @app.get("/short")
    def _short():
        return "few words"

    @app.get("/stream")
    def _stream():
        return flask.Response(iter([TEXT]), mimetype="text/html")

    @app.get("/versioned")
    def _versioned():
        response = flask.Response(TEXT, mimetype="application/json")
        response.set_etag("1")
        return response

    @app.get("/picture")
    def _picture():
        return flask.Response(TEXT, mimetype="image/png")

    @app.get("/missing")
    def _missing():
        return TEXT, 404

    return app.test_client()


def ask(browser, path, accepted="gzip, br"):
    answer = browser.get(path, headers={"Accept-Encoding": accepted})
    assert answer.data
    answer.close()
    return answer


def test_a_page_is_compressed_for_those_who_can_read_it(browser):
    answer = ask(browser, "/page")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data).decode() == TEXT
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(TEXT) / 10
    plain = ask(browser, "/page", accepted="gzip;q=0, identity")
    assert "Content-Encoding" not in plain.headers
    assert plain.text == TEXT
    # A cache must not give one of them to whom the other was meant for.
    assert answer.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/short", "/stream", "/versioned", "/picture", "/missing"])
def test_nothing_else_is(browser, path):
    assert "Content-Encoding" not in ask(browser, path).headers


def test_the_length_of_a_page_says_nothing_exact_about_it(browser):
    assert len({len(ask(browser, "/page").data) for _ in range(200)}) > 10


def test_styles_and_scripts_are_compressed_once_and_differ_from_the_plain_ones(browser):
    answer = ask(browser, "/static/app.css")
    plain = ask(browser, "/static/app.css", accepted="identity")
    assert gzip.decompress(answer.data) == plain.data
    assert answer.headers["ETag"] != plain.headers["ETag"]
    assert ask(browser, "/static/app.css").data == answer.data
    kept = {"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]}
    known = browser.get("/static/app.css", headers=kept)
    known.close()
    assert known.status_code == 304


@pytest.mark.parametrize("data", [b"", b"x", bytes(70_000)])
def test_any_gzip_program_reads_it(data):
    whole = compression.packed(data, noise_bytes=5)
    assert zlib.decompress(whole, zlib.MAX_WBITS | 16) == data
