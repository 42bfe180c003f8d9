"""Reports as JSON, CSV and OSCAL: whole, harmless, and always the same bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.reports import Count, Report, ReportError, State, Table
from appliance.reports.canonical import moment, report_bytes
from appliance.reports.oscal import insist_on_references, oscal_bytes
from appliance.reports.sampling import sample, seed_of
from appliance.reports.tables import LIKE_A_FORMULA, csv_lines
from tests.reports.reports_for_tests import APRIL, TABLE, a_report


def rows_of(table):
    return list(csv.reader(io.StringIO(b"".join(csv_lines(table)).decode(), newline="")))


def test_a_table_as_csv_has_nothing_to_run_and_its_entries():
    assert rows_of(TABLE) == [
        ["number", "title", "approved", "log_entry"],
        ["1", "Add a door", "yes", "10"],
        ["2", "'=1+1", "no", "12"],
        ["3", "Größe, 'new'", "", ""],
    ]
    assert b"".join(csv_lines(TABLE)).count(b"\r\n") == 4


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_text_comes_back_from_csv_and_never_begins_like_a_formula(cells):
    table = Table("t", "T", tuple("abc"), tuple((cell, cell, cell) for cell in cells))

    for row, cell in zip(rows_of(table)[1:], cells, strict=True):
        marked = row[0].startswith("'")
        assert marked or not row[0].startswith(LIKE_A_FORMULA)
        assert row[0].removeprefix("'" if marked else "") == cell


def test_json_says_everything_and_is_the_same_every_time():
    written = report_bytes(a_report())
    value = json.loads(written)

    assert written == report_bytes(a_report())
    assert value["period"]["from"] == "2026-03-01T00:00:00Z"
    assert [result["state"] for result in value["results"]] == [
        *("not-satisfied", "not-evaluated", "not-applicable", "satisfied")
    ]
    assert value["results"][0]["query"]["parameters"] == {"repository": "lab/notes", "most": 10}
    csv_digest = hashlib.sha256(b"".join(csv_lines(TABLE))).hexdigest()
    assert value["tables"][0]["sha256"] == csv_digest


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        moment(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused.


def changed(**parts: Any) -> Report:
    return replace(a_report(), **parts)


def with_first_result(**parts: Any) -> Report:
    first, *others = a_report().results
    return changed(results=(replace(first, **parts), *others))


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (changed(period=replace(a_report().period, from_at=APRIL)), "ends before it begins"),
        (
            changed(
                period=replace(a_report().period, start=replace(a_report().period.end, size=201))
            ),
            "longer at the start",
        ),
        (changed(tables=(TABLE, TABLE)), "changes is there twice"),
        (changed(results=a_report().results * 2), "soc2-.* is there twice"),
        (changed(tables=()), "changes, which is not there"),
        (changed(tables=(replace(TABLE, rows=((1, "x"),)),)), "as many cells"),
        (changed(tables=(replace(TABLE, entries=(1,)),)), "as many entries"),
        (with_first_result(why=" "), "does not say why"),
        (
            with_first_result(state=State.SATISFIED, count=Count(3, "log", 4, "Git")),
            "while its sources differ",
        ),
        (
            with_first_result(state=State.SATISFIED, count=None, query=None, tables=()),
            "satisfied by nothing",
        ),
    ],
    ids=[
        *("period", "log", "tables", "controls", "evidence", "cells", "entries", "why"),
        *("sources", "nothing"),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(report, message):
    with pytest.raises(ReportError, match=message):
        report_bytes(report)


def oscal():
    return json.loads(oscal_bytes(a_report()))


def test_oscal_has_findings_of_both_kinds_and_names_the_rest():
    (result,) = oscal()["assessment-results"]["results"]

    states = {each["target"]["target-id"]: each["target"]["status"] for each in result["findings"]}
    assert states == {
        "soc2-cc8.1": {"state": "not-satisfied"},
        "soc2-pi1.4": {"state": "satisfied"},
    }
    named = {(each["name"], each["value"]) for each in result["props"]}
    assert ("not-evaluated", "soc2-cc3.4") in named
    assert ("not-applicable", "soc2-a1.2") in named
    assert oscal_bytes(a_report()) == oscal_bytes(a_report())


def test_oscal_names_files_by_their_digests():
    resources = oscal()["assessment-results"]["back-matter"]["resources"]

    files = {
        link["href"]: link["hashes"][0]["value"] for each in resources for link in each["rlinks"]
    }
    assert files == {
        "report.json": hashlib.sha256(report_bytes(a_report())).hexdigest(),
        "changes.csv": hashlib.sha256(b"".join(csv_lines(TABLE))).hexdigest(),
    }


def broken(where):
    document = deepcopy(oscal())
    body = document["assessment-results"]
    (result,) = body["results"]
    if where == "observation":
        result["observations"].pop()
    elif where == "resource":
        body["back-matter"]["resources"].pop()
    elif where == "twice":
        result["findings"][0]["uuid"] = result["uuid"]
    else:
        result["start"] = result["end"]
    return document


@pytest.mark.parametrize("where", ["observation", "resource", "twice", "times"])
def test_references_of_oscal_are_checked(where):
    insist_on_references(oscal())
    with pytest.raises(ReportError):
        insist_on_references(broken(where))


def test_oscal_needs_controls():
    with pytest.raises(ReportError, match="without controls"):
        oscal_bytes(changed(results=()))


SEED = seed_of("bb" * 32, "r-1", "soc2-cc8.1")


def test_a_seed_follows_from_log_report_and_control():
    assert SEED.hex() == hashlib.sha256(b"\xbb" * 32 + b"\0r-1\0soc2-cc8.1").hexdigest()
    assert seed_of("bb" * 32, "r-2", "soc2-cc8.1") != SEED


@given(st.integers(0, 300), st.integers(0, 50))
def test_a_sample_is_of_the_population_and_the_same_every_time(population, size):
    chosen = sample(population, size, SEED)

    assert chosen == sample(population, size, SEED)
    assert len(set(chosen.indices)) == min(size, population)
    assert all(0 <= index < population for index in chosen.indices)
    assert list(chosen.indices) == sorted(chosen.indices)


def test_a_larger_sample_has_the_smaller_one_in_it():
    assert set(sample(1000, 25, SEED).indices) < set(sample(1000, 60, SEED).indices)


def test_every_item_has_the_same_chance():
    drawn = [0] * 20
    for number in range(2000):
        for index in sample(20, 5, seed_of("00" * 32, str(number), "c")).indices:
            drawn[index] += 1

    assert min(drawn) > 400
    assert max(drawn) < 600


@pytest.mark.parametrize(
    ("population", "size", "seed"), [(-1, 1, SEED), (1, -1, SEED), (1, 1, b"")]
)
def test_a_sample_of_nonsense_is_refused(population, size, seed):
    with pytest.raises(ValueError, match=r"seed|size"):
        sample(population, size, seed)
