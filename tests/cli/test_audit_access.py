"""`codara audit access`: who could do what on a day."""

from __future__ import annotations

from datetime import UTC, datetime

TODAY = datetime.now(UTC).date().isoformat()


def test_one_thing_is_asked_about_and_unknown_names_are_not_found(here, person):
    assert here("audit", "access", "--on", TODAY).code == 2
    assert here("audit", "access", "--on", TODAY, "--user", person, "--org", "x").code == 2
    assert here("audit", "access", "--on", TODAY, "--repo", "nobody/nothing").code == 4
    found = here("audit", "access", "--on", TODAY, "--user", person, "--json").json
    assert (found["subject"], found["subject_kind"]) == (person, "user")
    assert all(each["rests_on"] for each in found["lines"])
