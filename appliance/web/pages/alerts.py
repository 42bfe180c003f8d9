"""The Security tab of a repository: one list of what scans found, and each alert in full."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from appliance.domain.alerts import (
    AlertKind,
    AlertState,
    DismissalReason,
)
from appliance.domain.permissions import Permission
from appliance.domain.suppressions import PLACE
from appliance.errors import InvalidError, sentence
from appliance.services import alert_copies, alert_lists, alerts, suppressions
from appliance.services.alerts import NOBODY, Attestation, Change
from appliance.web import forms, requests
from appliance.web.pages import alert_code, alert_facets, alert_words, dependencies, lists
from appliance.web.pages.page_forms import USUAL, after, asked, attempt, listed, signed_in
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.alert_code import AlertCode
    from appliance.services.alert_lists import Listed
    from appliance.web.pages.page_forms import Found, Problems

pages = blueprint("alerts")

COLUMNS: lists.Columns = {
    "number": lambda each: each.alert.number,
    "kind": lambda each: each.alert.kind,
    "severity": lambda each: each.alert.severity,
    "confidence": lambda each: each.alert.confidence,
    "state": lambda each: each.alert.state,
    "rule": lambda each: each.alert.rule,
    "title": lambda each: each.alert.title,
    "path": lambda each: each.alert.path.decode("utf-8", "backslashreplace"),
    "line": lambda each: each.alert.line,
    "reason": lambda each: each.alert.reason,
    "until": lambda each: each.alert.until,
    "assignee": lambda each: each.assignee,
    "introduced_by": lambda each: each.introduced_by,
    "first_seen_at": lambda each: each.alert.first_seen_at,
    "due_at": lambda each: each.alert.due_at,
    "closed_at": lambda each: each.alert.closed_at,
}
DAY = "%Y-%m-%d"


class DecisionForm(forms.Form):
    """What somebody decides about one alert."""

    act: str = ""
    reason: DismissalReason | None = None
    comment: str = ""
    until: str = ""
    assignee: str = ""
    revoked_at: str = ""
    ticket: str = ""


@pages.get("/<owner>/<name>/security")
def listing(owner: str, name: str) -> ResponseReturnValue:
    """Those that the address chooses; without a word of it, the open ones."""
    frame = _opened(owner, name)
    path, query, now = frame.repository.path, alert_facets.query(), requests.now()

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[Listed]:
        return alert_lists.listed(work, path, query, now=now, after=after, limit=limit)

    if file := lists.export(f"{name}-alerts", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
        facets = alert_lists.counted(work, path, query, now=now)
        scans = alert_lists.last_scans(work, path)
        keys = [each.alert.group_key for each in found.items]
        groups = alert_lists.groups(work, path, keys)
        suppressed = suppressions.show(work, path)
    return show(
        "alerts/list.html",
        frame,
        tab_name="security",
        found=listed(found),
        facets=facets,
        choices=alert_facets.choices(facets),
        scans=scans,
        groups=groups,
        suppressed=suppressed,
        suppressions_place=PLACE,
        now=now,
        is_usual=not flask.request.args,
        state=asked("state") or AlertState.OPEN,
        acts=_acts(frame),
        alert_words=alert_words,
        **lists.tools(),
    )


@pages.post("/<owner>/<name>/security")
def act_on_several(owner: str, name: str) -> ResponseReturnValue:
    """Dismiss or reopen those that were chosen."""
    frame = _opened(owner, name)

    def names(_work: UnitOfWork, chosen: list[str]) -> dict[str, str]:
        return {each: f"#{each}" for each in chosen}

    return lists.act_on_several(_acts(frame), back=f"{frame.links.home}/security", names=names)


@pages.get("/<owner>/<name>/security/<int:number>")
def show_alert(owner: str, name: str, number: int) -> str:
    """One alert: where it stands, what to do, what was decided."""
    return _page(_opened(owner, name), number)


@pages.post("/<owner>/<name>/security/<int:number>")
def decide(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Dismiss, reopen, assign, comment, attest, approve or refuse."""
    frame = _opened(owner, name)
    signed_in()

    def do() -> ResponseReturnValue:
        form = DecisionForm.parse(flask.request.form)
        with requests.begin() as work:
            _decide(work, frame.repository.path, number, form)
        flask.flash(_("Saved."), "good")
        return flask.redirect(f"{frame.links.home}/security/{number}", 303)

    return attempt(do, lambda problems: _page(frame, number, problems))


