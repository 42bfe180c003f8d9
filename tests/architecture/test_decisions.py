"""Decisions are numbered in one line, and say their number."""

from __future__ import annotations

from tests.architecture.sources import ROOT, read

DECISIONS = sorted((ROOT / "docs/decisions").glob("0*.md"))


def test_decisions_are_numbered_without_gaps_and_each_number_once():
    numbers = [int(file.name.split("-")[0]) for file in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_decision_says_its_number():
    titles = [read(file).split(".")[0] for file in DECISIONS]
    assert titles == [f"# {number}" for number in range(1, len(titles) + 1)]
