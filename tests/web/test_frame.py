"""What every answer of the web door has."""

from __future__ import annotations

import pytest


@pytest.mark.promise("P21")
def test_every_answer_has_its_headers(world):
    answer = world.client().get("/healthz")
    assert answer.json == {"status": "ok"}
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-Id"]


def test_an_unknown_address_is_a_problem_for_programs(world):
    answer = world.client().get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "not_found"
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_an_unknown_address_is_a_page_for_people(world):
    answer = world.client().get("/nothing/here", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.content_type.startswith("text/html")


def test_a_wrong_token_is_refused_in_words(world):
    answer = world.client().get("/api/v1/nothing", headers={"Authorization": "Bearer cod_wrong"})
    assert answer.status_code in {401, 404}