@pages.post("/<owner>/<name>/security/<int:number>/secret")
def reveal(owner: str, name: str, number: int) -> ResponseReturnValue:
    """The same page with the secret in its lines; that it was shown is recorded."""
    frame = _opened(owner, name)
    signed_in()

    def do() -> ResponseReturnValue:
        return _page(frame, number, code=alert_code.revealed(frame, number))

    return attempt(do, lambda problems: _page(frame, number, problems))


def _opened(owner: str, name: str) -> Frame:
    """The repository, for who may see its alerts; all others are told what an unknown name gets."""
    with requests.reading() as work:
        alert_lists.expect(work, f"{owner}/{name}")
    return opened(owner, name)


def _page(
    frame: Frame, number: int, problems: Problems | None = None, code: AlertCode | None = None
) -> str:
    with requests.reading() as work:
        found = alert_lists.show(work, frame.repository.path, number)
        copies = alert_copies.of_alert(work, frame.repository.path, number)
        context = dependencies.context_of(work, frame.repository.path, number, requests.now())
    alert = found.listed.alert
    place, flow = alert_code.pieces(code or alert_code.of(frame, number))
    at = ""
    if alert.first_commit and alert.path:
        at = frame.links.blob(alert.first_commit.encode(), alert.path)
        at += f"#L{alert.line}" if alert.line else ""
    return show(
        "alerts/show.html",
        frame,
        tab_name="security",
        shown=found,
        listed=found.listed,
        copies=copies,
        undecided=sum(each.is_undecided for each in copies),
        alert=alert,
        at=at,
        place=place,
        flow=flow,
        origin=alert_code.origin(frame, alert),
        is_revealed=code is not None,
        now=requests.now(),
        may_settle=_may_settle(frame, alert.kind),
        may_answer=_may_settle(frame, alert.kind) and found.asked_by != requests.actor().label,
        is_own_request=found.asked_by == requests.actor().label,
        alert_words=alert_words,
        problems=problems or {},
        filled=flask.request.form,
        today=requests.now().strftime(DAY),
        **context,
    )


def _decide(work: UnitOfWork, path: str, number: int, form: DecisionForm) -> None:
    now = requests.now()
    if form.act == "comment":
        alerts.comment(work, path, number, form.comment, now=now)
    elif form.act in {"approve", "refuse"}:
        approve = form.act == "approve"
        alerts.answer_request(work, path, number, approve=approve, comment=form.comment, now=now)
    elif form.act == "carry":
        alert_copies.carry(work, path, number, now=now)
    elif form.act == "revoke":
        said = Attestation(_day(form.revoked_at, "revoked_at") or now, form.ticket, form.comment)
        alerts.attest_revocation(work, path, number, said, now=now)
    else:
        alerts.change(work, path, number, _change(form), now=now)


def _change(form: DecisionForm) -> Change:
    if form.act == "assign":
        return Change(assignee=form.assignee or NOBODY)
    if form.act == "reopen":
        return Change(AlertState.OPEN, comment=form.comment)
    until = _day(form.until, "until")
    return Change(AlertState.DISMISSED, form.reason, form.comment, until)


def _day(text: str, field: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, DAY).replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidError.of(field, sentence("Write a day as 2027-03-31.")) from error


def _may_settle(frame: Frame, kind: AlertKind) -> bool:
    """Whether to show decisions; the verb decides, and makes a request where it must."""
    if kind is AlertKind.SECRET:
        return frame.repository.may(Permission.ALERT_SETTLE)
    return frame.repository.may(Permission.ALERT_DISMISS)


def _acts(frame: Frame) -> dict[str, lists.Act]:
    form, path, now = flask.request.form, frame.repository.path, requests.now()

    def dismiss(work: UnitOfWork, key: str) -> object:
        sent = DecisionForm.parse(form)
        wanted = Change(AlertState.DISMISSED, sent.reason, sent.comment)
        return alerts.change(work, path, alert_facets.number(key), wanted, now=now)

    def reopen(work: UnitOfWork, key: str) -> object:
        wanted = Change(AlertState.OPEN, comment=DecisionForm.parse(form).comment)
        return alerts.change(work, path, alert_facets.number(key), wanted, now=now)

    return {
        "dismiss": lists.Act(lazy("Dismiss"), dismiss),
        "reopen": lists.Act(lazy("Reopen"), reopen),
    }
