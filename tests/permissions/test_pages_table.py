"""Every page and every form of the portal does for every kind of actor what its table says."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from appliance.db.engine import is_sqlite
from tests.permissions.actors import ACTORS
from tests.permissions.pages import ELSEWHERE, FORMS, NOUNS, PAGES, PLACES
from tests.permissions.people import public_key
from tests.permissions.seen import NOTHING, as_seen

TESTS = Path(__file__).parents[1]
NEVER = str(UUID(int=7))
NOT_PAGES = ("/api/v1", "/internal", "/<owner>/<name>/info/", "/<owner>/<name>/git-")
HTML = "text/html"
ON_BOTH = ("stranger", "nobody", "reader", "member", "boss", "administrator")
"""Who looks at the pages on PostgreSQL, too: of every page they are told all that anybody is told.
The others are there in the table of the API, which asks the same.
"""


@pytest.mark.promise("P10")
def test_each_actor_sees_the_pages_that_the_table_says(stage):
    looking = range(len(ACTORS))
    if not is_sqlite(stage.world.wiring.database.engine):
        looking = [ACTORS.index(each) for each in ON_BOTH]
    found = {(row.rule, row.whose): signs(stage, row, looking) for row in PAGES}
    assert found == {
        (row.rule, row.whose): "".join(row.expected[each] for each in looking) for row in PAGES
    }


# What they change is asked on both databases where the API does the same.
@pytest.mark.parametrize("shared_stage", ["sqlite"], indirect=True)
@pytest.mark.promise("P11")
@pytest.mark.parametrize("row", FORMS, ids=lambda row: f"{row.rule}-{row.whose}")
def test_each_actor_changes_with_the_forms_what_the_table_says(stage, row):
    assert signs(stage, row, range(len(ACTORS))) == row.expected


def test_the_table_is_whole(stage):
    named = {(row.method, row.rule) for row in (*PAGES, *FORMS)} | ELSEWHERE.keys()
    routed = {
        (method, rule.rule)
        for rule in stage.world.app.url_map.iter_rules()
        if not rule.rule.startswith(NOT_PAGES)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routed - named == set(), "Add a row for each to PAGES or FORMS in permissions/pages.py."
    assert named - routed == set(), "Take these rows out of permissions/pages.py."
    assert [each for each in ELSEWHERE.values() if not (TESTS / each).is_file()] == []


def signs(stage, row, looking):
    """What these actors were told, as a row of the table says it."""
    return "".join(tried(stage, row, number) for number in looking)


def tried(stage, row, number):
    """What an actor was told, after looking at whether that is also what happened."""
    actor = ACTORS[number]
    before = stage.world.events_so_far()
    answer = opened(stage, row, number)
    events = [kind for kind in stage.world.events_since(before) if kind != "access.refused"]
    told = outcome(answer)
    where = f"{actor}: {row.method} {answer.request.path}: {answer.status}"
    if told == "+":
        assert answer.status_code in {200, 303}, f"{where}\n{answer.text}"
        assert bool(events) is (row.method == "POST" or row.leaves_a_trace), f"{where}: {events}"
        # A transfer that nobody ends is watched, from a thread that goes on asking the database,
        # and keeps the one of before open when it is put back.
        answer.close()
        return told
    assert events == [], where
    if told == "-":
        assert answer.mimetype == HTML or answer.request.path.endswith(".json"), where
        return told
    for names, missing in never_was(row, number):
        real = (f"lab-{number}", f"empty-{number}", "notes", "research", *ids(stage, row, number))
        other = opened(stage, row, number, missing)
        assert as_seen(other, *names, *real) == as_seen(answer, *real, *names), where
    return told


def outcome(answer):
    """What an answer of the portal says of permission, as the sign of the table."""
    if answer.status_code == 303 and answer.location.startswith("/sign-in"):
        return "?"
    return {403: "-", 404: "."}.get(answer.status_code, "+")


def opened(stage, row, number, changes=NOTHING):
    """The answer to an actor at the row's address, perhaps with names in it that nobody has."""
    values = {"-N": f"-{number}", "ACTOR": ACTORS[number], **changes}
    form = None
    if row.method == "POST":
        form = {name: filled(stage, number, named(text, values)) for name, text in row.form.items()}
    browser = stage.browser(ACTORS[number])
    return browser.open(address(stage, row, number, values), method=row.method, data=form)


def address(stage, row, number, values):
    """The row's rule with every place filled in."""
    text = named(named(row.rule, row.places), PLACES)
    for place, noun in NOUNS.items():
        wanted = ("dead" if "/retry" in text else noun, whose(row, number))
        text = text.replace(f"<uuid:{place}>", stage.ids.get(wanted, NEVER))
    return named(text.replace("<oid>", stage.head(number)), values)


def filled(stage, number, text):
    """What somebody puts into a field."""
    return public_key() if text == "PUBLIC-KEY" else text.replace("HEAD", stage.head(number))


def named(text, values):
    """The text with the names of this actor and of their things."""
    for place, value in values.items():
        text = text.replace(place, value)
    return text


def never_was(row, number):
    """Names that nobody has, and how to put them where the row has names of this actor's."""
    yield (
        (f"gone-{number}",),
        {f"lab-{number}": f"gone-{number}", f"empty-{number}": f"gone-{number}"},
    )
    if "/<owner>/<name>" in row.rule and "uuid" not in row.rule:
        yield ("never",), {"/notes": "/never"}
    if "<team>" in row.rule:
        yield ("never",), {"/research": "/never"}


def whose(row, number):
    """Whose thing an id in the address names."""
    return named(row.whose, {"-N": f"-{number}", "ACTOR": ACTORS[number]})


def ids(stage, row, number):
    """The ids of it."""
    return [value for (_, user), value in stage.ids.items() if user == whose(row, number)]
