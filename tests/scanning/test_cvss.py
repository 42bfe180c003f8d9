"""Scores are those that the standard's tables and formulas give."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.scanning import cvss4
from appliance.scanning.cvss import Severity, VectorError, score, severity_of

FOUR = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H"


@pytest.mark.parametrize(
    ("vector", "value", "word"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, "critical"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, "critical"),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 8.8, "high"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, "medium"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5, "high"),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", 5.9, "medium"),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/RC:C", 7.8, "high"),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.6, "low"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, "none"),
        ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4, "medium"),
        (f"{FOUR}/SC:N/SI:N/SA:N", 9.3, "critical"),
        (f"{FOUR}/SC:H/SI:H/SA:H", 10.0, "critical"),
        ("CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 8.5, "high"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0, "none"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.3, "medium"),
    ],
)
def test_a_vector_comes_to_its_score(vector, value, word):
    found = score(vector)

    assert (found.value, found.severity) == (value, word)


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "AV:N/AC:L/Au:N/C:P/I:P/A:P",
        "CVSS:3.1",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/ZZ:H",
        "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        FOUR,
        f"{FOUR}/SC:S/SI:N/SA:N",
        f"{FOUR}/SC:N/SI:N/SA:",
        f"{FOUR}/SC:N/SI:N/SA:N/U:Purple",
        "CVSS:4.0/" + "AV:N/" * 500,
    ],
)
def test_what_is_no_vector_is_an_error(vector):
    with pytest.raises(VectorError):
        score(vector)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.fixed_dictionaries({name: st.sampled_from(v) for name, v in cvss4._MANDATORY.items()}))
def test_less_harm_never_scores_higher(metrics):
    said = score("CVSS:4.0/" + "/".join(f"{name}:{value}" for name, value in metrics.items()))
    milder = {**metrics, "VC": "N"}

    assert 0 <= said.value <= 10
    assert cvss4.score(milder) <= said.value + 0.1  # Classes meet with a little overlap.


def test_words_start_where_the_standard_says():
    values = {0.0: "none", 0.1: "low", 3.9: "low", 4.0: "medium", 7.0: "high", 9.0: "critical"}

    assert {value: severity_of(value) for value in values} == values
    assert Severity(severity_of(6.9)) == "medium"
