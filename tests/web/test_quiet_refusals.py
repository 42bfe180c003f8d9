"""What somebody may not see does not exist for them, also when what they asked for was refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.access_requests import AccessRequest
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Role
from appliance.services import access_requests, temporary_rights
from tests.web.test_access_request_pages import ALL, OWN, WHY, ask, plain, request_of

PLACE = "/settings/access-requests"
WAYS = [
    ("repository", "lab/notes", "lab/other"),
    ("team", "lab/core", "lab/gone"),
    ("organisation", "zebra", "okapi"),
]


@pytest.fixture
def lab(world):
    world.administrator()
    world.repository("lab/notes")
    world.team("lab/core")
    world.organisation("zebra")
    for organisation in ("lab", "zebra"):
        world.user(f"owner-of-{organisation}", member=OrganisationRole.OWNER, of=organisation)
    return world


def form_of(thing, name):
    return {"thing": thing, "name": name, "role": "writer", "span": "8h", "reason": WHY}


def asked(world, thing, there, nowhere):
    """One asks for what is there, another for what never was."""
    for who, name in (("pilot1", there), ("pilot2", nowhere)):
        world.user(who)
        made = world.browser(who).post(f"{PLACE}/new", data=form_of(thing, name))
        assert made.status_code == 303


def refuse(world, thing, name):
    owner = "owner-of-zebra" if name == "zebra" else "owner-of-lab"
    request, browser = request_of(world, "pilot1"), world.browser(owner)
    place = f"{PLACE}/{request.id}"
    assert "they learn nothing" in browser.get(place).text
    assert browser.post(f"{place}/refuse", data={"reason": "not yours"}).status_code == 303
    shown = browser.get(place).text
    assert "Refused" in shown
    assert "not yours" in shown
    assert "The requester is not told" in shown
    assert browser.post(f"{place}/refuse", data={"reason": "again"}).status_code == 409
    assert browser.post(f"{place}/approve", data={"span": "as_asked"}).status_code in {409, 422}
    assert thing in {"repository", "team", "organisation"}


def seen(world, thing, who, name):
    """All that somebody can find out about their request."""
    browser, client = world.browser(who), world.client(who)
    one = request_of(world, who).id
    answers = [
        browser.get(PLACE),
        *(browser.get(f"{PLACE}?state={state}") for state in ("pending", "refused", "expired")),
        browser.get(f"{PLACE}?sort=state"),
        browser.get(f"{PLACE}?format=csv"),
        browser.get(f"{PLACE}?format=json"),
        browser.get(f"{PLACE}/{one}"),
        browser.get("/inbox"),
        client.get(OWN),
        client.get(f"{OWN}?state=refused"),
        client.get(f"{ALL}/{one}"),
        browser.post(f"{PLACE}/new", data=form_of(thing, name)),
    ]
    return [plain(each, name, who) for each in answers]


def assert_alike(world, thing, there, nowhere):
    one, other = seen(world, thing, "pilot1", there), seen(world, thing, "pilot2", nowhere)
    for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
        assert mine == theirs, number


def let_time_pass(world):
    past = datetime.now(UTC) - timedelta(seconds=1)
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(AccessRequest).values(answer_until=past))


@pytest.mark.promise("P53")
@pytest.mark.parametrize(("thing", "there", "nowhere"), WAYS)
def test_a_refusal_looks_as_if_nobody_had_answered(lab, thing, there, nowhere):
    asked(lab, thing, there, nowhere)
    refuse(lab, thing, there)
    assert_alike(lab, thing, there, nowhere)
    told = lab.recorded("role.access_refused")[-1].body
    assert told["is_told"] is False


@pytest.mark.promise("P53")
@pytest.mark.parametrize(("thing", "there", "nowhere"), WAYS)
def test_it_ends_as_one_for_a_name_that_was_never_used(lab, thing, there, nowhere):
    asked(lab, thing, there, nowhere)
    refuse(lab, thing, there)
    let_time_pass(lab)
    for who in ("pilot1", "pilot2"):
        assert "Not given in time" in lab.browser(who).get(PLACE).text
    with lab.begin(appliance()) as work:
        assert temporary_rights.tidy(work, limit=10, now=datetime.now(UTC)) == 2
    # Asking anew is possible then, for both: it comes last in what is compared.
    assert_alike(lab, thing, there, nowhere)
    ended = [each.body["was_refused"] for each in lab.recorded("role.access_expired")]
    assert sorted(ended) == [False, True]


@pytest.mark.promise("P53")
def test_it_can_be_taken_back_as_if_it_waited(lab):
    asked(lab, "repository", "lab/notes", "lab/other")
    refuse(lab, "repository", "lab/notes")
    answers = []
    for who, name in (("pilot1", "lab/notes"), ("pilot2", "lab/other")):
        one = request_of(lab, who).id
        posted = lab.browser(who).post(f"{PLACE}/{one}/withdraw")
        assert posted.status_code == 303
        answers.append(plain(posted, name, who))
    assert answers[0] == answers[1]
    assert_alike(lab, "repository", "lab/notes", "lab/other")


@pytest.mark.promise("P53")
def test_who_answers_finds_it_among_the_refused(lab):
    asked(lab, "repository", "lab/notes", "lab/other")
    refuse(lab, "repository", "lab/notes")
    client = lab.client("owner-of-lab")
    assert client.get(ALL).json["items"] == []
    (found,) = client.get(f"{ALL}?state=refused").json["items"]
    assert (found["state"], found["answer"], found["decided_by"]) == (
        *("refused", "not yours"),
        "owner-of-lab",
    )
    assert "requests access" not in lab.browser("owner-of-lab").get("/inbox").text


def test_who_can_see_the_thing_reads_why(lab):
    lab.user("reader", role=Role.READER, on="lab/notes")
    browser = lab.browser("reader")
    form = form_of("repository", "lab/notes")
    assert browser.post(f"{PLACE}/new", data=form).status_code == 303
    place = f"{PLACE}/{request_of(lab, 'reader').id}"
    owner = lab.browser("owner-of-lab")
    assert "They can read it." in owner.get(place).text
    owner.post(f"{place}/refuse", data={"reason": "not yours"})
    assert "not yours" in browser.get(place).text
    assert "Refused" in browser.get(PLACE).text


@pytest.mark.promise("P53")
def test_taking_back_asks_as_many_questions_where_there_is_nothing(lab):
    lab.user("asker")
    asked, engine = [], lab.wiring.database.engine
    for name in ("lab/notes", "lab/other"):
        request, statements = ask(lab, name), []

        def note(_connection, _cursor, statement, _values, _context, _many, into=statements):
            into.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        with lab.begin(lab.actor("asker")) as work:
            access_requests.withdraw(work, request.id, now=datetime.now(UTC))
        sa.event.remove(engine, "before_cursor_execute", note)
        asked.append(statements)
    assert asked[0] == asked[1]
