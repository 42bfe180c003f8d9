"""Who decides about alerts: alone, with somebody else, or not at all; and what ends by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.alerts import Alert, AlertDecision
from appliance.domain.alerts import AlertKind, AlertState, DismissalReason, Severity, Step
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Role
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError
from appliance.services import alert_expiry, alert_lists, alert_policies, alerts
from appliance.services.alert_lists import AlertQuery
from appliance.services.alert_policies import NewPolicy
from appliance.services.alerts import Attestation, Change
from tests.alerting import CODE, SECRET, another, find
from tests.world import NOON

PATH = "lab/notes"
LATER = NOON + timedelta(days=10)
DISMISS = Change(AlertState.DISMISSED, DismissalReason.WONT_FIX, "we live with it")
REOPEN = Change(AlertState.OPEN)
CODE_NUMBER, SECRET_NUMBER = 1, 2


@pytest.fixture
def lab(world):
    """A repository with a weakness (1) and a secret (2), and people in every role."""
    world.repository(PATH)
    find(world, PATH, [CODE], is_protected=True)
    find(world, PATH, [SECRET])
    for role in Role:
        world.user(str(role), role=role, on=PATH)
    world.user("officer", member=OrganisationRole.SECURITY_OFFICER, of="lab")
    world.user("outsider")
    return world


@pytest.fixture
def as_(lab):
    def do(name, verb, *arguments: Any, now=NOON, **more: Any):
        with lab.begin(lab.actor(name)) as work:
            return verb(work, PATH, *arguments, now=now, **more)

    return do


def row(world, number):
    return world.one(sa.select(Alert).where(Alert.number == number))


def steps(world):
    with world.reading(appliance()) as work:
        query = sa.select(AlertDecision.step).order_by(AlertDecision.id)
        return list(work.session.scalars(query))


def policy(lab, **wanted: Any):
    usual = {
        "approved_kinds": frozenset(),
        "maintainers_settle_secrets": False,
        "days": {},
        "exploited_days": 7,
    }
    lab.administrator()
    with lab.begin(lab.actor("administrator")) as work:
        alert_policies.set_policy(work, "lab", NewPolicy(**usual | wanted))


@pytest.mark.parametrize("name", ["outsider", "reader", "triager"])
def test_to_who_may_not_see_them_there_are_no_alerts(as_, name):
    for verb, arguments in (
        (alerts.change, (CODE_NUMBER, DISMISS)),
        (alerts.change_many, ([CODE_NUMBER], DISMISS)),
        (alerts.comment, (CODE_NUMBER, "hm")),
        (alerts.attest_revocation, (SECRET_NUMBER, Attestation(NOON))),
    ):
        with pytest.raises(HiddenError):
            as_(name, verb, *arguments)


@pytest.mark.parametrize(
    ("name", "code", "secret"),
    [
        ("writer", AlertState.OPEN, AlertState.OPEN),
        ("maintainer", AlertState.DISMISSED, AlertState.OPEN),
        ("owner", AlertState.DISMISSED, AlertState.DISMISSED),
        ("officer", AlertState.DISMISSED, AlertState.DISMISSED),
    ],
)
def test_who_may_not_decide_alone_asks(lab, as_, name, code, secret):
    for number, state in ((CODE_NUMBER, code), (SECRET_NUMBER, secret)):
        as_(name, alerts.change, number, DISMISS)

        alert = row(lab, number)
        assert alert.state is state
        assert (alert.asked is not None) == (state is AlertState.OPEN)


def test_an_organisation_can_let_maintainers_decide_about_secrets(lab, as_):
    policy(lab, maintainers_settle_secrets=True)

    as_("maintainer", alerts.change, SECRET_NUMBER, DISMISS)

    assert row(lab, SECRET_NUMBER).state is AlertState.DISMISSED


def test_nobody_approves_what_they_asked_for(lab, as_):
    policy(lab, approved_kinds=frozenset({AlertKind.CODE}))
    as_("owner", alerts.change, CODE_NUMBER, DISMISS)

    with pytest.raises(RefusedError, match="Somebody else"):
        as_("owner", alerts.answer_request, CODE_NUMBER, approve=True, comment="")
    with pytest.raises(RefusedError):
        as_("writer", alerts.answer_request, CODE_NUMBER, approve=True, comment="")
    with pytest.raises(ConflictError):
        as_("maintainer", alerts.change, CODE_NUMBER, DISMISS)
    as_("maintainer", alerts.answer_request, CODE_NUMBER, approve=True, comment="fine")

    alert = row(lab, CODE_NUMBER)
    assert (alert.state, alert.asked) == (AlertState.DISMISSED, None)
    assert steps(lab) == [Step.DISMISSAL_REQUESTED, Step.DISMISSAL_APPROVED]
    said = [each for each in lab.events() if each.startswith("alert.dismiss")]
    assert said == ["alert.dismissal_requested", "alert.dismissed"]


def test_a_refused_request_leaves_it_open_and_who_asked_may_take_it_back(lab, as_):
    for name in ("maintainer", "writer"):
        as_("writer", alerts.change, CODE_NUMBER, DISMISS)
        as_(name, alerts.answer_request, CODE_NUMBER, approve=False, comment="")
        assert (row(lab, CODE_NUMBER).state, row(lab, CODE_NUMBER).asked) == (AlertState.OPEN, None)

    with pytest.raises(ConflictError):
        as_("maintainer", alerts.answer_request, CODE_NUMBER, approve=False, comment="")


def test_an_approved_dismissal_stops_the_clock_and_no_other_does(lab, as_):
    due = row(lab, CODE_NUMBER).due_at
    as_("maintainer", alerts.change, CODE_NUMBER, DISMISS)
    as_("maintainer", alerts.change, CODE_NUMBER, REOPEN, now=LATER)
    assert row(lab, CODE_NUMBER).due_at == due

    as_("writer", alerts.change, CODE_NUMBER, DISMISS)
    as_("maintainer", alerts.answer_request, CODE_NUMBER, approve=True, comment="")
    assert row(lab, CODE_NUMBER).due_at is None
    as_("maintainer", alerts.change, CODE_NUMBER, REOPEN, now=LATER)
    assert row(lab, CODE_NUMBER).due_at == due + (LATER - NOON)


@pytest.mark.promise("P90")
def test_only_an_attested_revocation_ends_a_secret(lab, as_):
    said = Attestation(NOON, ticket="SEC-7", comment="rotated")
    with pytest.raises(InvalidError):
        as_("owner", alerts.change, SECRET_NUMBER, Change(AlertState.FIXED))
    with pytest.raises(RefusedError):
        as_("maintainer", alerts.attest_revocation, SECRET_NUMBER, said)
    with pytest.raises(InvalidError):
        as_("officer", alerts.attest_revocation, SECRET_NUMBER, Attestation(LATER))
    with pytest.raises(ConflictError):
        as_("officer", alerts.attest_revocation, CODE_NUMBER, said)

    as_("officer", alerts.attest_revocation, SECRET_NUMBER, said)

    alert = row(lab, SECRET_NUMBER)
    assert alert.state is AlertState.FIXED
    assert alert.closed_by_id == lab.actor("officer").id
    with lab.reading(lab.actor("writer")) as work:
        (decided,) = alert_lists.show(work, PATH, SECRET_NUMBER).decisions
    assert (decided.actor, decided.decision.evidence["ticket"]) == ("officer", "SEC-7")
    assert find(lab, PATH, [SECRET], now=LATER).reopened == (SECRET_NUMBER,)


def test_a_dismissal_ends_by_itself(lab, as_):
    until = NOON + timedelta(days=1)
    wanted = Change(AlertState.DISMISSED, DismissalReason.TOLERABLE_RISK, until=until)
    as_("maintainer", alerts.change, CODE_NUMBER, wanted)

    for now, due in ((NOON, False), (until, True)):
        with lab.reading(appliance()) as work:
            assert alert_expiry.is_due(work, now=now) == due
    with lab.begin(appliance()) as work:
        assert alert_expiry.end_some(work, limit=10, now=until) == 1
        assert alert_expiry.end_some(work, limit=10, now=until) == 0

    assert row(lab, CODE_NUMBER).state is AlertState.OPEN
    assert lab.events()[-1] == "alert.dismissal_expired"


def test_alerts_are_given_to_who_can_deal_with_them(lab, as_):
    for name in ("reader", "outsider", "nobody"):
        with pytest.raises(InvalidError):
            as_("writer", alerts.change, CODE_NUMBER, Change(assignee=name))

    as_("writer", alerts.change, CODE_NUMBER, Change(assignee="officer"))
    assert row(lab, CODE_NUMBER).assignee_id == lab.actor("officer").id
    as_("writer", alerts.change, CODE_NUMBER, Change(assignee=""))
    assert row(lab, CODE_NUMBER).assignee_id is None
    assert lab.events().count("alert.assigned") == 2


def test_several_are_decided_together_or_not_at_all(lab, as_):
    with pytest.raises(HiddenError):
        as_("owner", alerts.change_many, [CODE_NUMBER, 99], DISMISS)
    assert row(lab, CODE_NUMBER).state is AlertState.OPEN

    as_("owner", alerts.change_many, [CODE_NUMBER, SECRET_NUMBER, CODE_NUMBER], DISMISS)
    assert {row(lab, each).state for each in (1, 2)} == {AlertState.DISMISSED}
    assert lab.events().count("alert.dismissed") == 2


def test_the_worst_comes_first_and_one_rule_stays_together(lab):
    low = another(CODE, "low", severity=Severity.LOW, rule="weak-hash")
    find(lab, PATH, [low, another(CODE, "next"), another(CODE, "low too", severity=Severity.LOW)])

    with lab.reading(lab.actor("writer")) as work:
        page = alert_lists.listed(work, PATH, AlertQuery(), now=NOON)
        facets = alert_lists.counted(work, PATH, AlertQuery(severities=(Severity.LOW,)), now=NOON)
        groups = alert_lists.groups(work, PATH, [CODE.rule, SECRET.identity])

    assert [each.alert.number for each in page.items] == [1, 4, 2, 5, 3]
    assert facets.severities == {"critical": 2, "high": 1, "low": 2}
    assert facets.kinds == {"code": 2}
    assert groups == {CODE.rule: 3, SECRET.identity: 1}


def test_what_is_overdue_waits_or_was_dismissed_by_a_rule_can_be_chosen(lab, as_):
    as_("writer", alerts.change, SECRET_NUMBER, DISMISS)

    def chosen(now=NOON, **query: Any):
        with lab.reading(lab.actor("writer")) as work:
            page = alert_lists.listed(work, PATH, AlertQuery(**query), now=now)
            return [each.alert.number for each in page.items]

    assert chosen(is_overdue=True) == []
    assert chosen(is_overdue=True, now=LATER) == [CODE_NUMBER]
    assert chosen(is_overdue=False, now=LATER) == [SECRET_NUMBER]
    assert chosen(is_asked=True) == [SECRET_NUMBER]
    assert chosen(is_automatic=False) == [CODE_NUMBER, SECRET_NUMBER]
    assert chosen(assignee="none", kinds=(AlertKind.CODE,)) == [CODE_NUMBER]
    assert chosen(group=SECRET.identity) == [SECRET_NUMBER]


def test_in_an_organisation_one_sees_the_alerts_of_what_one_may(lab):
    lab.repository("lab/other")
    find(lab, "lab/other", [SECRET])
    lab.administrator()
    lab.user("member", member=OrganisationRole.MEMBER, of="lab")
    lab.user("chief", member=OrganisationRole.OWNER, of="lab")
    lab.user("team", member=OrganisationRole.MEMBER, of="lab")
    lab.team("lab/writers", "team")
    lab.grant("lab/writers", Role.WRITER, PATH)
    seen = {}

    for name in (
        "reader",
        "writer",
        "owner",
        "officer",
        "administrator",
        "member",
        "team",
        "chief",
    ):
        with lab.reading(lab.actor(name)) as work:
            page = alert_lists.listed_of(work, "lab", AlertQuery(), now=NOON)
            facets = alert_lists.counted_of(work, "lab", AlertQuery(), now=NOON)
        seen[name] = len(page.items)
        assert sum(facets.kinds.values()) == seen[name]

    assert seen == {
        "reader": 0,
        "writer": 2,
        "owner": 2,
        "officer": 3,
        "administrator": 3,
        "member": 0,
        "team": 2,
        "chief": 3,
    }
    with lab.reading(lab.actor("outsider")) as work, pytest.raises(HiddenError):
        alert_lists.listed_of(work, "lab", AlertQuery(), now=NOON)
