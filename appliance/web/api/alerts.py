"""`/alerts` of repositories and organisations: what scans found, and what is decided about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from appliance.domain.alerts import Severity
from appliance.services import alert_code, alert_copies, alert_lists, alert_policies, alerts
from appliance.services.alert_lists import Decided
from appliance.services.alert_policies import AlertRules, NewPolicy
from appliance.services.alerts import Attestation
from appliance.web import paging, requests
from appliance.web.api import alert_answers, alert_code_answers, frame
from appliance.web.api.alert_answers import (
    AlertAnswer,
    AlertChange,
    AlertCommentBody,
    AlertCopies,
    AlertDecisionAnswer,
    AlertFacets,
    AlertInFull,
    AlertListQuery,
    AlertPage,
    AlertPolicyAnswer,
    AlertPolicyBody,
    AlertRequestDecision,
    AlertRevocationBody,
    AlertsChange,
    AlertsChanged,
)
from appliance.web.api.alert_code_answers import AlertCodeAnswer
from appliance.web.api.issues import Number
from appliance.web.api.organisations import OrganisationPath
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.db.alerts import Alert
    from appliance.db.unit_of_work import UnitOfWork

api = frame.area("alerts", "What scans found, and what is decided about it.")

ALERTS = "/repos/<owner>/<name>/alerts"
ALERT = f"{ALERTS}/<int:number>"
OF_ORGANISATION = "/orgs/<org>/alerts"


class AlertPath(RepositoryPath):
    """Which alert."""

    number: Number


@api.get(ALERTS, summary="List alerts of a repository", responses={"200": AlertPage})
def list_alerts(path: RepositoryPath, query: AlertListQuery) -> Any:
    """For who may write to the repository, and security officers: the worst first, and those of
    one secret, advisory or rule together. For all others there is no such list.
    """
    with requests.reading() as work:
        page = alert_lists.listed(
            *(work, path.path, query.wanted),
            now=requests.now(),
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([alert_answers.alert(each) for each in page.items], page.next)


@api.patch(ALERTS, summary="Change several alerts", responses={"200": AlertsChanged})
def change_several(path: RepositoryPath, body: AlertsChange) -> Any:
    """Dismiss, reopen or assign them: all, or none."""
    with requests.begin() as work:
        found = alerts.change_many(work, path.path, body.numbers, body.wanted, now=requests.now())
        shown = alert_lists.presented(work, path.path, found)
        return frame.answer(AlertsChanged(items=[alert_answers.alert(each) for each in shown]))


@api.get(f"{ALERTS}/facets", summary="Count alerts", responses={"200": AlertFacets})
def count_alerts(path: RepositoryPath, query: AlertListQuery) -> Any:
    """How many there are of each kind, state, severity, confidence and rule."""
    with requests.reading() as work:
        found = alert_lists.counted(work, path.path, query.wanted, now=requests.now())
        return frame.answer(alert_answers.facets(found))


@api.get(ALERT, summary="Show an alert", responses={"200": AlertInFull})
def show(path: AlertPath) -> Any:
    """With where it stands and what was decided."""
    with requests.reading() as work:
        found = alert_lists.show(work, path.path, path.number)
        return frame.answer(alert_answers.in_full(found))


@api.patch(ALERT, summary="Change an alert", responses={"200": AlertAnswer})
def change(path: AlertPath, body: AlertChange) -> Any:
    """Dismiss it with a reason, reopen it, assign it. A dismissal becomes a request where another
    has to approve it: `requested` says so.
    """
    with requests.begin() as work:
        found = alerts.change(work, path.path, path.number, body.wanted, now=requests.now())
        return _answer(work, path, found)


@api.get(f"{ALERT}/code", summary="Show an alert's code", responses={"200": AlertCodeAnswer})
def show_code(path: AlertPath) -> Any:
    """The lines where it stands, with some around them, and those of its data flow. Every secret
    that is known there is masked.
    """
    with requests.reading() as work:
        store = requests.wiring().repositories
        found = alert_code.show(work, path.path, path.number, repositories=store)
        return frame.answer(alert_code_answers.code(found))


@api.post(f"{ALERT}/secret", summary="Show a secret", responses={"200": AlertCodeAnswer})
def reveal(path: AlertPath) -> Any:
    """The same lines with the secret of this alert, for who may decide about secrets. The audit
    log has that it was shown.
    """
    with requests.begin() as work:
        store = requests.wiring().repositories
        found = alert_code.reveal(work, path.path, path.number, repositories=store)
        return frame.answer(alert_code_answers.code(found))


@api.post(f"{ALERT}/request", summary="Answer a request", responses={"200": AlertAnswer})
def answer_request(path: AlertPath, body: AlertRequestDecision) -> Any:
    """Approve a dismissal that another asked for, or refuse it; who asked may take it back."""
    with requests.begin() as work:
        found = alerts.answer_request(
            *(work, path.path, path.number),
            approve=body.approve,
            comment=body.comment,
            now=requests.now(),
        )
        return _answer(work, path, found)


@api.post(f"{ALERT}/revocation", summary="Attest a revocation", responses={"200": AlertAnswer})
def attest(path: AlertPath, body: AlertRevocationBody) -> Any:
    """Of a secret: it works no more. Deleting a line ends no such alert; this does."""
    said = Attestation(body.revoked_at, body.ticket, body.comment)
    with requests.begin() as work:
        found = alerts.attest_revocation(work, path.path, path.number, said, now=requests.now())
        return _answer(work, path, found)


@api.get(f"{ALERT}/copies", summary="Find an alert's copies", responses={"200": AlertCopies})
def list_copies(path: AlertPath) -> Any:
    """The same weakness or secret in files that are nearly the same, and in forks; in repositories
    whose alerts the caller may see.
    """
    with requests.reading() as work:
        found = alert_copies.of_alert(work, path.path, path.number)
        return frame.answer(alert_answers.copies(found))


@api.post(f"{ALERT}/copies", summary="Decide about copies, too", responses={"200": AlertCopies})
def carry(path: AlertPath) -> Any:
    """Dismiss all open copies of a dismissed alert for the same reason, where the caller may; where
    another has to approve, ask for it. Gives those that were decided about.
    """
    with requests.begin() as work:
        found = alert_copies.carry(work, path.path, path.number, now=requests.now())
        return frame.answer(alert_answers.copies(found))


@api.post(
    f"{ALERT}/comments", summary="Comment on an alert", responses={"201": AlertDecisionAnswer}
)
def comment(path: AlertPath, body: AlertCommentBody) -> Any:
    """It becomes a line of the alert's history."""
    with requests.begin() as work:
        made = alerts.comment(work, path.path, path.number, body.comment, now=requests.now())
        said = Decided(made, work.actor.label)
        return frame.answer(alert_answers.decision(said), 201)


