"""Alerts of code at the addresses and in the words that GitHub has, for programs made for it.

Source: GitHub's REST API, "Code scanning". Only what such programs use is here.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import flask
from pydantic import Field

from appliance.domain.alerts import (
    LONGEST_COMMENT,
    AlertKind,
    AlertState,
    DismissalReason,
    Severity,
    Step,
)
from appliance.errors import HiddenError, sentence
from appliance.services import alert_lists, alerts
from appliance.services.alert_lists import AlertQuery, Listed, Shown
from appliance.services.alert_reports import LEVELS
from appliance.services.alerts import Change
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.alerts import AlertPath
from appliance.web.api.bytes_text import text
from appliance.web.api.repositories import RepositoryPath

api = frame.area("code scanning", "Alerts of code in the words that GitHub has for them.")

ALERTS = "/repos/<owner>/<name>/code-scanning/alerts"
ALERT = f"{ALERTS}/<int:number>"
REASONS = {
    DismissalReason.FALSE_POSITIVE: "false positive",
    DismissalReason.USED_IN_TESTS: "used in tests",
    DismissalReason.WONT_FIX: "won't fix",
    DismissalReason.TOLERABLE_RISK: "won't fix",
}
REASON_OF = {
    "false positive": DismissalReason.FALSE_POSITIVE,
    "used in tests": DismissalReason.USED_IN_TESTS,
    "won't fix": DismissalReason.WONT_FIX,
}
DEEPEST = 5000
"""How far into a list pages lead."""
LARGEST_PAGE = 100


class CodeScanningQuery(frame.Body):
    """Which alerts, and which page of them."""

    state: Literal["open", "closed", "dismissed", "fixed"] | None = None
    severity: Literal["critical", "high", "medium", "low", "warning", "error", "note"] | None = None
    tool_name: str = Field("", max_length=255)
    page: int = Field(1, ge=1, le=DEEPEST)
    per_page: int = Field(30, ge=1, le=LARGEST_PAGE)


class CodeScanningUser(frame.Answer):
    """Who."""

    login: str


class CodeScanningRule(frame.Answer):
    """What it breaks."""

    id: str
    name: str
    description: str
    severity: str = Field(description="`error`, `warning` or `note`")
    security_severity_level: str | None
    tags: list[str]
    help: str


class CodeScanningTool(frame.Answer):
    """What found it."""

    name: str
    version: str | None
    guid: None = None


class CodeScanningMessage(frame.Answer):
    """What is said of a place."""

    text: str


class CodeScanningLocation(frame.Answer):
    """A place."""

    path: str
    start_line: int
    end_line: int
    start_column: int = 1
    end_column: int = 1


class CodeScanningInstance(frame.Answer):
    """One place where it stands."""

    ref: str
    analysis_key: str
    category: str
    environment: str = ""
    state: str
    commit_sha: str
    message: CodeScanningMessage
    location: CodeScanningLocation
    classifications: list[str] = Field(default_factory=list)


class CodeScanningAlert(frame.Answer):
    """An alert of code."""

    number: int
    created_at: datetime
    updated_at: datetime
    url: str
    html_url: str
    instances_url: str
    state: AlertState
    fixed_at: datetime | None
    dismissed_by: CodeScanningUser | None
    dismissed_at: datetime | None
    dismissed_reason: str | None
    dismissed_comment: str | None
    rule: CodeScanningRule
    tool: CodeScanningTool
    most_recent_instance: CodeScanningInstance
    assignees: list[CodeScanningUser]


class CodeScanningChange(frame.Body):
    """What is to become of an alert."""

    state: Literal["open", "dismissed"]
    dismissed_reason: Literal["false positive", "won't fix", "used in tests"] | None = None
    dismissed_comment: Annotated[str, Field(max_length=LONGEST_COMMENT)] | None = None


LIST_OF_ALERTS: dict[str | int | HTTPStatus, Any] = {
    "200": {"description": "A list of alerts", "content": {"application/json": {}}}
}


@api.get(ALERTS, summary="List alerts of code as GitHub does", responses=LIST_OF_ALERTS)
def list_alerts(path: RepositoryPath, query: CodeScanningQuery) -> Any:
    """The worst first. Pages lead to the 5,000th."""
    wanted = AlertQuery(
        kinds=(AlertKind.CODE,),
        states=_states(query.state),
        severities=_severities(query.severity),
    )
    first = (query.page - 1) * query.per_page
    found: list[Listed] = []
    after: str | None = None
    with requests.reading() as work:
        while len(found) < min(first + query.per_page, DEEPEST):
            part = alert_lists.listed(
                work, path.path, wanted, now=requests.now(), after=after, limit=LARGEST_PAGE
            )
            found += [each for each in part.items if _is_by(each, query.tool_name)]
            after = part.next
            if after is None:
                break
        shown = [_alert(path.path, each) for each in found[first : first + query.per_page]]
        return flask.jsonify([each.model_dump(mode="json") for each in shown])


@api.get(
    ALERT, summary="Show an alert of code as GitHub does", responses={"200": CodeScanningAlert}
)
def show(path: AlertPath) -> Any:
    """In its words."""
    with requests.reading() as work:
        found = _code(alert_lists.show(work, path.path, path.number))
        return frame.answer(_alert(path.path, found.listed, _comment(found)))


@api.patch(
    ALERT, summary="Change an alert of code as GitHub does", responses={"200": CodeScanningAlert}
)
def change(path: AlertPath, body: CodeScanningChange) -> Any:
    """Dismiss it with a reason, or reopen it. It stays open where another has to approve."""
    reason = REASON_OF[body.dismissed_reason] if body.dismissed_reason else None
    wanted = Change(AlertState(body.state), reason, body.dismissed_comment or "")
    with requests.begin() as work:
        _code(alert_lists.show(work, path.path, path.number))
        alerts.change(work, path.path, path.number, wanted, now=requests.now())
        work.session.flush()
        found = alert_lists.show(work, path.path, path.number)
        return frame.answer(_alert(path.path, found.listed, _comment(found)))


@api.get(
    f"{ALERT}/instances", summary="List places of an alert as GitHub does", responses=LIST_OF_ALERTS
)
def list_instances(path: AlertPath) -> Any:
    """Where it stands, the newest first; a hundred at most."""
    with requests.reading() as work:
        found = _code(alert_lists.show(work, path.path, path.number))
        instance = _instance(found.listed)
        places = [
            instance.model_copy(
                update={
                    "ref": each.ref,
                    "commit_sha": each.first_commit,
                    "location": _location(each.path, each.line, each.end_line),
                }
            )
            for each in found.occurrences
        ]
        return flask.jsonify([each.model_dump(mode="json") for each in places])


def _code(found: Shown) -> Shown:
    """Only alerts of code are here."""
    alert = found.listed.alert
    if alert.kind is not AlertKind.CODE:
        raise HiddenError(sentence("There is no alert %(number)s.", number=alert.number))
    return found


def _states(said: str | None) -> tuple[AlertState, ...]:
    if said == "closed":
        return (AlertState.DISMISSED, AlertState.FIXED)
    return (AlertState(said),) if said else ()


def _severities(said: str | None) -> tuple[Severity, ...]:
    if said is None:
        return ()
    if said in tuple(Severity):
        return (Severity(said),)
    return tuple(each for each, level in LEVELS.items() if level == said)


def _is_by(found: Listed, tool: str) -> bool:
    return not tool or _tool(found).casefold() == tool.casefold()


def _tool(found: Listed) -> str:
    return str(found.alert.detail.get("tool") or "Codara")


def _comment(found: Shown) -> str:
    dismissed = {Step.DISMISSED, Step.DISMISSAL_REQUESTED}
    said = [each.decision for each in found.decisions if each.decision.step in dismissed]
    return said[-1].comment if said else ""


def _alert(path: str, found: Listed, comment: str = "") -> CodeScanningAlert:
    alert = found.alert
    is_dismissed = alert.state is AlertState.DISMISSED
    url = f"{frame.PREFIX}/repos/{path}/code-scanning/alerts/{alert.number}"
    by = CodeScanningUser(login=found.closed_by) if found.closed_by and is_dismissed else None
    level = alert.severity if alert.severity is not Severity.UNKNOWN else None
    return CodeScanningAlert(
        number=alert.number,
        created_at=alert.first_seen_at,
        updated_at=max(alert.last_seen_at, alert.closed_at or alert.last_seen_at),
        url=url,
        html_url=f"/{path}/security/{alert.number}",
        instances_url=f"{url}/instances",
        state=alert.state,
        fixed_at=alert.closed_at if alert.state is AlertState.FIXED else None,
        dismissed_by=by,
        dismissed_at=alert.closed_at if is_dismissed else None,
        dismissed_reason=REASONS[alert.reason] if alert.reason else None,
        dismissed_comment=(comment or None) if is_dismissed else None,
        rule=CodeScanningRule(
            id=alert.rule,
            name=alert.rule,
            description=alert.title,
            severity=LEVELS[alert.severity],
            security_severity_level=level,
            tags=[str(each) for each in alert.detail.get("tags") or ()],
            help=alert.cure,
        ),
        tool=CodeScanningTool(
            name=_tool(found), version=str(alert.detail.get("tool_version") or "") or None
        ),
        most_recent_instance=_instance(found),
        assignees=[CodeScanningUser(login=found.assignee)] if found.assignee else [],
    )


def _instance(found: Listed) -> CodeScanningInstance:
    alert = found.alert
    category = str(alert.detail.get("category") or "")
    return CodeScanningInstance(
        ref="",
        analysis_key=category,
        category=category.partition(":")[2],
        state=alert.state,
        commit_sha=alert.first_commit,
        message=CodeScanningMessage(text=alert.title),
        location=_location(alert.path, alert.line, alert.end_line),
    )


def _location(path: bytes, line: int | None, end_line: int | None) -> CodeScanningLocation:
    first = line or 1
    return CodeScanningLocation(
        path=text(path), start_line=first, end_line=max(end_line or 0, first)
    )