@api.get(OF_ORGANISATION, summary="List alerts of an organisation", responses={"200": AlertPage})
def list_of(path: OrganisationPath, query: AlertListQuery) -> Any:
    """Of all its repositories whose alerts the caller may see."""
    with requests.reading() as work:
        page = alert_lists.listed_of(
            *(work, path.org, query.wanted),
            now=requests.now(),
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([alert_answers.alert(each) for each in page.items], page.next)


@api.get(
    f"{OF_ORGANISATION}/facets",
    summary="Count alerts of an organisation",
    responses={"200": AlertFacets},
)
def count_of(path: OrganisationPath, query: AlertListQuery) -> Any:
    """Of all its repositories whose alerts the caller may see."""
    with requests.reading() as work:
        found = alert_lists.counted_of(work, path.org, query.wanted, now=requests.now())
        return frame.answer(alert_answers.facets(found))


@api.get(
    "/orgs/<org>/alert-policy",
    summary="Show an alert policy",
    responses={"200": AlertPolicyAnswer},
)
def show_policy(path: OrganisationPath) -> Any:
    """Who decides about alerts, and in how many days."""
    with requests.reading() as work:
        return frame.answer(_policy(alert_policies.show(work, path.org)))


@api.put(
    "/orgs/<org>/alert-policy",
    summary="Set an alert policy",
    responses={"200": AlertPolicyAnswer},
)
def set_policy(path: OrganisationPath, body: AlertPolicyBody) -> Any:
    """For owners of the organisation."""
    wanted = NewPolicy(
        frozenset(body.approved_kinds),
        body.maintainers_settle_secrets,
        body.days,
        body.exploited_days,
    )
    with requests.begin() as work:
        return frame.answer(_policy(alert_policies.set_policy(work, path.org, wanted)))


def _answer(work: UnitOfWork, path: AlertPath, found: Alert) -> Any:
    return frame.answer(alert_answers.alert(alert_lists.presented(work, path.path, [found])[0]))


def _policy(rules: AlertRules) -> AlertPolicyAnswer:
    return AlertPolicyAnswer(
        approved_kinds=sorted(rules.approved_kinds),
        maintainers_settle_secrets=rules.maintainers_settle_secrets,
        days={each: rules.clocks.days.get(each) for each in Severity},
        exploited_days=rules.clocks.exploited_days,
    )
